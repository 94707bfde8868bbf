using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Devices;

/// <summary>What the ledger has under the names of a device: one entry, none, or more than one.</summary>
internal sealed record LedgerMatch(IReadOnlyList<Device> Devices)
{
    public static LedgerMatch None { get; } = new([]);

    /// <summary>Nothing could be looked for: the evidence has no name, and a ticket stands for it.</summary>
    public static LedgerMatch Unnamed { get; } = new([]) { IsUnnamed = true };

    public bool IsUnnamed { get; private init; }

    /// <summary>The one entry; null where there is none, or where the names belong to several.</summary>
    public Device? Device => Devices.Count == 1 ? Devices[0] : null;
}

/// <summary>Whether a genuine device is ours, and may have certificates.</summary>
internal static class Admission
{
    /// <summary>The name of the check.</summary>
    public const string Check = "ledger";

    public const string Rule = "the ledger knows the device, and nothing is held against it";

    public static Reason Unknown { get; } = Row("device-unknown", "The evidence is good, but the device is not in the ledger: add it (deviceacme device add or import), or let the profile register whoever comes (devices.unknown).");
    public static Reason Unapproved { get; } = Row("device-unapproved", "The device proved itself where an officer decides, and nobody has: approve its order, or let an inventory call it expected.");
    public static Reason Quarantined { get; } = Row("device-quarantined", "The device is set aside while somebody looks at it: deviceacme device unblock lets it go on.");
    public static Reason Blocked { get; } = Row("device-blocked", "The device is shut out: deviceacme device unblock takes it back.");
    public static Reason Retired { get; } = Row("device-retired", "The device is out of service: deviceacme device unblock puts it back.");
    public static Reason Ambiguous { get; } = Row("device-ambiguous", "The evidence names several devices of the ledger at once: one of them has another's identifier (deviceacme device edit).");

    /// <summary>The reasons, one for each way to be kept out.</summary>
    public static IReadOnlyList<Reason> Reasons { get; } = [Unknown, Unapproved, Quarantined, Blocked, Retired, Ambiguous];

    /// <summary>The verdict on the evidence with the ledger's word; evidence that is refused anyhow is not asked about.</summary>
    public static Verdict Judge(Verdict verdict, LedgerMatch match, UnknownDevices unknown)
    {
        if (verdict.Outcome == VerdictOutcome.Refused)
        {
            return verdict;
        }

        var (reason, found) = Find(match, unknown);
        return new Verdict
        {
            Format = verdict.Format,
            Outcome = reason is null ? verdict.Outcome : VerdictOutcome.Refused,
            Checks = [.. verdict.Checks, new Check(Check, Rule, reason is null ? CheckOutcome.Passed : CheckOutcome.Failed, found, reason, reason?.Advice)],
            Facts = verdict.Facts,
            Device = reason is null ? verdict.Device : null,
        };
    }

    /// <summary>The verdict as it was before the ledger, the tickets and the webhooks were asked: what the evidence alone is worth.</summary>
    public static Verdict WithoutLedger(Verdict verdict)
    {
        var checks = verdict.Checks.Where(check => check.Name is not (Check or TicketReasons.Check or WebhookAnswers.Check)).ToList();
        return checks.Count == verdict.Checks.Count ? verdict : new Verdict
        {
            Format = verdict.Format,
            Outcome = checks.Exists(check => check.Outcome == CheckOutcome.Failed) ? VerdictOutcome.Refused : VerdictOutcome.Accepted,
            Checks = checks,
            Facts = verdict.Facts,
            Device = verdict.Device,
        };
    }

    /// <summary>What was found; throws where the device may not go on.</summary>
    public static string Require(LedgerMatch match, UnknownDevices unknown)
    {
        var (reason, found) = Find(match, unknown);
        return reason is null ? found : throw Problems.Unauthorized(reason.Code, $"{Check}: {Rule}; {found}. {reason.Advice}");
    }

    /// <summary>Whether an officer has to say first that the device is ours.</summary>
    public static bool AwaitsApproval(LedgerMatch match, UnknownDevices unknown) => unknown == UnknownDevices.Approve && match.Device?.State == DeviceState.Pending;

    /// <summary>Refuses early what is held against a device; whether it is known at all is told only to who proves to be it.</summary>
    public static void RequireNothingAgainst(LedgerMatch match)
    {
        foreach (var device in match.Devices.Where(device => Held(device) is not null))
        {
            Require(new LedgerMatch([device]), UnknownDevices.Refuse);
        }
    }

    private static (Reason? Reason, string Found) Find(LedgerMatch match, UnknownDevices unknown) => match.Devices switch
    {
        [] when match.IsUnnamed => (null, "the evidence names no device; its ticket vouches for it"),
        [] when unknown == UnknownDevices.Register => (null, "the device is not in the ledger; the profile registers it"),
        [] when unknown == UnknownDevices.Approve => (null, "the device is not in the ledger; it comes there, and waits for an officer"),
        [] => (Unknown, "the device is not in the ledger"),
        [{ State: DeviceState.Pending } device] => unknown switch
        {
            UnknownDevices.Approve => (null, $"device {device.Id} is {device.State.Name()} since {device.StateSince:u}: an officer must agree"),
            UnknownDevices.Register => (null, $"device {device.Id} is {device.State.Name()}; this profile registers whoever comes"),
            _ => (Unapproved, $"device {device.Id} is {device.State.Name()} since {device.StateSince:u}"),
        },
        [var device] => (Held(device), $"device {device.Id} is {device.State.Name()}{(device.Inventory is { } inventory ? $"; {inventory}" : "")}"),
        _ => (Ambiguous, $"its identifiers belong to {match.Devices.Count} devices of the ledger"),
    };

    private static Reason? Held(Device device) => device.State switch
    {
        DeviceState.Quarantined => Quarantined,
        DeviceState.Blocked => Blocked,
        DeviceState.Retired => Retired,
        _ => null,
    };

    private static Reason Row(string code, string advice) => new(code, "ledger", advice);
}
