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
        var found = await keys
            .Join(context.Devices, key => key.Device, device => device.Id, (key, device) => new { Key = key, device.IdentifierValue })
            .Where(row => identifier == null || row.IdentifierValue == identifier)
            .Where(row => profiles == null || profiles.Contains(row.Key.Profile))
            .OrderByDescending(row => row.Key.CreatedAt)
            .ThenByDescending(row => row.Key.Id)
            .Take(page.Rows)
            .ToListAsync(cancellation);
        var (shown, next) = page.Cut(found, row => Place.Of(row.Key.CreatedAt, row.Key.Id.Value));
        return new AttestationKeyList { Keys = [.. shown.Select(row => Entry(row.Key, row.IdentifierValue))], Next = next };
    }

    /// <summary>Revokes one; the CRL of its attestation CA has it when this returns.</summary>
    public async Task<AttestationKeyEntry> Revoke(CertificateId id, AdminCaller caller, CancellationToken cancellation)
    {
        var (entry, issuer) = await db.Commit(context => Revoke(context, id, caller), cancellation);
        _revoked.Value.Add(entry.Fingerprint);
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

        key.RevokedAt = time.GetUtcNow();
        context.Record(new AuditEvent { At = key.RevokedAt.Value, Kind = "attestation-key.revoked", Actor = caller.Name, Profile = key.Profile, Certificate = key.Id });
        return (Entry(key, context.Devices.Single(device => device.Id == key.Device).IdentifierValue), key.IssuerKeyId);
    }

    private static AttestationKeyEntry Entry(StoredAttestationKey key, string identifier) => new()
    {
        Id = key.Id.Value,
        Profile = key.Profile,
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
