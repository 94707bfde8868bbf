using System.Threading.RateLimiting;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Hosting;

/// <summary>
/// How much is worked on at once. A request comes here when it is read and before anything is verified, so that slow clients hold no place; some wait, and
/// the others are told to come again: a storm costs neither memory nor the answers of those that are served.
/// </summary>
internal sealed partial class Capacity(int atOnce, TimeProvider time, ILogger<Capacity> log) : IDisposable
{
    /// <summary>Requests that wait for each one that is worked on; at most 64 KiB each.</summary>
    public const int WaitingForEach = 4;

    /// <summary>What the others are told to wait, in seconds.</summary>
    private const int RetryAfter = 10;

    /// <summary>A storm is one line in the log every so often, not one for each request.</summary>
    private static readonly TimeSpan Told = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private long _toldAt;
    private int _untold;

    private readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = atOnce,
        QueueLimit = atOnce * WaitingForEach,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Takes a place, for as long as what it returns is not disposed.</summary>
    /// <exception cref="ProblemException">There is none, and too many wait.</exception>
    public async ValueTask<RateLimitLease> Enter(CancellationToken cancellation)
    {
        var lease = await _places.AcquireAsync(1, cancellation);
        if (lease.IsAcquired)
        {
            return lease;
        }

        lease.Dispose();
        Tell();
        throw Problems.ServerBusy(RetryAfter);
    }

    public void Dispose() => _places.Dispose();

    private void Tell()
    {
        int count;
        lock (_lock)
        {
            _untold++;
            if (_toldAt != 0 && time.GetElapsedTime(_toldAt) < Told)
            {
                return;
            }

            (count, _untold, _toldAt) = (_untold, 0, time.GetTimestamp());
        }

        SentAway(log, count, atOnce);
    }

    [LoggerMessage(LogLevel.Warning, "more to do than --max-requests {AtOnce} allows: {Count} requests were told to come again")]
    private static partial void SentAway(ILogger log, int count, int atOnce);
}
