using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>A class of tests with a server; shows what the server said where a test fails.</summary>
public abstract class TestsOnServer(RunningServer server) : IDisposable
{
    protected RunningServer Server { get; } = server;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => ServerLog.ShowIfFailed(Server);
}

internal static class ServerLog
{
    public static void ShowIfFailed(RunningServer server)
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"--- what the server said\n{server.Log}");
        }
    }
}
