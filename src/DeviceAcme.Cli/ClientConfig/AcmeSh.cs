namespace DeviceAcme.Cli.ClientConfig;

/// <summary>acme.sh. It registers first: an account that --issue makes by itself comes without the external account.</summary>
internal sealed class AcmeSh : IClientConfiguration
{
    public string Name => "acme.sh";

    public string Language => "sh";

    public IReadOnlyList<string> Challenges => ["http-01", "tls-alpn-01", "dns-01"];

    public string Write(Enrollment enrollment) =>
        Quoting.Shell(
            [],
            ["acme.sh", "--register-account"],
            Server(enrollment),
            ["--email", enrollment.Email],
            enrollment.ExternalAccount is { } account ? ["--eab-kid", account.KeyId, "--eab-hmac-key", account.MacKey] : [])
        + Quoting.Shell(
            [],
            ["acme.sh", "--issue"],
            Server(enrollment),
            Answers(enrollment),
            ["--keylength", enrollment.Key(Name, ("ec-p256", "ec-256"), ("ec-p384", "ec-384"), ("ec-p521", "ec-521"), ("rsa-2048", "2048"), ("rsa-3072", "3072"), ("rsa-4096", "4096"))],
            [.. enrollment.Names.SelectMany(name => new[] { "--domain", name })]);

    public IEnumerable<string> Notes(Enrollment enrollment)
    {
        yield return "acme.sh keeps the server and the root for its own renewals; 'acme.sh --install-cert' copies key and certificate to where a server reads them";
    }

    private static IReadOnlyList<string> Server(Enrollment enrollment) =>
        enrollment.RootFile is { } root ? ["--server", enrollment.DirectoryUrl, "--ca-bundle", root] : ["--server", enrollment.DirectoryUrl];

    private static IReadOnlyList<string> Answers(Enrollment enrollment) => enrollment switch
    {
        { Challenge: "dns-01", DnsProvider: { } provider } => ["--dns", provider],
        { Challenge: "dns-01" } => throw new WrongUse("dns-01 needs an API of acme.sh: --dns-provider NAME, for example dns_nsupdate"),
        { Challenge: "tls-alpn-01", TlsPort: { } port } => ["--alpn", "--tlsport", $"{port}"],
        { Challenge: "tls-alpn-01" } => ["--alpn"],
        { WebRoot: { } folder } => ["--webroot", folder],
        { HttpPort: { } port } => ["--standalone", "--httpport", $"{port}"],
        _ => ["--standalone"],
    };
}
