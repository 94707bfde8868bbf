using System.Collections.Concurrent;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Client;

public sealed partial class AcmeClient
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    // by order: what finalize said; by authorization: what its challenge said
    private readonly ConcurrentDictionary<string, TimeSpan> _firstPauses = new(StringComparer.Ordinal);

    /// <summary>Looks at an authorization until it is valid (RFC 8555 §7.5.1).</summary>
    /// <exception cref="AcmeClientException">It became anything else, with the failed challenge's error; or the time is over.</exception>
    public async Task<AuthorizationObject> WaitForAuthorization(string url, CancellationToken cancellation = default)
    {
        const string Step = "authorization";
        await FirstPauseOf(url, cancellation);
        var authorization = await Wait(
            Step, url, answer => answer.Read(AcmeJson.Default.AuthorizationObject), found => found.Status, ["pending"], cancellation);
        return authorization.Status == "valid"
            ? authorization
            : throw Failure(
                Step, $"the authorization for {authorization.Identifier.Value} is {authorization.Status}", authorization.Challenges.FirstOrDefault(c => c.Error is not null)?.Error);
    }

    /// <summary>Looks at an order until it is <c>ready</c> (or <c>valid</c>).</summary>
    /// <exception cref="AcmeClientException">It became invalid, with its error; or the time is over.</exception>
    public Task<OrderObject> WaitUntilReady(string url, CancellationToken cancellation = default) => WaitForOrder(url, ["pending", "processing"], cancellation);

    /// <summary>Looks at a finalized order until it is <c>valid</c>.</summary>
    /// <exception cref="AcmeClientException">It became invalid, with its error; or the time is over.</exception>
    public async Task<OrderObject> WaitForCertificate(string url, CancellationToken cancellation = default)
    {
        await FirstPauseOf(url, cancellation);
        return await WaitForOrder(url, ["ready", "processing"], cancellation);
    }

    private async Task FirstPauseOf(string url, CancellationToken cancellation)
    {
        if (_firstPauses.TryRemove(url, out var pause))
        {
            await Task.Delay(Shorter(pause, options.LongestPause), options.Time, cancellation);
        }
    }

    private async Task<OrderObject> WaitForOrder(string url, string[] waiting, CancellationToken cancellation)
    {
        const string Step = "order";
        var order = await Wait(Step, url, answer => answer.Read(AcmeJson.Default.OrderObject), found => found.Status, waiting, cancellation);
        return order.Status is "ready" or "valid" ? order : throw Failure(Step, $"the order is {order.Status}", order.Error);
    }

    // as Retry-After says within bounds, else a little slower each time
    private async Task<T> Wait<T>(string step, string url, Func<AcmeAnswer, T> read, Func<T, string> status, string[] waiting, CancellationToken cancellation)
    {
        var start = options.Time.GetTimestamp();
        for (var pause = FirstPause; ; pause = Shorter(2 * pause, TimeSpan.FromSeconds(5)))
        {
            var answer = await PostAsGet(step, url, cancellation);
            var value = read(answer);
            if (!waiting.Contains(status(value)))
            {
                return value;
            }

            var delay = Shorter(answer.RetryAfter(options.Time.GetUtcNow()) ?? pause, options.LongestPause);
            if (options.Time.GetElapsedTime(start) + delay > options.PollTimeout)
            {
                throw new AcmeClientException(step, $"{url} is still {status(value)} after {options.PollTimeout.TotalSeconds:0} s");
            }

            await Task.Delay(delay, options.Time, cancellation);
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
