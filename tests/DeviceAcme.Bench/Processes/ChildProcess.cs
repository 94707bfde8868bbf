using System.Collections.Concurrent;
using System.Diagnostics;

namespace DeviceAcme.Bench.Processes;

/// <summary>A program that this one started and always ends: by its own handle, whatever happened in between.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptLines = 40;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process) => _process = process;

    /// <summary>User and system time that it has used, all threads.</summary>
    public TimeSpan ProcessorTime => Refreshed.TotalProcessorTime;

    public long ResidentBytes => Refreshed.WorkingSet64;

    /// <summary>Files, sockets and the like that it has open.</summary>
    public int Handles => OperatingSystem.IsLinux() ? Directory.GetFiles($"/proc/{Refreshed.Id}/fd").Length : Refreshed.HandleCount;

    public int Threads => Refreshed.Threads.Count;

    /// <summary>As it is now.</summary>
    /// <exception cref="BenchFailure">It has ended by itself.</exception>
    private Process Refreshed
    {
        get
        {
            if (_process.HasExited)
            {
                // the number of a signal is what is above 128
                throw new BenchFailure($"{_process.StartInfo.FileName} (process {_process.Id}) has ended with exit code {_process.ExitCode}, and nobody asked it to{Complaints}");
            }

            _process.Refresh();
            return _process;
        }
    }

    /// <summary>Starts it and waits for a line on stdout that begins with <paramref name="readyPrefix"/>; null: it says nothing.</summary>
    /// <returns>The process and that line.</returns>
    public static async Task<(ChildProcess Process, string Line)> Start(ProcessStartInfo start, string? readyPrefix, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var child = new ChildProcess(process);
        process.OutputDataReceived += (_, line) =>
        {
            if (readyPrefix is not null && line.Data?.StartsWith(readyPrefix, StringComparison.Ordinal) == true)
            {
                child._ready.TrySetResult(line.Data);
            }
        };
        process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            process.Dispose();
            throw new BenchFailure($"{start.FileName} does not start: {failure.Message}");
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (readyPrefix is null)
        {
            child._ready.TrySetResult("");
        }

        try
        {
            // what it said last is there only when its streams have ended, too
            var ended = process.WaitForExitAsync(CancellationToken.None);
            if (await Task.WhenAny(child._ready.Task, ended).WaitAsync(patience, time, cancellation) == ended)
            {
                throw new BenchFailure($"{start.FileName} ended before it was ready, with exit code {process.ExitCode}");
            }

            return (child, await child._ready.Task);
        }
        catch (Exception failure)
        {
            await child.DisposeAsync();
            throw failure is OperationCanceledException ? failure : new BenchFailure($"{failure.Message}{child.Complaints}");
        }
    }

    /// <summary>The last lines that it wrote on stderr, to explain a failure.</summary>
    public string Complaints => _complaints.IsEmpty ? "" : $"; it said:\n{string.Join('\n', _complaints)}";

    /// <summary>SIGKILL: nothing of it runs any more when this ends.</summary>
    public async Task Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Kill();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        _complaints.Enqueue(line);
        while (_complaints.Count > KeptLines)
        {
            _complaints.TryDequeue(out _);
        }
    }
}
