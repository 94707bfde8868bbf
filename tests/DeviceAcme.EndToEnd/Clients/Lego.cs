using DeviceAcme.EndToEnd.Processes;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>lego: http-01 and tls-alpn-01 with its own listeners, dns-01 with its exec provider.</summary>
internal sealed class Lego(IClientSurroundings server, string folder) : IStockClient
{
    private readonly Dictionary<string, string> _environment = new()
    {
        ["LEGO_CA_CERTIFICATES"] = server.Root,
        ["EXEC_PATH"] = Hooks.Path("lego-dns.sh"),
        // lego waits this many seconds between two names: 60 without it
        ["EXEC_SEQUENCE_INTERVAL"] = "1",
        ["TXT_RECORDS"] = server.TxtRecords,
    };

    /// <summary>More global options.</summary>
    public string[] Options { get; init; } = [];

    public string DirectoryUrl { get; init; } = server.DirectoryUrl;

    public Task Enroll(string challenge, params string[] names) => Run(challenge, names, "run");

    public Task Renew(string challenge, params string[] names) => Run(challenge, names, "renew", "--days", "1000", "--no-random-sleep");

    public Task Revoke(params string[] names) => Run("http-01", names, "revoke", "--keep");

    public string ChainFile(string name) => Path.Combine(folder, "certificates", name.Replace('*', '_') + ".crt");

    private string[] Answers(string challenge) => challenge switch
    {
        "http-01" => ["--http", "--http.port", $":{server.Http01Port}"],
        "tls-alpn-01" => ["--tls", "--tls.port", $":{server.TlsAlpn01Port}"],
        _ => ["--dns", "exec", "--dns.disable-cp", "--dns.resolvers", $"127.0.0.1:{server.DnsPort}"],
    };

    private async Task Run(string challenge, string[] names, params string[] command) => (await Programs.Run(
        "lego",
        ["--server", DirectoryUrl, "--accept-tos", "--email", "lego@host.example", "--path", folder, .. Options, .. Answers(challenge), .. names.SelectMany(name => (string[])["-d", name]), .. command],
        _environment)).ShouldExit(0);
}
