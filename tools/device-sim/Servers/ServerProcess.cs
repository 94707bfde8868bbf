using System.ComponentModel;
using System.Diagnostics;

namespace DeviceAcme.Simulator.Servers;

/// <summary>DeviceAcme's server as a child of this process. It reads the pipe that this process holds open, and so ends with it, also where this one is killed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int KeptLines = 400;

    // the last line of what it says when it is ready
    private const string ReadyLine = "Ctrl+C stops the server";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>Ends when the process does.</summary>
    public Task Ended => _process.WaitForExitAsync();

    /// <summary>The last lines that it said.</summary>
    public string Log
    {
        get
        {
            lock (_said)
            {
                return string.Join(" | ", _said.Where(line => line.Length > 0));
            }
        }
    }

    /// <param name="program">From <see cref="ServerFiles.Program"/>.</param>
    /// <param name="folder">Where it works: settings of whoever starts it are not meant.</param>
    /// <param name="arguments">Its options.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The server, ready.</returns>
    /// <exception cref="SimulatorException">It did not become ready; with what it said.</exception>
    public static async Task<ServerProcess> Start(string program, string folder, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var isAssembly = program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isAssembly ? "dotnet" : program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var argument in (string[])[.. isAssembly ? (string[])[program] : [], .. arguments, "--end-with-input", "true"])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("DEVICEACME_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        var server = new ServerProcess(Run(start));
        try
        {
            await server.Ready(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
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

    private static Process Run(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new SimulatorException($"cannot start {start.FileName}");
        }
        catch (Win32Exception failure)
        {
            throw new SimulatorException($"cannot start {start.FileName}: {failure.Message}", "--server-program names DeviceAcme's server");
        }
    }

    private async Task Ready(CancellationToken cancellation)
    {
        var ended = Ended;
        try
        {
            if (await Task.WhenAny(_ready.Task, ended).WaitAsync(Patience, cancellation) == ended)
            {
                throw new SimulatorException($"the server ended with exit code {_process.ExitCode}: {Log}", "deviceacme profile check tells what is wrong with profiles");
            }
        }
        catch (TimeoutException)
        {
            throw new SimulatorException($"the server was not ready within {Patience.TotalSeconds:0} s: {Log}");
        }
    }

    private void Hear(string? line)
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

        if (line.StartsWith(ReadyLine, StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }
}
