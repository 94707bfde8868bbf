using System.Diagnostics;
using System.Text;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>A program that runs until it is disposed.</summary>
internal sealed class BackgroundProgram : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
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

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
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
