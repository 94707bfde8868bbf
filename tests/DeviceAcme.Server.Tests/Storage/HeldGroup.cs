using DeviceAcme.Server.Storage;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>Keeps the writer busy, so that the changes handed over meanwhile come into one group.</summary>
internal sealed class HeldGroup : IDisposable
{
    private readonly ManualResetEventSlim _release = new();
    private readonly Task _held;

    public HeldGroup(AcmeDb db)
    {
        using var running = new ManualResetEventSlim();
        _held = db.Commit(_ =>
        {
            running.Set();
            _release.Wait(TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        running.Wait(TestContext.Current.CancellationToken);
    }

    public Task Release()
    {
        _release.Set();
        return _held;
    }

    public void Dispose() => _release.Dispose();
}
