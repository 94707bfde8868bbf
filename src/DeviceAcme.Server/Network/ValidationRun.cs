using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Network.Caa;

namespace DeviceAcme.Server.Network;

/// <summary>One validation under way: its bound, and the step it is at, so that a time-out can say where it waited.</summary>
internal sealed class ValidationAttempt(CancellationToken cancellation)
{
    public CancellationToken Cancellation { get; } = cancellation;
    public string Step { get; set; } = "starting";
}

/// <summary>What all network challenges share: the time bound, CAA after the challenge's own check, and the one place where a refusal becomes a problem.</summary>
internal sealed class ValidationRun(CaaChecker caa, NetworkTiming timing)
{
    public async Task<Problem?> Run(ValidationTarget target, string type, Func<ValidationAttempt, Task> fetch, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(timing.Validation);
        var attempt = new ValidationAttempt(bound.Token);
        try
        {
            await fetch(attempt);
            if (target.CheckCaa && target.Identifier.Type == AcmeIdentifier.Dns)
            {
                attempt.Step = $"looking up CAA of {target.Identifier.Value}";
                await caa.Check(target, type, attempt.Cancellation);
            }

            return null;
        }
        catch (ProblemException refusal)
        {
            return refusal.Problem;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Problems.Connection("validation-timeout", $"the validation took longer than {timing.Validation.TotalSeconds:0.#} s; it was {attempt.Step}").Problem;
        }
    }
}
