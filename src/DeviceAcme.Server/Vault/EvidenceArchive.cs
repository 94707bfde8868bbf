using System.Buffers.Text;
using System.Text.Json;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Vault;

/// <summary>What the vault holds, for administrators.</summary>
internal sealed class EvidenceArchive(AcmeDb db, ProfileVersions profiles, TimeProvider time)
{
    /// <summary>One page of what the filter asks for.</summary>
    public async Task<EvidenceList> List(EvidenceFilter filter, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var rows = await Ordered(Filtered(context, filter), filter)
            .Take(filter.Page.Rows)
            .Select(row => new Row(
                row.Id, row.Kind, row.At, row.Accepted, row.Reason, row.Format, row.Profile, row.ProfileHash, row.AnchorSetHash, row.IdentifierType, row.IdentifierValue,
                row.Account, row.Order, row.Authorization, row.Challenge, row.Device, row.Anomalies, row.Statement != null))
            .ToListAsync(cancellation);
        var (shown, next) = filter.Page.Cut(rows, row => Place.Of(row.At, row.Id.Value));
        return new EvidenceList { Evidence = [.. shown.Select(Entry)], Next = next };
    }

    /// <summary>One verdict with everything that belongs to it; null where there is none of this id.</summary>
    public async Task<EvidenceRecord?> Find(EvidenceId id, CancellationToken cancellation)
    {
        await using var context = db.Read();
        if (await context.Evidence.FirstOrDefaultAsync(row => row.Id == id, cancellation) is not { } found)
        {
            return null;
        }

        var profile = await context.Profiles.FirstOrDefaultAsync(row => row.Hash == found.ProfileHash, cancellation);
        var retention = profiles.Find(found.Profile)?.Evidence ?? EvidenceRetention.Default;
        return new EvidenceRecord(Entry(found), JsonElement.Parse(found.Verdict))
        {
            Statement = found.Statement is { } statement ? Base64Url.EncodeToString(statement) : null,
            Token = found.Token,
            Thumbprint = found.Thumbprint,
            ProfileText = profile?.Text,
            StatementUntil = found.Statement is null ? null : found.At + (retention.Statements ?? TimeSpan.Zero),
            Until = found.At + (retention.Verdicts ?? TimeSpan.Zero),
        };
    }

    /// <summary>An administrator looked at an anomaly and found it in order: what this evidence showed is never refused or reported again.</summary>
    /// <returns>The names of the anomalies.</returns>
    public Task<IReadOnlyList<string>> Acknowledge(EvidenceId id, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return db.Commit<IReadOnlyList<string>>(context =>
        {
            // with 'keep: none' there is no row of the evidence, but there is what it showed
            var evidence = context.Evidence.FirstOrDefault(row => row.Id == id);
            if (evidence is not null)
            {
                // before anything is said about it
                caller.RequireProfile(evidence.Profile);
            }

            var named = EvidenceVault.ReadAnomalies(evidence?.Anomalies)?.Select(anomaly => anomaly.Name).ToHashSet() ?? [];
            var shown = context.Sightings.Where(row => row.Evidence == id).ToList().FindAll(row => named.Contains(row.Kind) || row.State == SightingState.Refused);
            if (shown.Count == 0)
            {
                throw evidence is null ? Problems.Malformed("evidence-unknown", "path: there is no evidence of this id", StatusCodes.Status404NotFound)
                    : named.Count == 0 ? Problems.Malformed("anomaly-missing", "path: nothing about this evidence is unusual", StatusCodes.Status409Conflict)
                    : Problems.Malformed("anomaly-superseded", "path: later evidence showed the same; acknowledge the newest", StatusCodes.Status409Conflict);
            }

            caller.RequireProfile(evidence?.Profile);
            shown.ForEach(row => row.State = SightingState.Acknowledged);
            var names = shown.Select(row => row.Kind).Distinct().Order(StringComparer.Ordinal).ToList();
            context.Record(new AuditEvent
            {
                At = now,
                Kind = "anomaly.acknowledged",
                Actor = caller.Name,
                Profile = evidence?.Profile,
                Account = evidence?.Account,
                Authorization = evidence?.Authorization,
                Detail = $"{string.Join(", ", names)}; evidence {id}",
            });
            return names;
        }, cancellation);
    }

    /// <summary>How a stored verdict is listed.</summary>
    public static EvidenceEntry Entry(StoredEvidence row) => Entry(new Row(
        row.Id, row.Kind, row.At, row.Accepted, row.Reason, row.Format, row.Profile, row.ProfileHash, row.AnchorSetHash, row.IdentifierType, row.IdentifierValue,
        row.Account, row.Order, row.Authorization, row.Challenge, row.Device, row.Anomalies, row.Statement is not null));

    private static EvidenceEntry Entry(Row row) => new()
    {
        Id = row.Id.Value,
        Kind = row.Kind,
        At = row.At,
        Accepted = row.Accepted,
        Reason = row.Reason,
        Format = row.Format,
        Profile = row.Profile,
        ProfileHash = row.ProfileHash,
        AnchorSetHash = row.AnchorSetHash,
        Identifier = row.IdentifierType is { } type && row.IdentifierValue is { } value ? new AcmeIdentifier(type, value) : null,
        AccountId = row.Account?.Value,
        OrderId = row.Order?.Value,
        AuthorizationId = row.Authorization?.Value,
        ChallengeId = row.Challenge?.Value,
        DeviceId = row.Device?.Value,
        Anomalies = EvidenceVault.ReadAnomalies(row.Anomalies),
        HasStatement = row.HasStatement,
    };

    private static IQueryable<StoredEvidence> Filtered(AcmeContext context, EvidenceFilter filter)
    {
        var rows = context.Evidence.AsQueryable();
        rows = filter.Since is { } since ? rows.Where(row => row.At >= since) : rows;
        rows = filter.Until is { } until ? rows.Where(row => row.At < until) : rows;
        rows = filter.Kind is { } kind ? rows.Where(row => row.Kind == kind) : rows;
        rows = filter.Profile is { } profile ? rows.Where(row => row.Profile == profile) : rows;
        rows = filter.Within is { } within ? rows.Where(row => within.Contains(row.Profile)) : rows;
        rows = filter.Format is { } format ? rows.Where(row => row.Format == format) : rows;
        rows = filter.Accepted is { } accepted ? rows.Where(row => row.Accepted == accepted) : rows;
        rows = filter.Reason is { } reason ? rows.Where(row => row.Reason == reason) : rows;
        if (filter.Device is { } device)
        {
            var id = Devices(context, device).FirstOrDefault() ?? new DeviceId(device);
            rows = rows.Where(row => row.Device == id);
        }

        return rows;
    }

    private static IEnumerable<DeviceId?> Devices(AcmeContext context, string value) =>
        context.DeviceIdentifiers.Where(name => name.Value == value).Select(name => (DeviceId?)name.Device);

    // one side of the cursor's time is asked for by itself, so that the index is entered there and not read from its end
    private static IQueryable<StoredEvidence> Ordered(IQueryable<StoredEvidence> rows, EvidenceFilter filter)
    {
        if (filter.Page.Behind is not { } behind)
        {
            return filter.OldestFirst ? rows.OrderBy(row => row.At).ThenBy(row => row.Id) : rows.OrderByDescending(row => row.At).ThenByDescending(row => row.Id);
        }

        var (at, id) = (behind.At, new EvidenceId(behind.Id));
        return filter.OldestFirst
            ? rows.Where(row => row.At >= at && (row.At > at || row.Id > id)).OrderBy(row => row.At).ThenBy(row => row.Id)
            : rows.Where(row => row.At <= at && (row.At < at || row.Id < id)).OrderByDescending(row => row.At).ThenByDescending(row => row.Id);
    }

    private sealed record Row(
        EvidenceId Id, string Kind, DateTimeOffset At, bool Accepted, string? Reason, string Format, string Profile, string ProfileHash, string? AnchorSetHash,
        string? IdentifierType, string? IdentifierValue, AccountId? Account, OrderId? Order, AuthorizationId? Authorization, ChallengeId? Challenge, DeviceId? Device,
        string? Anomalies, bool HasStatement);
}
