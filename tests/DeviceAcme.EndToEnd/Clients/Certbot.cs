using DeviceAcme.EndToEnd.Processes;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>certbot: http-01 with its own web server, dns-01 with a hook.</summary>
internal sealed class Certbot(IClientSurroundings server, string folder) : IStockClient
{
    private readonly Dictionary<string, string> _environment = new()
    {
        ["REQUESTS_CA_BUNDLE"] = server.Root,
        ["TXT_RECORDS"] = server.TxtRecords,
    };

    /// <summary>More options of every command.</summary>
    public string[] Options { get; init; } = [];

    public string DirectoryUrl { get; init; } = server.DirectoryUrl;

    public Task Enroll(string challenge, params string[] names) => Run(
    [
        "certonly", "--agree-tos", "--register-unsafely-without-email", "--cert-name", names[0],
        .. Answers(challenge), .. names.SelectMany(name => (string[])["-d", name]),
    ]);

    public Task Renew(string challenge, params string[] names) => Run(["renew", "--force-renewal", "--no-random-sleep-on-renew", "--cert-name", names[0]]);

    public Task Revoke(params string[] names) => Run(["revoke", "--reason", "keycompromise", "--no-delete-after-revoke", "--cert-name", names[0]]);

    // its own name for a certificate of a wildcard has no asterisk
    public string ChainFile(string name) => Path.Combine(folder, "live", name, "fullchain.pem");

    private string[] Answers(string challenge) => challenge == "http-01"
        ? ["--standalone", "--http-01-port", $"{server.Http01Port}"]
        : ["--manual", "--preferred-challenges", "dns", "--manual-auth-hook", Hooks.Path("certbot-dns.sh")];

    private async Task Run(string[] arguments) => (await Programs.Run(
        "certbot",
        [.. arguments, "--server", DirectoryUrl, "--config-dir", folder, "--work-dir", folder, "--logs-dir", folder, "--non-interactive", .. Options],
        _environment)).ShouldExit(0);
}
