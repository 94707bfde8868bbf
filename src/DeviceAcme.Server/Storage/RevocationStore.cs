using DeviceAcme.Core.Revocation;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>Revocations and CRLs in the database.</summary>
internal sealed class RevocationStore(AcmeDb db) : IRevocationStore
{
    public bool IsShared => db.IsShared;

    public async Task<IReadOnlyDictionary<string, long>> Numbers(CancellationToken cancellation)
    {
        await using var context = db.Read();
        return await context.Crls.ToDictionaryAsync(crl => crl.IssuerKeyId, crl => crl.Number, StringComparer.Ordinal, cancellation);
    }

    public async Task<IReadOnlyList<RevokedCertificate>> Revoked(string issuerKeyId, DateTimeOffset endsAtOrAfter, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var certificates = await context.Certificates
            .Where(certificate => certificate.IssuerKeyId == issuerKeyId && certificate.RevokedAt != null && certificate.NotAfter >= endsAtOrAfter)
            .Select(certificate => new RevokedCertificate(certificate.Serial, certificate.RevokedAt!.Value, certificate.RevocationReason))
            .ToListAsync(cancellation);
        var attestationKeys = await context.AttestationKeys
            .Where(key => key.IssuerKeyId == issuerKeyId && key.RevokedAt != null && key.NotAfter >= endsAtOrAfter)
            .Select(key => new RevokedCertificate(key.Serial, key.RevokedAt!.Value, key.RevocationReason))
            .ToListAsync(cancellation);
        return [.. certificates.Concat(attestationKeys).OrderBy(certificate => certificate.Serial, StringComparer.Ordinal)];
    }

    public async Task<PublishedCrl?> Last(string issuerKeyId, CancellationToken cancellation)
    {
        await using var context = db.Read();
        return await context.Crls.FirstOrDefaultAsync(crl => crl.IssuerKeyId == issuerKeyId, cancellation) is { } stored
            ? new PublishedCrl(stored.IssuerKeyId, stored.Number, stored.Der, stored.ThisUpdate, stored.NextUpdate)
            : null;
    }

    public Task Save(PublishedCrl crl, CancellationToken cancellation) => db.Commit(context => Save(context, crl), cancellation);

    private static void Save(AcmeContext context, PublishedCrl crl)
    {
        var stored = context.Crls.FirstOrDefault(row => row.IssuerKeyId == crl.IssuerKeyId);
        if (stored is null)
        {
            context.Insert(new StoredCrl { IssuerKeyId = crl.IssuerKeyId, Number = crl.Number, Der = crl.Der.ToArray(), ThisUpdate = crl.ThisUpdate, NextUpdate = crl.NextUpdate });
            return;
        }

        if (crl.Number <= stored.Number)
        {
            throw new CrlNumberException(crl.Number, stored.Number);
        }

        stored.Number = crl.Number;
        stored.Der = crl.Der.ToArray();
        stored.ThisUpdate = crl.ThisUpdate;
        stored.NextUpdate = crl.NextUpdate;
    }
}
