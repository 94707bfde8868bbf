using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DeviceAcme.Simulator.Serve;

/// <summary>DeviceAcme itself as a process of its own, on a plain loopback listener behind the front.</summary>
internal sealed class TrialServer : IAsyncDisposable
{
    public const string ProgramVariable = "DEVICEACME_SERVER_PROGRAM";

    private const int KeptLines = 400;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TrialServer(Process process, Uri url, Uri admin)
    {
        _process = process;
        Url = url;
        Admin = admin;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Uri Url { get; }
    public Uri Admin { get; }

    /// <summary>Ends when the process does.</summary>
    public Task Ended => _process.WaitForExitAsync();

    /// <summary>The last lines that it said.</summary>
    public string Log
    {
        get
        {
            lock (_said)
            {
                return string.Join('\n', _said);
            }
        }
    }

    public static async Task<TrialServer> Start(ServeSettings settings, TrialState state, CancellationToken cancellation)
    {
        var program = Program(settings);
        var (port, admin) = (FreePort(), FreePort());
        var start = new ProcessStartInfo(program.EndsWith(".dll", StringComparison.Ordinal) ? "dotnet" : program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            // a deviceacme.yaml of whoever starts this is not meant
            WorkingDirectory = state.Folder,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("DEVICEACME_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        string[] reuse = settings.ReuseAuthorizations ? ["--reuse-authorizations", "true"] : [];
        string[] arguments =
        [
            .. program.EndsWith(".dll", StringComparison.Ordinal) ? (string[])[program] : [],
            "--data", state.Data, "--url", state.BaseUrl, "--listen", Plain(port), "--admin-url", Plain(admin), "--status-url", $"http://{settings.Host}:{Text(settings.StatusPort)}",
            "--profiles", state.Profiles, "--default-profile", settings.Profile, "--profile-files", "follow", "--anchors", state.Vendors.Path, "--android-status-list", state.Vendors.StatusListPath,
            "--dns-resolver", $"127.0.0.1:{Text(settings.DnsPort)}", "--http-01-port", Text(settings.Http01Port), "--tls-alpn-01-port", Text(settings.TlsAlpn01Port),
            "--validation-networks", "127.0.0.0/8", "::1/128", "--log-level", "warning", .. reuse,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        Process process;
        try
        {
            process = Process.Start(start) ?? throw new SimulatorException($"cannot start {start.FileName}");
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new SimulatorException($"cannot start {start.FileName}: {failure.Message}", "--server-program names DeviceAcme's server");
        }

        process.StandardInput.Close();
        var server = new TrialServer(process, new Uri(Plain(port)), new Uri(Plain(admin)));
        await server.Ready(cancellation);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task Ready(CancellationToken cancellation)
    {
        try
        {
            if (await Task.WhenAny(_ready.Task, Ended).WaitAsync(Patience, cancellation) == _ready.Task)
            {
                return;
            }

            // its last lines come a moment after its end
            await _process.WaitForExitAsync(cancellation);
            throw new SimulatorException($"the server ended with exit code {_process.ExitCode}: {Log.Trim().ReplaceLineEndings(" | ")}");
        }
        catch (Exception failure)
        {
            await DisposeAsync();
            throw failure is TimeoutException ? new SimulatorException($"the server was not ready within {Patience.TotalSeconds:0} s: {Log.ReplaceLineEndings(" | ")}") : failure;
        }
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > KeptLines)
            {
                _said.Dequeue();
            }
        }

        // the last line of what it says when it is ready
        if (line.StartsWith("Ctrl+C stops the server", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }

    private static string Program(ServeSettings settings)
    {
        if ((settings.ServerProgram ?? Environment.GetEnvironmentVariable(ProgramVariable)) is { Length: > 0 } named)
        {
            return File.Exists(named) ? Path.GetFullPath(named) : throw new SimulatorException($"there is no file {named}", $"--server-program or {ProgramVariable} names DeviceAcme.Server.dll");
        }

        // bin/CONFIGURATION/net10.0 of this project, and the same of the server's
        var build = new DirectoryInfo(AppContext.BaseDirectory);
        string[] candidates =
        [
            Path.Combine(AppContext.BaseDirectory, "DeviceAcme.Server.dll"),
            Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "src", "DeviceAcme.Server", "bin", build.Parent?.Name ?? "", build.Name, "DeviceAcme.Server.dll")),
        ];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new SimulatorException("DeviceAcme's server is not built beside this program", $"'dotnet build src/DeviceAcme.Server' builds it; --server-program or {ProgramVariable} names another one");
    }

    private static string Plain(int port) => $"http://127.0.0.1:{Text(port)}";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
