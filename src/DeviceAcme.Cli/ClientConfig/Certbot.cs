namespace DeviceAcme.Cli.ClientConfig;

/// <summary>certbot, with its own web server, a web root, or a plug-in for DNS.</summary>
internal sealed class Certbot : IClientConfiguration
{
    public string Name => "certbot";

    public string Language => "sh";

    public IReadOnlyList<string> Challenges => ["http-01", "dns-01"];

    public string Write(Enrollment enrollment) => Quoting.Shell(
        [("REQUESTS_CA_BUNDLE", enrollment.RootFile)],
        ["certbot", "certonly"],
        Answers(enrollment),
        ["--server", enrollment.DirectoryUrl],
        ["--non-interactive", "--agree-tos", "--email", enrollment.Email],
        // with '=': base64url may begin with a hyphen, which would look like an option
        enrollment.ExternalAccount is { } account ? [$"--eab-kid={account.KeyId}", $"--eab-hmac-key={account.MacKey}"] : [],
        enrollment.Key(
            Name,
            ("ec-p256", "--key-type ecdsa --elliptic-curve secp256r1"),
            ("ec-p384", "--key-type ecdsa --elliptic-curve secp384r1"),
            ("ec-p521", "--key-type ecdsa --elliptic-curve secp521r1"),
            ("rsa-2048", "--key-type rsa --rsa-key-size 2048"),
            ("rsa-3072", "--key-type rsa --rsa-key-size 3072"),
            ("rsa-4096", "--key-type rsa --rsa-key-size 4096")).Split(' '),
        [.. enrollment.Names.SelectMany(name => new[] { "-d", name })]);

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        if (enrollment.RootFile is not null)
        {
            yield return "certbot's timer renews: it needs REQUESTS_CA_BUNDLE too, for example with 'systemctl edit certbot.service'";
        }
    }

    private static IReadOnlyList<string> Answers(Enrollment enrollment) => enrollment switch
    {
        { Challenge: "dns-01", DnsProvider: { } plugin } => ["--authenticator", plugin],
        { Challenge: "dns-01" } => throw new WrongUse("dns-01 needs a plug-in of certbot: --dns-provider NAME, for example dns-rfc2136"),
        { WebRoot: { } folder } => ["--webroot", "--webroot-path", folder],
        { HttpPort: { } port } => ["--standalone", "--http-01-port", $"{port}"],
        _ => ["--standalone"],
    };
}
