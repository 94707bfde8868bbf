using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Orders;

/// <summary>How far the issuance of a processing order is.</summary>
internal enum IssuanceState
{
    /// <summary>An officer has to agree.</summary>
    Waiting,

    /// <summary>Nothing stands in its way: the worker issues it.</summary>
    Issuing,

    /// <summary>It has ended; the order says how.</summary>
    Closed,
}

/// <summary>What an officer said.</summary>
internal enum OfficerDecision
{
    Approved,
    Refused,
}

/// <summary>Why an officer has to agree.</summary>
[Flags]
internal enum ApprovalCauses
{
    None = 0,

    /// <summary>The profile says so for every order.</summary>
    Profile = 1,

    /// <summary>The device is genuine, and nobody has said yet that it is ours.</summary>
    UnknownDevice = 2,
}

/// <summary>A finalized order that takes time: the CSR and everything that a worker needs to end it, whatever process it runs in.</summary>
/// <remarks>Each event has one method: guard, change, audit event. There are no silent no-ops.</remarks>
internal sealed class PendingIssuance
{
    private PendingIssuance()
    {
    }

    public OrderId Order { get; private init; }
    public AccountId Account { get; private init; }
    public string Profile { get; private init; } = "";

    /// <summary>Whom an answer is about: later orders of the same subject may go by it.</summary>
    public string Subject { get; private init; } = "";

    /// <summary>The one device of the order; null where there is none, or more than one.</summary>
    public DeviceId? Device { get; private init; }

    public ApprovalCauses Causes { get; private init; }
    public IssuanceState State { get; private set; }

    /// <summary>PKCS#10 as the client sent it; null once it has ended.</summary>
    public byte[]? Csr { get; private set; }

    public DateTimeOffset RequestedAt { get; private init; }

    /// <summary>When the waiting ends.</summary>
    public DateTimeOffset Expires { get; private init; }

    public OfficerDecision? Decision { get; private set; }
    public DateTimeOffset? DecidedAt { get; private set; }
    public string? DecidedBy { get; private set; }

    /// <summary>What the officer said about it; that of a refusal reaches the client.</summary>
    public string? Comment { get; private set; }

    /// <summary>The certificate's serial number, lower-case hex: it is known here before anything is signed with it.</summary>
    public string? Serial { get; private set; }

    /// <summary>How often the signature was asked for.</summary>
    public int Attempts { get; private set; }

    /// <summary>Why the last attempt led to nothing, where that was our fault.</summary>
    public string? Failure { get; private set; }

    public int Version { get; private set; }

    public static PendingIssuance Create(Order order, string subject, DeviceId? device, ApprovalCauses causes, ReadOnlyMemory<byte> csr, TimeSpan patience, DateTimeOffset now) => new()
    {
        Order = order.Id,
        Account = order.AccountId,
        Profile = order.Profile,
        Subject = subject,
        Device = device,
        Causes = causes,
        Csr = csr.ToArray(),
        RequestedAt = now,
        Expires = now + patience,
    };

    /// <summary>The subject of an order without a device: the account with what it ordered.</summary>
    public static string SubjectOf(Order order)
    {
        var ordered = string.Join('\n', order.Identifiers.Select(identifier => identifier.ToString()).Order(StringComparer.Ordinal));
        return $"account:{order.AccountId}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ordered)))}";
    }

    /// <summary>The subject of orders of a device.</summary>
    public static string SubjectOf(DeviceId device) => $"device:{device}";

    /// <summary>Why it waits, for people.</summary>
    public static string Say(ApprovalCauses causes) => string.Join("; ", new[]
    {
        causes.HasFlag(ApprovalCauses.Profile) ? "the profile asks for an officer's approval" : null,
        causes.HasFlag(ApprovalCauses.UnknownDevice) ? "the device is genuine and not known: an officer must say that it is ours" : null,
    }.OfType<string>());

    public AuditEvent Approve(string? comment, string actor, DateTimeOffset now)
    {
        Decide(OfficerDecision.Approved, comment, actor, now);
        State = IssuanceState.Issuing;
        return Event("order.approved", now, actor, null, comment);
    }

    /// <summary>What it waited for came about without an officer: the ledger knows the device by now.</summary>
    public AuditEvent LetGo(string why, DateTimeOffset now)
    {
        Require(IssuanceState.Waiting);
        State = IssuanceState.Issuing;
        return Event("order.approval-not-needed", now, null, null, why);
    }

    public AuditEvent Refuse(string reason, string actor, DateTimeOffset now)
    {
        Decide(OfficerDecision.Refused, reason, actor, now);
        Close();
        return Event("order.refused", now, actor, ApprovalReasons.Refused.Code, reason);
    }

    /// <summary>The worker is about to ask for a signature. The serial number of the first attempt is that of all.</summary>
    public void Claim(string serial)
    {
        Require(IssuanceState.Issuing);
        Serial ??= serial;
        Attempts++;
    }

    /// <summary>The attempt led to nothing, by our own fault: it is tried again.</summary>
    public void Fail(string failure)
    {
        Require(IssuanceState.Issuing);
        Failure = failure;
    }

    /// <summary>The order has ended.</summary>
    public void Close()
    {
        if (State == IssuanceState.Closed)
        {
            throw new InvalidOperationException($"the issuance of order {Order} has ended already");
        }

        State = IssuanceState.Closed;
        Csr = null;
    }

    private void Decide(OfficerDecision decision, string? comment, string actor, DateTimeOffset now)
    {
        if (State != IssuanceState.Waiting)
        {
            throw Problems.Malformed(
                "approval-decided",
                $"order: it does not wait for an officer any more: {(Decision is { } said ? $"{DecidedBy} {said.ToString().ToLowerInvariant()} it at {DecidedAt:u}" : "it has ended, or nobody was needed")}",
                409);
        }

        Decision = decision;
        Comment = comment;
        DecidedBy = actor;
        DecidedAt = now;
    }

    private void Require(IssuanceState state)
    {
        if (State != state)
        {
            throw new InvalidOperationException($"the issuance of order {Order} is {State}, and not {state}");
        }
    }

    private AuditEvent Event(string kind, DateTimeOffset now, string? actor, string? reason, string? detail) =>
        new() { At = now, Kind = kind, Actor = actor, Profile = Profile, Account = Account, Order = Order, Device = Device, Reason = reason, Detail = detail };
}
