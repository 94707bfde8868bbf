using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Vault;

/// <summary>Tells of an order that waits for an officer, or did: who must do what.</summary>
internal static class ApprovalStory
{
    /// <summary>The name of the step.</summary>
    public const string Step = "approval";

    /// <summary>The step between finalize and issuance.</summary>
    /// <param name="accepted">How a yes is called.</param>
    /// <param name="refused">How a no is called.</param>
    /// <param name="waiting">How the waiting is called.</param>
    public static ExplainedStep Tell(PendingIssuance pending, Order order, string accepted, string refused, string waiting)
    {
        var ended = pending.State == IssuanceState.Closed && order.Status == OrderStatus.Invalid && pending.Decision != OfficerDecision.Approved ? order.Error : null;
        return new ExplainedStep
        {
            Step = Step,
            Outcome = pending.State == IssuanceState.Waiting ? waiting : ended is null ? accepted : refused,
            At = pending.DecidedAt,
            Reason = ended?.Reason,
            Class = ended?.Reason is { } code ? ApprovalReasons.All.FirstOrDefault(reason => reason.Code == code)?.Class : null,
            Checks = [],
            Note = Note(pending, ended?.Detail),
        };
    }

    /// <summary>What a processing order waits for.</summary>
    public static string Summary(PendingIssuance pending) => pending switch
    {
        { State: IssuanceState.Waiting } => $"the order waits for an officer until {Rfc3339.Format(pending.Expires)}: {PendingIssuance.Say(pending.Causes)}",
        { Failure: { } failure } => $"the certificate could not be issued yet, and is tried again: {failure}",
        _ => "an officer agreed; the certificate is being issued",
    };

    /// <summary>Who must do what.</summary>
    public static IEnumerable<string> Help(PendingIssuance pending)
    {
        if (pending.State == IssuanceState.Waiting)
        {
            yield return $"An officer of profile {pending.Profile} must say: deviceacme order approve {pending.Order}, or: deviceacme order refuse {pending.Order} --reason TEXT.";
            if (pending.Device is { } device)
            {
                yield return $"What is known of the device: deviceacme device show {device}.";
            }

            yield return "A client that gives up meanwhile gets its certificate with its next order, without waiting, once an officer has agreed.";
        }
        else if (pending.Failure is not null)
        {
            yield return "It is this server's or its CA's fault: look at the server's log.";
        }
    }

    private static string Note(PendingIssuance pending, string? ended)
    {
        var asked = $"asked for since {Rfc3339.Format(pending.RequestedAt)}: {PendingIssuance.Say(pending.Causes)}";
        return pending.Decision is { } decision
            ? $"{asked}; {pending.DecidedBy} {decision.ToString().ToLowerInvariant()} it{(pending.Comment is { } comment ? $": {comment}" : "")}"
            : ended is null ? asked : $"{asked}; {ended}";
    }
}
