using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Tickets;

/// <summary>What one challenge has to do with tickets.</summary>
internal sealed record TicketQuestion
{
    /// <summary>The ordered value must be the code of a ticket.</summary>
    public required bool ByCode { get; init; }

    /// <summary>The ticket with that code; null where there is none, or where a name was ordered.</summary>
    public Ticket? Presented { get; init; }

    /// <summary>The ticket that the account came of.</summary>
    public Ticket? OfAccount { get; init; }

    /// <summary>The entry of the ledger that one of them is for, with the names that it has there; null where neither names one.</summary>
    public Device? Device { get; init; }

    /// <summary>The names of that entry.</summary>
    public IReadOnlyList<DeviceKey> DeviceNames { get; init; } = [];

    public required AccountId Account { get; init; }
    public required string Profile { get; init; }
    public required DateTimeOffset Now { get; init; }

    /// <summary>The tickets whose word counts, the presented one first.</summary>
    public IEnumerable<Ticket> Tickets => new[] { Presented, OfAccount }.OfType<Ticket>().DistinctBy(ticket => ticket.Id);
}

/// <summary>Whether a ticket can be used, and by the device that it is for.</summary>
internal static class TicketCheck
{
    /// <summary>The verdict on the evidence with the word on its tickets, and what the ledger has under the names that count now.</summary>
    /// <param name="match">What the ledger has under <paramref name="names"/>.</param>
    /// <param name="names">The names that the evidence proves.</param>
    /// <returns>The reason apart, because a ticket is not evidence: a profile that merely observes evidence still wants it good.</returns>
    public static (Verdict Verdict, LedgerMatch Match, Reason? Reason) Judge(Verdict verdict, TicketQuestion question, LedgerMatch match, IReadOnlyList<DeviceKey> names)
    {
        var matched = names.Count == 0 && question.ByCode ? LedgerMatch.Unnamed : match;
        if (!question.ByCode && question.Device is null)
        {
            return (verdict, matched, null);
        }

        var (reason, found, owner) = Find(question, matched, names, verdict.Outcome == VerdictOutcome.Accepted);
        var refused = reason is not null || verdict.Outcome == VerdictOutcome.Refused;
        var judged = new Verdict
        {
            Format = verdict.Format,
            Outcome = refused ? VerdictOutcome.Refused : verdict.Outcome,
            Checks = [.. verdict.Checks, new Check(TicketReasons.Check, TicketReasons.Rule, reason is null ? CheckOutcome.Passed : CheckOutcome.Failed, found, reason, reason?.Advice)],
            Facts = verdict.Facts,
            Device = refused ? null : verdict.Device,
        };
        return (judged, owner is null ? matched : new LedgerMatch([owner]), reason);
    }

    /// <summary>Refuses the order of a device that is not the ticket's. Whose evidence has no names is judged when it comes.</summary>
    public static void RequireDevice(TicketQuestion question, LedgerMatch match, IReadOnlyList<DeviceKey> ordered)
    {
        if (question.Device is not null && DeviceObjection(question, match, ordered, question.Device) is { Reason: { } reason } objection)
        {
            throw Problems.RejectedIdentifier(reason.Code, $"identifier: {objection.Found}. {reason.Advice}");
        }
    }

    /// <summary>What was found; throws where an authorization stands on a ticket that was taken back since.</summary>
    public static string RequireNotRevoked(IEnumerable<Ticket> tickets)
    {
        var used = tickets.ToList();
        return used.Find(ticket => ticket.RevokedAt is not null) is { } revoked
            ? throw Problems.Unauthorized(TicketReasons.Revoked.Code, $"{TicketReasons.Check}: {revoked.Explain(TicketReasons.Revoked)}. {TicketReasons.Revoked.Advice}")
            : string.Join(", ", used.Select(ticket => $"ticket {ticket.Id}"));
    }

    private static (Reason? Reason, string Found, Device? Owner) Find(TicketQuestion question, LedgerMatch match, IReadOnlyList<DeviceKey> names, bool accepted)
    {
        if (question.ByCode)
        {
            if (question.Presented is not { } ticket)
            {
                return (TicketReasons.Unknown, "the ordered value is no ticket's", null);
            }

            if (ticket.Objection(question.Profile, question.Account, question.Now) is { } reason)
            {
                return (reason, ticket.Explain(reason), null);
            }
        }

        // what refused evidence names proves nothing
        if (question.Device is not { } device || !accepted)
        {
            return (null, string.Join(", ", question.Tickets.Select(ticket => $"ticket {ticket.Id}")), null);
        }

        var (objection, found) = DeviceObjection(question, match, names, device);
        return (objection, found, objection is null ? device : null);
    }

    private static (Reason? Reason, string Found) DeviceObjection(TicketQuestion question, LedgerMatch match, IReadOnlyList<DeviceKey> names, Device device)
    {
        if (match.Device?.Id == device.Id)
        {
            return (null, $"device {device.Id} is the ticket's");
        }

        // an entry without hardware names waits for those of the device that comes with its ticket
        var waits = !question.DeviceNames.Any(name => DeviceKey.IsProvable(name.Kind));
        return (waits, names.Count, match.Devices.Count) switch
        {
            (true, _, 0) => (null, $"the ticket is for device {device.Id}, which has no hardware names yet"),
            (false, 0, _) => (TicketReasons.DeviceUnproven, $"the ticket is for device {device.Id}; the evidence names none"),
            _ => (TicketReasons.DeviceDifferent, $"the ticket is for device {device.Id}; this is {(match.Device is { } other ? $"device {other.Id}" : match.Devices.Count > 1 ? "several others" : "one that the ledger does not have")}"),
        };
    }
}
