using System.Collections.Immutable;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Tpm;

/// <summary>The attestation keys that this installation certified: listed, revoked, and, once revoked, refused as evidence at once.</summary>
internal sealed class AttestationKeyLedger(AcmeDb db, CrlPublisher crls, TimeProvider time) : IFormatPolicySource
{
    private readonly Lazy<RevokedKeys> _revoked = new(() => new RevokedKeys(Revoked(db, time.GetUtcNow())));

    /// <inheritdoc/>
    public FormatPolicy For(AttestationRule rule) => new TpmPolicy { RevokedAttestationKeys = _revoked.Value.Fingerprints };

    /// <summary>One page, newest first.</summary>
    /// <param name="identifier">Of one TPM alone; null for all.</param>
    public async Task<AttestationKeyList> List(string? identifier, Page page, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var profiles = caller.Profiles;
        var keys = page.Behind is { At: var at, Id: var id }
            ? context.AttestationKeys.Where(key => key.CreatedAt <= at && (key.CreatedAt < at || key.Id < new CertificateId(id)))
            : context.AttestationKeys;
        if (identifier is not null)
        {
            keys = keys.Where(key => context.DeviceIdentifiers.Any(name => name.Value == identifier && name.Device == key.Device));
        }

        var found = await keys.Where(key => profiles == null || profiles.Contains(key.Profile))
            .OrderByDescending(key => key.CreatedAt)
            .ThenByDescending(key => key.Id)
            .Take(page.Rows)
            .ToListAsync(cancellation);
        var (shown, next) = page.Cut(found, key => Place.Of(key.CreatedAt, key.Id.Value));
        return new AttestationKeyList { Keys = Entries(context, shown), Next = next };
    }

    /// <summary>Revokes all of a device's in the caller's transaction; <see cref="Distrust"/> and the CRLs of the issuers follow the commit.</summary>
    public (IReadOnlyList<AttestationKeyEntry> Keys, IReadOnlyList<string> Issuers) RevokeAll(AcmeContext context, Device device, int? reason, AdminCaller caller, DateTimeOffset now)
    {
        var keys = context.AttestationKeys.Where(key => key.Device == device.Id && key.RevokedAt == null && key.NotAfter > now).OrderBy(key => key.CreatedAt).ToList();
        foreach (var key in keys)
        {
            context.Record(Revoke(key, reason, caller, now));
        }

        return (Entries(context, keys), [.. keys.Select(key => key.IssuerKeyId).Distinct()]);
    }

    /// <summary>Evidence of these keys is refused from now on.</summary>
    public void Distrust(IEnumerable<AttestationKeyEntry> revoked)
    {
        foreach (var key in revoked)
        {
            _revoked.Value.Add(key.Fingerprint);
        }
    }

    /// <summary>Revokes one; the CRL of its attestation CA has it when this returns.</summary>
    public async Task<AttestationKeyEntry> Revoke(CertificateId id, AdminCaller caller, CancellationToken cancellation)
    {
        var (entry, issuer) = await db.Commit(context => Revoke(context, id, caller), cancellation);
        Distrust([entry]);
        await crls.Publish(issuer);
        return entry;
    }

    private (AttestationKeyEntry Entry, string Issuer) Revoke(AcmeContext context, CertificateId id, AdminCaller caller)
    {
        var key = context.AttestationKeys.FirstOrDefault(row => row.Id == id)
            ?? throw Problems.Malformed("attestation-key-unknown", "path: no attestation key of this id was certified here", StatusCodes.Status404NotFound);
        caller.RequireProfile(key.Profile);
        if (key.RevokedAt is not null)
        {
            throw Problems.AlreadyRevoked("attestation-key-already-revoked", "path: this attestation key's certificate has been revoked already");
        }

        context.Record(Revoke(key, null, caller, time.GetUtcNow()));
        return (Entries(context, [key])[0], key.IssuerKeyId);
    }

    private static AuditEvent Revoke(StoredAttestationKey key, int? reason, AdminCaller caller, DateTimeOffset now)
    {
        key.RevokedAt = now;
        // RFC 5280 §5.3.1: unspecified is said by leaving the reason out
        key.RevocationReason = reason is 0 ? null : reason;
        return new AuditEvent
        {
            At = now,
            Kind = "attestation-key.revoked",
            Actor = caller.Name,
            Profile = key.Profile,
            Certificate = key.Id,
            Device = key.Device,
            Detail = reason is null ? null : $"reason {reason}",
        };
    }

    private static IReadOnlyList<AttestationKeyEntry> Entries(AcmeContext context, IReadOnlyList<StoredAttestationKey> keys)
    {
        if (keys.Count == 0)
        {
            return [];
        }

        var ids = keys.Select(key => key.Device).Distinct().ToList();
        var names = context.DeviceIdentifiers.Where(name => ids.Contains(name.Device) && name.Kind == AcmeIdentifier.PermanentIdentifier).AsEnumerable().ToLookup(name => name.Device, name => name.Value);
        return [.. keys.Select(key => Entry(key, names[key.Device].Order(StringComparer.Ordinal).FirstOrDefault() ?? key.Device.Value))];
    }

    private static AttestationKeyEntry Entry(StoredAttestationKey key, string identifier) => new()
    {
        Id = key.Id.Value,
        Profile = key.Profile,
        DeviceId = key.Device.Value,
        Identifier = identifier,
        Serial = key.Serial,
        Fingerprint = key.Fingerprint,
        EvidenceId = key.Evidence.Value,
        NotBefore = key.NotBefore,
        NotAfter = key.NotAfter,
        RevokedAt = key.RevokedAt,
    };

    // the chain refuses those whose time is over
    private static IEnumerable<string> Revoked(AcmeDb db, DateTimeOffset now)
    {
        using var context = db.Read();
        return [.. context.AttestationKeys.Where(key => key.RevokedAt != null && key.NotAfter > now).Select(key => key.Fingerprint)];
    }

    /// <summary>Few at any time; every judgement reads the same set.</summary>
    private sealed class RevokedKeys(IEnumerable<string> fingerprints)
    {
        private ImmutableHashSet<string> _fingerprints = [.. fingerprints];

        public IReadOnlySet<string> Fingerprints => Volatile.Read(ref _fingerprints);

        public void Add(string fingerprint) => ImmutableInterlocked.Update(ref _fingerprints, set => set.Add(fingerprint));
    }
}
