using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>A software TPM 2.0 (swtpm) of our own: made with EK certificates by swtpm_setup where its folder is new, started on a Unix socket, stopped with this object.</summary>
internal sealed class SwtpmProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly string _socketFolder;

    private SwtpmProcess(Process process, string socketFolder, Socket socket)
    {
        _process = process;
        _socketFolder = socketFolder;
        Stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The TPM's command channel.</summary>
    public NetworkStream Stream { get; }

    public int ProcessId => _process.Id;

    /// <param name="state">Folder of this TPM; the same folder is the same TPM.</param>
    /// <param name="cancellation">Ends the attempt; nothing is left running.</param>
    public static async Task<SwtpmProcess> Start(string state, CancellationToken cancellation)
    {
        state = PrivateFiles.Folder(state);
        if (!File.Exists(Path.Combine(state, "tpm2-00.permall")))
        {
            await Manufacture(state, cancellation);
        }

        // The path of a socket may have 107 octets: a state folder can be deeper than that.
        var sockets = Directory.CreateTempSubdirectory("device-sim-").FullName;
        var path = Path.Combine(sockets, "tpm");
        var process = Run("swtpm", "socket", "--tpm2", "--tpmstate", $"dir={state}", "--server", $"type=unixio,path={path},mode=0600",
            "--flags", "not-need-init", "--terminate", "--log", $"file={Path.Combine(state, "swtpm.log")},truncate");
        try
        {
            return new SwtpmProcess(process, sockets, await Connect(process, path, cancellation));
        }
        catch
        {
            await Stop(process, sockets);
            throw;
        }
    }

    /// <summary>The certificates of the CA that certified the endorsement keys of the TPM in this folder: a file name and PEM for each.</summary>
    public static IReadOnlyList<(string Name, string Pem)> VendorCertificates(string state) =>
    [
        ("root.pem", File.ReadAllText(Path.Combine(state, "localca", "swtpm-localca-rootca-cert.pem"))),
        ("intermediate.pem", File.ReadAllText(Path.Combine(state, "localca", "issuercert.pem"))),
    ];

    /// <summary>Certificates between the vendor's root and the endorsement certificates, DER: what no NV index holds and a client sends along.</summary>
    public static IReadOnlyList<byte[]> VendorIntermediates(string state)
    {
        using var certificate = X509Certificate2.CreateFromPem(VendorCertificates(state)[1].Pem);
        return [certificate.RawData];
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        await Stop(_process, _socketFolder);
    }

    // TPM and EK certificates; swtpm_localca is given a CA in the same folder, so that the machine's own stays as it is.
    private static async Task Manufacture(string state, CancellationToken cancellation)
    {
        var ca = PrivateFiles.Folder(Path.Combine(state, "localca"));
        var setup = Path.Combine(ca, "setup.conf");
        await File.WriteAllLinesAsync(Path.Combine(ca, "localca.options"), ["--platform-manufacturer DeviceAcme", "--platform-version 1", "--platform-model Simulator"], cancellation);
        await File.WriteAllLinesAsync(
            Path.Combine(ca, "localca.conf"),
            [$"statedir = {ca}", $"signingkey = {ca}/signkey.pem", $"issuercert = {ca}/issuercert.pem", $"certserial = {ca}/certserial"],
            cancellation);
        await File.WriteAllLinesAsync(
            setup,
            ["create_certs_tool = swtpm_localca", $"create_certs_tool_config = {ca}/localca.conf", $"create_certs_tool_options = {ca}/localca.options", "active_pcr_banks = sha256"],
            cancellation);
        using var process = Run("swtpm_setup", "--tpm2", "--tpmstate", state, "--create-ek-cert", "--lock-nvram", "--config", setup, "--logfile", Path.Combine(ca, "setup.log"));
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        if (process.ExitCode != 0)
        {
            throw new SimulatorException($"swtpm_setup could not make a TPM (exit code {process.ExitCode})", $"read {Path.Combine(ca, "setup.log")}");
        }
    }

    private static async Task<Socket> Connect(Process process, string path, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        while (true)
        {
            if (process.HasExited)
            {
                throw new SimulatorException($"swtpm ended at once with exit code {process.ExitCode}", "is another process using this TPM's folder?");
            }

            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
                return socket;
            }
            catch (SocketException)
            {
                // it makes the socket a moment after its start
                socket.Dispose();
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            }
        }
    }

    private static Process Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            var process = Process.Start(start) ?? throw new SimulatorException($"{program} did not start", "install swtpm and swtpm-tools");
            // What they print goes to their log files too; an unread pipe would block them.
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            return process;
        }
        catch (Win32Exception)
        {
            throw new SimulatorException($"{program} is not installed", "on Debian: apt install swtpm swtpm-tools");
        }
    }

    private static async Task Stop(Process process, string sockets)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            // --terminate: it ends by itself once the connection is closed
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }

        process.Dispose();
        Directory.Delete(sockets, recursive: true);
    }
}
