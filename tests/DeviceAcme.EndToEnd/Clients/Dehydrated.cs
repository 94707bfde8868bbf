using DeviceAcme.EndToEnd.Processes;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>dehydrated: it writes http-01 answers and tls-alpn-01 certificates into folders, and calls a hook for dns-01.</summary>
internal sealed class Dehydrated : IStockClient
{
    private readonly IClientSurroundings _server;
    private readonly string _folder;
    private readonly Dictionary<string, string> _environment;

    public Dehydrated(IClientSurroundings server, string folder, string keyAlgorithm = "secp384r1")
    {
        _server = server;
        _folder = folder;
        _environment = new() { ["CURL_CA_BUNDLE"] = server.Root, ["TXT_RECORDS"] = server.TxtRecords };
        File.WriteAllText(Config, $"""
            CA="{server.DirectoryUrl}"
            BASEDIR="{folder}"
            WELLKNOWN="{Answers}"
            ALPNCERTDIR="{Answers}"
            HOOK="{Hooks.Path("dehydrated-hook.sh")}"
            KEY_ALGO="{keyAlgorithm}"

            """);
    }

    /// <summary>Where its answers are.</summary>
    public string Answers => Directory.CreateDirectory(Path.Combine(_folder, "answers")).FullName;

    private string Config => Path.Combine(_folder, "config");

    public async Task Enroll(string challenge, params string[] names)
    {
        await Run("--register", "--accept-terms");
        await Renew(challenge, names);
    }

    public Task Renew(string challenge, params string[] names) =>
        Run(["--cron", "--force", "--challenge", challenge, "--alias", "it", .. names.SelectMany(name => (string[])["--domain", name])]);

    // it keeps a revoked certificate under another name
    public async Task Revoke(params string[] names)
    {
        var kept = await File.ReadAllTextAsync(ChainFile(names[0]));
        await Run("--revoke", Path.Combine(Path.GetDirectoryName(ChainFile(names[0]))!, "cert.pem"));
        await File.WriteAllTextAsync(ChainFile(names[0]), kept);
    }

    public string ChainFile(string name) => Path.Combine(_folder, "certs", "it", "fullchain.pem");

    private async Task Run(params string[] arguments) =>
        (await Programs.Run("dehydrated", ["--config", Config, .. arguments], _environment)).ShouldExit(0);
}
