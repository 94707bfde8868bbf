using System.Diagnostics;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>A program that runs until it is disposed.</summary>
internal sealed class BackgroundProgram : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;
    private readonly string _shown;
    private readonly Task<string> _error;

    public BackgroundProgram(ProcessStartInfo start)
    {
        _shown = Programs.Shown(start);
        _process = Programs.Begin(start);
        _process.OutputDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Waits for a sign of the program.</summary>
    public async Task Until(Func<bool> sign)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        while (!sign())
        {
            Assert.False(_process.HasExited, $"{_shown} ended\n{(_process.HasExited ? await _error : "")}");
            await Task.Delay(Look, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
