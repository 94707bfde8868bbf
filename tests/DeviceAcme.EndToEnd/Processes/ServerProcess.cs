using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>The server's own program as a process. It is ended by its id, whatever happens to the test.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Ready = "Ctrl+C stops the server.";
    private const int SigTerm = 15;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start)
    {
        _process = Programs.Begin(start);
        _process.OutputDataReceived += (_, line) => Heard(line.Data);
        _process.ErrorDataReceived += (_, line) => Heard(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Say($"$ {Programs.Shown(start)}   (process {_process.Id})");
    }

    public static string Program => Programs.Built("src/DeviceAcme.Server", "DeviceAcme.Server");

    public int Id => _process.Id;

    /// <summary>All that it said so far, data and talk.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="tracer">A program and its options that run the server, as strace does; empty for none.</param>
    public static async Task<ServerProcess> Start(IEnumerable<string> arguments, params string[] tracer)
    {
        string[] all = [.. tracer, .. tracer.Length > 0 ? ["dotnet"] : Array.Empty<string>(), Program, .. arguments];
        var server = new ServerProcess(Programs.Start(all[0], all[1..]));
        var ended = server._process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (await Task.WhenAny(server._ready.Task, ended, Task.Delay(StartLimit)) != server._ready.Task)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"the server did not start\n{server.Log}");
        }

        return server;
    }

    /// <summary>Asks it to end, as service managers do.</summary>
    public void Terminate()
    {
        if (Signal(Id, SigTerm) != 0)
        {
            throw new InvalidOperationException($"the signal did not reach process {Id}: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Its exit code; fails when it does not end.</summary>
    public async Task<int> WaitForEnd()
    {
        using var limit = new CancellationTokenSource(EndLimit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Ends it between two instructions, as a power cut does.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await Kill();
        }

        _process.Dispose();
    }

    private void Heard(string? line)
    {
        if (line is null)
        {
            return;
        }

        Say(line);
        if (line == Ready)
        {
            _ready.TrySetResult();
        }
    }

    private void Say(string line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int Signal(int process, int signal);
}
