namespace DeviceAcme.Cli.ClientConfig;

/// <summary>lego, with its own listeners, a web root, or one of its DNS providers.</summary>
internal sealed class Lego : IClientConfiguration
{
    public string Name => "lego";

    public string Language => "sh";

    public IReadOnlyList<string> Challenges => ["http-01", "tls-alpn-01", "dns-01"];

    public string Write(Enrollment enrollment) => Quoting.Shell(
        [("LEGO_CA_CERTIFICATES", enrollment.RootFile)],
        ["lego"],
        ["--server", enrollment.DirectoryUrl],
        ["--accept-tos", "--email", enrollment.Email],
        enrollment.ExternalAccount is { } account ? ["--eab", "--kid", account.KeyId, "--hmac", account.MacKey] : [],
        ["--key-type", enrollment.Key(Name, ("ec-p256", "ec256"), ("ec-p384", "ec384"), ("rsa-2048", "rsa2048"), ("rsa-4096", "rsa4096"))],
        Answers(enrollment),
        [.. enrollment.Names.SelectMany(name => new[] { "--domains", name })],
        ["run"]);

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return "lego renews when the same command ends with 'renew' in the place of 'run'; certificates are in ./.lego unless --path says otherwise";
        if (enrollment is { Challenge: "dns-01", DnsProvider: { } provider })
        {
            yield return $"'lego dnshelp --code {provider}' lists the variables that {provider} needs";
        }
    }

    private static IReadOnlyList<string> Answers(Enrollment enrollment) => enrollment switch
    {
        { Challenge: "dns-01", DnsProvider: { } provider } => ["--dns", provider],
        { Challenge: "dns-01" } => throw new WrongUse("dns-01 needs a provider of lego: --dns-provider NAME, for example rfc2136"),
        { Challenge: "tls-alpn-01", TlsPort: { } port } => ["--tls", "--tls.port", $":{port}"],
        { Challenge: "tls-alpn-01" } => ["--tls"],
        { WebRoot: { } folder } => ["--http", "--http.webroot", folder],
        { HttpPort: { } port } => ["--http", "--http.port", $":{port}"],
        _ => ["--http"],
    };
}
