using System.Diagnostics;
using System.Text;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>A program that runs until it is disposed.</summary>
internal sealed class BackgroundProgram : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly StringBuilder _said = new();

    public BackgroundProgram(ProcessStartInfo start)
    {
        _said.AppendLine(Programs.Shown(start));
        _process = Programs.Begin(start);
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>All that it said.</summary>
    public string Output => Said;

    private string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    /// <summary>Waits for a sign of the program.</summary>
    public async Task Until(Func<bool> sign)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        while (!sign())
        {
            Assert.False(_process.HasExited, $"the program ended\n{Said}");
            await Task.Delay(Look, limit.Token);
        }
    }

    public Task UntilItSays(string words) => Until(() => Said.Contains(words, StringComparison.Ordinal));

    /// <summary>Asks it to end, as a service supervisor does; its exit code.</summary>
    public async Task<int> Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        await _process.WaitForExitAsync(limit.Token);
        // once more without a token: only that waits for the last lines
        _process.WaitForExit();
        return _process.ExitCode;
    }

    /// <summary>Kills it and nothing that it started.</summary>
    public async Task Kill()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Take(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }
}
