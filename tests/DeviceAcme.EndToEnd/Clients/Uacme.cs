using DeviceAcme.EndToEnd.Processes;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>uacme: a hook answers each challenge; for tls-alpn-01 its companion ualpn does.</summary>
/// <remarks>It trusts what the system trusts and cannot be told otherwise, so it sees our root in the system's place.</remarks>
internal sealed class Uacme : IStockClient
{
    private readonly IClientSurroundings _server;
    private readonly string _folder;
    private readonly string _trust;

    public Uacme(IClientSurroundings server, string folder)
    {
        _server = server;
        _folder = folder;
        _trust = Directory.CreateDirectory(Path.Combine(folder, "trust")).FullName;
        File.Copy(server.Root, Path.Combine(_trust, "ca-certificates.crt"));
    }

    /// <summary>Where its answers to http-01 are.</summary>
    public string Answers => Directory.CreateDirectory(Path.Combine(_folder, "answers")).FullName;

    private string UalpnSocket => Path.Combine(_folder, "ualpn.sock");

    public async Task Enroll(string challenge, params string[] names)
    {
        await Run("http-01", "new");
        await Renew(challenge, names);
    }

    public Task Renew(string challenge, params string[] names) => Run(challenge, ["--force", "issue", .. names]);

    // it keeps a revoked certificate under another name
    public async Task Revoke(params string[] names)
    {
        var kept = await File.ReadAllTextAsync(ChainFile(names[0]));
        await Run("http-01", "revoke", ChainFile(names[0]));
        await File.WriteAllTextAsync(ChainFile(names[0]), kept);
    }

    public string ChainFile(string name) => Path.Combine(_folder, name, "cert.pem");

    private async Task Run(string challenge, params string[] arguments)
    {
        var environment = new Dictionary<string, string> { ["CHALLENGE"] = challenge, ["WEB_ROOT"] = Answers, ["TXT_RECORDS"] = _server.TxtRecords, ["UALPN_SOCKET"] = UalpnSocket };
        string[] uacme = ["uacme", "--acme-url", _server.DirectoryUrl, "--confdir", _folder, "--hook", Hooks.Path("uacme-hook.sh"), "--no-ocsp", "--yes", .. arguments];
        (await Programs.Run(
            "unshare",
            ["--map-root-user", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/ssl/certs && exec \"$@\"", _trust, .. uacme],
            environment)).ShouldExit(0);
    }

    /// <summary>uacme's own server for acme-tls/1, until it is disposed.</summary>
    public async Task<IAsyncDisposable> StartUalpn()
    {
        // what is not acme-tls/1 it would hand on to another server; nobody listens on the discard port
        var start = Programs.Start("ualpn", ["--bind", $"0.0.0.0@{_server.TlsAlpn01Port}", "--connect", "127.0.0.1@9", "--sock", UalpnSocket, "--pidfile", Path.Combine(_folder, "ualpn.pid")]);
        var ualpn = new BackgroundProgram(start);
        await ualpn.Until(() => File.Exists(UalpnSocket));
        return ualpn;
    }
}
