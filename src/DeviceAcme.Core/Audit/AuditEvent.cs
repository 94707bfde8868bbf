using DeviceAcme.Core.Tickets;

namespace DeviceAcme.Core.Audit;

/// <summary>One thing that happened, written in the transaction of the transition that it describes. Rows are append-only.</summary>
internal sealed class AuditEvent
{
    /// <summary>Order of the events, given by the store.</summary>
    public long Sequence { get; private set; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Stable dotted name, for example <c>order.created</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Which administrator did it or was refused: <see cref="Administration.AdminCaller.Name"/>; or the part of the server that did it by itself; null for what clients do.</summary>
    public string? Actor { get; init; }

    public string? Profile { get; init; }
    public AccountId? Account { get; init; }
    public OrderId? Order { get; init; }
    public AuthorizationId? Authorization { get; init; }
    public CertificateId? Certificate { get; init; }
    public DeviceId? Device { get; init; }

    /// <summary>Reason code of a refusal.</summary>
    public string? Reason { get; init; }

    /// <summary>What was said, for people; holds no evidence, tokens or keys. The codes of tickets, which devices order as identifiers, are taken out here.</summary>
    public string? Detail { get; init => field = value is null ? null : TicketCode.Redact(value); }

    /// <summary>The hash of the event before.</summary>
    public byte[]? Previous { get; private set; }

    /// <summary>What holds this event and all before it in place; given by the store with <see cref="Sequence"/>.</summary>
    public byte[]? Hash { get; private set; }

    /// <summary>Gives the event its place among the others.</summary>
    public void Number(long sequence) => Sequence = sequence;

    /// <summary>Sets the event behind the one with this hash.</summary>
    public void Chain(byte[] previous)
    {
        Previous = previous;
        Hash = AuditChain.Hash(AuditChain.Record(this));
    }
}
