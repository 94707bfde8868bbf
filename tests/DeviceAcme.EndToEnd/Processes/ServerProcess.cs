using System.Diagnostics;
using System.Globalization;
using System.Text;
using DeviceAcme.Server;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>The server's own program as a process of its own, in a folder of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly string _shown;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(ProcessStartInfo start)
    {
        _shown = $"$ {Programs.Shown(start)}";
        _process = Programs.Begin(start);
        _process.OutputDataReceived += (_, line) => Take(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Take(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int ProcessId => _process.Id;

    public string Output => Text(_output);

    public string Error => Text(_error);

    /// <summary>All that it said.</summary>
    public string Log => $"{_shown}\n{Output}{Error}";

    /// <summary>Starts the program; <see cref="Ready"/> waits for it.</summary>
    public static ServerProcess Start(string workingDirectory, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        new(Programs.Start(typeof(ServerOptions).Assembly.Location, arguments, environment, workingDirectory));

    /// <summary>The same below a program that looks on, as strace does. It must leave the server this process's own child.</summary>
    public static ServerProcess StartBelow(IReadOnlyList<string> tracer, string workingDirectory, params string[] arguments) =>
        new(Programs.Start(tracer[0], [.. tracer.Skip(1), "dotnet", typeof(ServerOptions).Assembly.Location, .. arguments], folder: workingDirectory));

    /// <summary>Returns when the server says that it is ready; throws with what it said where it ends before.</summary>
    public async Task Ready()
    {
        var exited = _process.WaitForExitAsync();
        if (await Task.WhenAny(_ready.Task, exited).WaitAsync(Patience) == exited)
        {
            throw new InvalidOperationException($"the server ended with code {_process.ExitCode}: {Error}{Output}");
        }
    }

    public async Task<int> Exited()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        // once more without a token: only that waits for the last lines
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>What a service supervisor sends.</summary>
    public async Task<int> Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return await Exited();
    }

    /// <summary>What a power cut does.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await Exited();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Take(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }

        // the last line of what it says when it is ready
        if (line?.StartsWith("Ctrl+C stops the server", StringComparison.Ordinal) == true)
        {
            _ready.TrySetResult();
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
