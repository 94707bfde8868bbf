using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Vault;

/// <summary>Says what became of an order and why: every stored verdict on it, with what was compared and what would help.</summary>
internal sealed class Explainer(AcmeDb db, ProfileVersions profiles, TimeProvider time)
{
    /// <summary>More events than any order has; the rest is cut off.</summary>
    private const int MostEvents = 500;

    /// <summary>Explains what the id names: an order, or an authorization, challenge, certificate (or its serial number) or evidence of one; null where nothing has it.</summary>
    public async Task<OrderExplanation?> Explain(string id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var now = time.GetUtcNow();
        if (await Resolve(context, id, cancellation) is not { } subject)
        {
            return null;
        }

        caller.RequireProfile(subject.Profile);
        subject = subject with { Pending = await context.PendingIssuances.FirstOrDefaultAsync(pending => pending.Order == subject.OrderId, cancellation) };
        var ids = subject.Authorizations.Select(authorization => authorization.Id).ToArray();
        var evidence = await context.Evidence
            .Where(row => (row.Authorization != null && ids.Contains(row.Authorization.Value)) || (subject.OrderId != null && row.Order == subject.OrderId) || row.Id == subject.EvidenceId)
            .OrderBy(row => row.At).ThenBy(row => row.Id)
            .Select(row => new StoredVerdict(row.Id, row.Kind, row.At, row.Accepted, row.Reason, row.Format, row.IdentifierType, row.IdentifierValue, row.Order, row.Challenge, row.Anomalies, row.Verdict))
            .ToListAsync(cancellation);
        var history = await context.Events
            .Where(happened => (subject.OrderId != null && happened.Order == subject.OrderId) || (happened.Authorization != null && ids.Contains(happened.Authorization.Value)))
            .OrderBy(happened => happened.Sequence)
            .Take(MostEvents)
            .Select(happened => new HistoryEntry { At = happened.At, Kind = happened.Kind, Reason = happened.Reason, Detail = happened.Detail })
            .ToListAsync(cancellation);
        return Story.Of(subject, evidence, history, profiles, now);
    }

    private static async Task<ExplainedSubject?> Resolve(AcmeContext context, string id, CancellationToken cancellation)
    {
        if (context.FindOrder(new OrderId(id)) is { } order)
        {
            return new ExplainedSubject(order.Order, order.Authorizations, null);
        }

        if ((context.FindAuthorization(new AuthorizationId(id)) ?? context.FindAuthorizationOf(new ChallengeId(id))) is { } authorization)
        {
            return OfAuthorization(context, authorization, null);
        }

        // the serial number as clients show it, with or without colons
        var serial = id.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        var certificateId = new CertificateId(id);
        if (await context.Certificates.FirstOrDefaultAsync(row => row.Id == certificateId, cancellation) is { } certificate
            || (certificate = await context.Certificates.FirstOrDefaultAsync(row => row.Serial == serial, cancellation)) is not null)
        {
            return context.FindOrder(certificate.Order) is { } issued ? new ExplainedSubject(issued.Order, issued.Authorizations, null) : null;
        }

        var evidenceId = new EvidenceId(id);
        var evidence = await context.Evidence.Where(row => row.Id == evidenceId).Select(row => new { row.Order, row.Authorization, row.Profile }).FirstOrDefaultAsync(cancellation);
        return evidence switch
        {
            null => null,
            { Order: { } of } when context.FindOrder(of) is { } found => new ExplainedSubject(found.Order, found.Authorizations, evidenceId),
            { Authorization: { } of } when context.FindAuthorization(of) is { } found => OfAuthorization(context, found, evidenceId),
            _ => new ExplainedSubject(null, [], evidenceId) { Profile = evidence.Profile },
        };
    }

    // an authorization can serve several orders (RFC 8555 §7.4.1): the newest is what people ask about
    private static ExplainedSubject OfAuthorization(AcmeContext context, Authorization authorization, EvidenceId? evidence)
    {
        var newest = context.OrderAuthorizations.Where(link => link.AuthorizationId == authorization.Id)
            .Join(context.Orders, link => link.OrderId, order => order.Id, (_, order) => order)
            .OrderByDescending(order => order.CreatedAt)
            .Select(order => (OrderId?)order.Id)
            .FirstOrDefault();
        return newest is { } id && context.FindOrder(id) is { } found
            ? new ExplainedSubject(found.Order, found.Authorizations, evidence)
            : new ExplainedSubject(null, [authorization], evidence);
    }
}

/// <summary>What is explained.</summary>
internal sealed record ExplainedSubject(Order? Order, IReadOnlyList<Authorization> Authorizations, EvidenceId? EvidenceId)
{
    public OrderId? OrderId => Order?.Id;

    /// <summary>What the order waits or waited for; null where it was issued at once.</summary>
    public PendingIssuance? Pending { get; init; }

    /// <summary>The profile that it belongs to.</summary>
    public string? Profile { get; init; } = Order?.Profile ?? Authorizations.FirstOrDefault()?.Profile;
}

/// <summary>A stored verdict without its bytes.</summary>
internal sealed record StoredVerdict(
    EvidenceId Id, string Kind, DateTimeOffset At, bool Accepted, string? Reason, string Format, string? IdentifierType, string? IdentifierValue,
    OrderId? Order, ChallengeId? Challenge, string? Anomalies, string Verdict);
