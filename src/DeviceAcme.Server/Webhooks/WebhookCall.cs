using System.Diagnostics;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Webhooks;

/// <summary>What became of one delivery.</summary>
internal sealed record WebhookOutcome
{
    public required string Delivery { get; init; }

    /// <summary>The answer, if it was a good one.</summary>
    public WebhookAnswer? Answer { get; init; }

    /// <summary>Why the device may not go on; null where the answer allows it.</summary>
    public Reason? Reason { get; init; }

    /// <summary>For administrators: what happened on the way.</summary>
    public string? Detail { get; init; }

    public int? Status { get; init; }
    public int Attempts { get; init; }
    public TimeSpan Duration { get; init; }
    public byte[]? Request { get; init; }
    public byte[]? Body { get; init; }

    /// <summary>Nobody answered: what follows from that is the profile's to say. An answer that is wrong is never excused.</summary>
    public bool Unanswered => Reason == WebhookReasons.Unavailable || Reason == WebhookReasons.CircuitOpen;

    /// <summary>For the check of the verdict, which clients may see: nothing of the network behind the webhook.</summary>
    public string Found => Answer switch
    {
        { Allowed: true, Attributes.Count: > 0 } => $"allowed, with {string.Join(", ", Answer.Attributes.Keys)} (delivery {Delivery})",
        { Allowed: true } => $"allowed (delivery {Delivery})",
        { } => $"refused: {Answer.Reason ?? "no reason was given"} (delivery {Delivery})",
        null => $"{Failure} (delivery {Delivery})",
    };

    private string Failure =>
        Reason == WebhookReasons.CircuitOpen ? $"it was not asked: {Detail}"
        : Reason != WebhookReasons.Unavailable ? "its answer does not count"
        : Status is { } status ? $"it answered with status {status}"
        : "it gave no answer";
}

/// <summary>Makes one delivery: attempts with pauses between them, the circuit breaker, and the judgement of the answer.</summary>
internal sealed class WebhookCall(WebhookRule rule, WebhookEndpoint endpoint, SecretFolder secrets, TimeProvider time)
{
    private const int Ok = 200;

    // what may be gone a moment later
    private static readonly HashSet<int> Passing = [408, 425, 429, 500, 502, 503, 504];

    /// <param name="body">The body of an attempt, from 1.</param>
    /// <param name="cancellation">Of the server's end; a client that hangs up ends nothing.</param>
    public async Task<WebhookOutcome> Make(string delivery, Func<int, DateTimeOffset, byte[]> body, CancellationToken cancellation)
    {
        if (!endpoint.Breaker.TryEnter(time.GetUtcNow()))
        {
            var state = endpoint.Breaker.State(time.GetUtcNow());
            return new WebhookOutcome { Delivery = delivery, Reason = WebhookReasons.CircuitOpen, Detail = $"it failed {state.Failures} times in a row; its circuit is open until {state.OpenUntil:u}", Request = body(1, time.GetUtcNow()) };
        }

        var outcome = new WebhookOutcome { Delivery = delivery, Reason = WebhookReasons.Unavailable };
        try
        {
            outcome = await Attempts(delivery, body, cancellation);
        }
        finally
        {
            // whoever entered says how it went, whatever happened
            if (outcome.Answer is null)
            {
                endpoint.Breaker.Failed(time.GetUtcNow());
            }
            else
            {
                endpoint.Breaker.Answered();
            }
        }

        return outcome;
    }

    private async Task<WebhookOutcome> Attempts(string delivery, Func<int, DateTimeOffset, byte[]> body, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        WebhookOutcome last;
        var attempt = 1;
        while (true)
        {
            last = await Attempt(delivery, body, attempt, cancellation) with { Attempts = attempt, Duration = watch.Elapsed };
            var again = last.Reason == WebhookReasons.Unavailable && (last.Status is not { } status || Passing.Contains(status)) && attempt <= rule.Retries;
            if (!again)
            {
                return last;
            }

            await Task.Delay(WebhookRule.PauseAfter(attempt), cancellation);
            attempt++;
        }
    }

    private async Task<WebhookOutcome> Attempt(string delivery, Func<int, DateTimeOffset, byte[]> body, int attempt, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var request = body(attempt, now);
        var outcome = new WebhookOutcome { Delivery = delivery, Reason = WebhookReasons.Unavailable, Request = request };
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(rule.Timeout);
        try
        {
            var keys = secrets.Read(rule.Secret);
            var reply = await endpoint.Send(delivery, request, now.ToUnixTimeSeconds(), keys, bound.Token);
            return Judge(outcome with { Status = reply.Status, Body = reply.Body }, reply, keys);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return outcome with { Detail = $"no whole answer within {rule.Timeout.TotalSeconds:0} s" };
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SecretMissingException)
        {
            return outcome with { Detail = failure is HttpRequestException ? $"{failure.Message} {failure.GetBaseException().Message}" : failure.Message };
        }
    }

    private static WebhookOutcome Judge(WebhookOutcome outcome, WebhookReply reply, IReadOnlyList<string> keys)
    {
        if (reply.Status != Ok)
        {
            return outcome with { Detail = $"status {reply.Status}{(reply.Status is >= 300 and < 400 ? "; redirects are not followed" : "")}" };
        }

        if (reply.Body.Length > WebhookAnswer.MaxBytes)
        {
            return outcome with { Reason = WebhookReasons.AnswerInvalid, Detail = $"more than {WebhookAnswer.MaxBytes} octets" };
        }

        if (!WebhookSignature.IsOfAnswer(reply.Signature, keys, outcome.Delivery, reply.Body))
        {
            // signed, but for another question: somebody repeats what was said before
            return reply.Delivery is { } other && other != outcome.Delivery && WebhookSignature.IsOfAnswer(reply.Signature, keys, other, reply.Body)
                ? outcome with { Reason = WebhookReasons.AnswerReplayed, Detail = $"the answer is that to delivery {WebhookAnswer.Clean(other, 64)}" }
                : outcome with { Reason = WebhookReasons.AnswerSignature, Detail = $"{WebhookSignature.SignatureHeader}: {(reply.Signature is null ? "absent" : "not made with the secret over this delivery and this body")}" };
        }

        try
        {
            var answer = WebhookAnswer.Parse(reply.Body);
            return outcome with { Answer = answer, Reason = answer.Allowed ? null : WebhookReasons.Refused, Detail = answer.Reason };
        }
        catch (ProblemException invalid)
        {
            return outcome with { Reason = WebhookReasons.AnswerInvalid, Detail = invalid.Problem.Detail };
        }
    }
}
