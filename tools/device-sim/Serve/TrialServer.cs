using System.Globalization;
using DeviceAcme.Simulator.Servers;

namespace DeviceAcme.Simulator.Serve;

/// <summary>DeviceAcme itself on a plain loopback listener behind the front.</summary>
internal sealed class TrialServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private TrialServer(ServerProcess process, Uri url, Uri admin)
    {
        _process = process;
        Url = url;
        Admin = admin;
    }

    public Uri Url { get; }
    public Uri Admin { get; }

    /// <summary>Ends when the process does.</summary>
    public Task Ended => _process.Ended;

    /// <summary>The last lines that it said.</summary>
    public string Log => _process.Log;

    public static async Task<TrialServer> Start(ServeSettings settings, TrialState state, CancellationToken cancellation)
    {
        var ports = FreePorts.Take(2);
        string[] reuse = settings.ReuseAuthorizations ? ["--reuse-authorizations", "true"] : [];
        string[] arguments =
        [
            "--data", state.Data, "--url", state.BaseUrl, "--listen", Plain(ports[0]), "--admin-url", Plain(ports[1]), "--status-url", $"http://{settings.Host}:{Text(settings.StatusPort)}",
            "--profiles", state.Profiles, "--default-profile", settings.Profile, "--profile-files", "follow", "--anchors", state.Vendors.Path, "--android-status-list", state.Vendors.StatusListPath,
            "--dns-resolver", $"127.0.0.1:{Text(settings.DnsPort)}", "--http-01-port", Text(settings.Http01Port), "--tls-alpn-01-port", Text(settings.TlsAlpn01Port),
            "--validation-networks", "127.0.0.0/8", "::1/128", "--log-level", "warning", .. reuse,
        ];
        var process = await ServerProcess.Start(ServerFiles.Program(settings.ServerProgram), state.Folder, arguments, cancellation);
        return new TrialServer(process, new Uri(Plain(ports[0])), new Uri(Plain(ports[1])));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string Plain(int port) => $"http://127.0.0.1:{Text(port)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
