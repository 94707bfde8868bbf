using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>A software TPM that listens on a port, and the installed tpm2-tools that speak with it.</summary>
internal sealed class Tpm2Tools : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Process _tpm;
    private readonly int _port;

    private Tpm2Tools(Process tpm, int port, string folder)
    {
        _tpm = tpm;
        _port = port;
        Folder = folder;
    }

    /// <summary>Where the tools read and write their files.</summary>
    public string Folder { get; }

    /// <summary>The CA that certified the endorsement keys: its certificate and its root's.</summary>
    public IReadOnlyList<byte[]> Authority =>
        [.. new[] { "issuercert.pem", "swtpm-localca-rootca-cert.pem" }.Select(file => File.ReadAllBytes(Path.Combine(Folder, "state", "localca", file)))];

    public static async Task<Tpm2Tools> Start(string folder)
    {
        var state = Path.Combine(folder, "state");
        var made = await SwtpmProcess.Start(state, TestContext.Current.CancellationToken);
        await made.DisposeAsync();

        // the tools want the data channel on one port and the control channel on the next
        var ports = FreePorts.Take(2);
        while (ports[1] != ports[0] + 1)
        {
            ports = [ports[1], .. FreePorts.Take(1)];
        }

        var start = new ProcessStartInfo("swtpm", ["socket", "--tpm2", "--tpmstate", $"dir={state}", "--server", $"type=tcp,port={ports[0]}",
            "--ctrl", $"type=tcp,port={ports[1]}", "--flags", "not-need-init,startup-clear"])
        { RedirectStandardOutput = true };
        var tools = new Tpm2Tools(Process.Start(start)!, ports[0], folder);
        await tools.Listens(ports[1]);
        return tools;
    }

    public byte[] Read(string file) => File.ReadAllBytes(Path.Combine(Folder, file));

    /// <summary>The credential as tpm2_activatecredential reads it: a magic, a version, and both parts.</summary>
    public void WriteCredential(string file, ReadOnlyMemory<byte> credentialBlob, ReadOnlyMemory<byte> encryptedSecret)
    {
        var header = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(header, 0xBADCC0DE);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), 1);
        File.WriteAllBytes(Path.Combine(Folder, file), [.. header, .. credentialBlob.Span, .. encryptedSecret.Span]);
    }

    /// <summary>Runs one of the tools and clears the TPM's transient slots after it; its output.</summary>
    public async Task<string> Run(string tool, params string[] arguments)
    {
        var (exitCode, output) = await Try(tool, arguments);
        if (exitCode != 0)
        {
            throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)}: {output}");
        }

        await Try("tpm2_flushcontext", "-t");
        return output;
    }

    public async Task<(int ExitCode, string Output)> Try(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TPM2TOOLS_TCTI"] = $"swtpm:host=localhost,port={_port}";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Limit, TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }

    public async ValueTask DisposeAsync()
    {
        _tpm.Kill();
        await _tpm.WaitForExitAsync(CancellationToken.None);
        _tpm.Dispose();
    }

    private async Task Listens(int port)
    {
        var until = Stopwatch.StartNew();
        while (true)
        {
            using var socket = new TcpClient();
            try
            {
                await socket.ConnectAsync("localhost", port, TestContext.Current.CancellationToken);
                return;
            }
            catch (SocketException) when (until.Elapsed < Limit && !_tpm.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
            }
        }
    }
}
