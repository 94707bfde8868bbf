using DeviceAcme.Attestation;
using DeviceAcme.Core.Tickets;

namespace DeviceAcme.Core.Devices;

/// <summary>What the ledger says about a device, as facts for rules and templates; they are the organisation's word, and need no evidence.</summary>
internal static class LedgerFacts
{
    public const string Prefix = "ledger.";
    public const string State = Prefix + "state";

    public static IEnumerable<Fact> Of(Device device)
    {
        foreach (var fact in Of(device.State.Name(), device.Label, device.Owner, device.Groups, device.Attributes))
        {
            yield return fact;
        }

        if (device.Inventory is { } inventory)
        {
            yield return Say(Prefix + "inventory", inventory.Source);
            yield return new Fact(Prefix + "inventory-age", new FactValue.Number((long)inventory.Age.TotalSeconds), Proven: true);
            yield return new Fact(Prefix + "inventory-listed", new FactValue.Flag(inventory.Listed), Proven: true);
        }
    }

    /// <summary>The facts of a device as the ledger tells it to others.</summary>
    public static IEnumerable<Fact> Of(string state, string? label, string? owner, IEnumerable<string> groups, IReadOnlyDictionary<string, string> attributes)
    {
        yield return Say(State, state);
        if (label is not null)
        {
            yield return Say(Prefix + "label", label);
        }

        if (owner is not null)
        {
            yield return Say(Prefix + "owner", owner);
        }

        foreach (var group in groups)
        {
            yield return new Fact($"{Prefix}group.{group}", new FactValue.Flag(true), Proven: true);
        }

        foreach (var (key, value) in attributes)
        {
            yield return Say(Prefix + key, value);
        }
    }

    /// <summary>These facts and those of the ledger; whatever evidence calls by such a name does not count.</summary>
    public static FactSet With(this FactSet facts, Device? device) =>
        new(facts.All.Where(fact => !IsLedger(fact.Name)).Concat(device is null ? [] : Of(device)));

    /// <summary>These facts without those of the ledger and of tickets, which are asked for anew each time.</summary>
    public static FactSet WithoutLedger(this FactSet facts) => new(facts.All.Where(fact => !IsOurs(fact.Name)));

    /// <summary>The same verdict with other facts.</summary>
    public static Verdict With(this Verdict verdict, FactSet facts) =>
        new() { Format = verdict.Format, Outcome = verdict.Outcome, Checks = verdict.Checks, Facts = facts, Device = verdict.Device };

    /// <summary>Whether a fact is the organisation's own word.</summary>
    public static bool IsOurs(string fact) => IsLedger(fact) || TicketFacts.IsTicket(fact);

    public static bool IsLedger(string fact) => fact.StartsWith(Prefix, StringComparison.Ordinal);

    private static Fact Say(string name, string value) => new(name, new FactValue.Text(value), Proven: true);
}
