using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Tickets;

/// <summary>What a ticket says, as facts for rules and templates; they are the organisation's word, and need no evidence.</summary>
internal static class TicketFacts
{
    public const string Prefix = "ticket.";

    private const string Id = Prefix + "id";
    private const string Note = Prefix + "note";
    private const string CreatedBy = Prefix + "created-by";

    public static IEnumerable<Fact> Of(Ticket ticket)
    {
        yield return Say(Id, ticket.Id.Value);
        yield return Say(CreatedBy, ticket.CreatedBy);
        if (ticket.Note is { } note)
        {
            yield return Say(Note, note);
        }

        foreach (var (key, value) in ticket.Attributes)
        {
            yield return Say(Prefix + key, value);
        }
    }

    /// <summary>These facts and those of the tickets, of which the first says what several would; whatever evidence calls by such a name does not count.</summary>
    public static FactSet With(this FactSet facts, IEnumerable<Ticket> tickets) =>
        new(facts.All.Where(fact => !IsTicket(fact.Name)).Concat(tickets.SelectMany(Of).DistinctBy(fact => fact.Name)));

    public static bool IsTicket(string fact) => fact.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>True for the key of an attribute that a ticket uses itself.</summary>
    public static bool IsTaken(string key) => Prefix + key is Id or Note or CreatedBy;

    private static Fact Say(string name, string value) => new(name, new FactValue.Text(value), Proven: true);
}
