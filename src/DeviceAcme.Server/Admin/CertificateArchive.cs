using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Which certificates are asked for, and which page of them.</summary>
internal sealed record CertificateFilter
{
    public required Page Page { get; init; }

    /// <summary><c>valid</c>, <c>revoked</c> or <c>expired</c>.</summary>
    public string? Status { get; init; }

    public string? Profile { get; init; }
    public string? Account { get; init; }
    public string? Order { get; init; }

    /// <summary>Hex, with or without colons.</summary>
    public string? Serial { get; init; }

    /// <summary>A device's id, or one of its identifiers.</summary>
    public string? Device { get; init; }

    /// <summary>Those that are valid now and end before; the list begins with the next to end.</summary>
    public DateTimeOffset? ExpiringBefore { get; init; }

    /// <summary>The profiles whose certificates the caller may see; null for all.</summary>
    public IReadOnlyList<string>? Within { get; init; }
}

/// <summary>The issued certificates, for administrators.</summary>
internal sealed class CertificateArchive(AcmeDb db, CrlPublisher crls, TimeProvider time)
{
    /// <summary>One page, newest first; of those that end soon, the next to end first.</summary>
    public async Task<CertificateList> List(CertificateFilter filter, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var now = time.GetUtcNow();
        var rows = await Filtered(context, filter, now, cancellation);
        Func<StoredCertificate, Place> place;
        if (filter.ExpiringBefore is { } end)
        {
            place = row => Place.Of(row.NotAfter, row.Id.Value);
            rows = rows.Where(row => row.NotAfter > now && row.NotAfter < end && row.RevokedAt == null);
            rows = filter.Page.Behind is { At: var at, Id: var id } ? rows.Where(row => row.NotAfter >= at && (row.NotAfter > at || row.Id > new CertificateId(id))) : rows;
            rows = rows.OrderBy(row => row.NotAfter).ThenBy(row => row.Id);
        }
        else
        {
            place = row => Place.Of(row.CreatedAt, row.Id.Value);
            rows = filter.Page.Behind is { At: var at, Id: var id } ? rows.Where(row => row.CreatedAt <= at && (row.CreatedAt < at || row.Id < new CertificateId(id))) : rows;
            rows = rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id);
        }

        var (shown, next) = filter.Page.Cut(await rows.Take(filter.Page.Rows).ToListAsync(cancellation), place);
        return new CertificateList { Certificates = [.. shown.Select(row => Entry(row, now))], Next = next };
    }

    /// <summary>One certificate by its id or its serial number.</summary>
    /// <exception cref="ProblemException">There is none, or it is of a profile that is not the caller's.</exception>
    public async Task<CertificateRecord> Find(string id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var row = Require(context, id, caller);
        var hash = row.Chains[0];
        var chain = await context.Chains.SingleAsync(stored => stored.Hash == hash, cancellation);
        var identifiers = await context.Orders.Where(order => order.Id == row.Order).Select(order => order.Identifiers).SingleAsync(cancellation);
        return new CertificateRecord(Entry(row, time.GetUtcNow()), Convert.ToHexStringLower(SHA256.HashData(row.Certificate)), row.IssuerKeyId, TicketCode.Redact(identifiers), CertificatePem.Write(row.Certificate, chain.Certificates));
    }

    /// <summary>Takes one back; its issuer's CRL has it when this returns.</summary>
    /// <exception cref="ProblemException">There is none, it is of a profile that is not the caller's, or it is revoked already.</exception>
    public async Task Revoke(string id, int? reason, string? comment, AdminCaller caller, CancellationToken cancellation)
    {
        var issuer = await db.Commit(
            context =>
            {
                var row = Require(context, id, caller);
                context.Record(row.Revoke(reason, by: null, caller.Name, time.GetUtcNow(), comment));
                return row.IssuerKeyId;
            },
            cancellation);
        await crls.Publish(issuer);
    }

    private static StoredCertificate Require(AcmeContext context, string id, AdminCaller caller)
    {
        var certificateId = new CertificateId(id);
        var serial = Hex(id);
        var row = context.Certificates.FirstOrDefault(row => row.Id == certificateId) ?? context.Certificates.FirstOrDefault(row => row.Serial == serial)
            ?? throw Problems.Malformed("certificate-unknown", "path: no certificate of this id or serial number was issued here", StatusCodes.Status404NotFound);
        caller.RequireProfile(row.Profile);
        return row;
    }

    private static async Task<IQueryable<StoredCertificate>> Filtered(AcmeContext context, CertificateFilter filter, DateTimeOffset now, CancellationToken cancellation)
    {
        var rows = filter.Status switch
        {
            "valid" => context.Certificates.Where(row => row.RevokedAt == null && row.NotAfter > now),
            "revoked" => context.Certificates.Where(row => row.RevokedAt != null),
            "expired" => context.Certificates.Where(row => row.RevokedAt == null && row.NotAfter <= now),
            _ => context.Certificates.AsQueryable(),
        };
        rows = filter.Profile is { } profile ? rows.Where(row => row.Profile == profile) : rows;
        rows = filter.Within is { } within ? rows.Where(row => within.Contains(row.Profile)) : rows;
        if (filter.Account is { } account)
        {
            var id = new AccountId(account);
            rows = rows.Where(row => row.Account == id);
        }

        if (filter.Order is { } order)
        {
            var id = new OrderId(order);
            rows = rows.Where(row => row.Order == id);
        }

        if (filter.Serial is { } text)
        {
            var serial = Hex(text);
            rows = rows.Where(row => row.Serial == serial);
        }

        if (filter.Device is { } device)
        {
            var id = await context.DeviceOf(device, cancellation);
            rows = rows.Where(row => row.Device == id);
        }

        return rows;
    }

    private static CertificateEntry Entry(StoredCertificate row, DateTimeOffset now)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(row.Certificate);
        return new CertificateEntry
        {
            Id = row.Id.Value,
            Serial = row.Serial,
            Status = row.RevokedAt is not null ? "revoked" : now >= row.NotAfter ? "expired" : now < row.NotBefore ? "not-yet-valid" : "valid",
            Subject = certificate.Subject,
            Profile = row.Profile,
            OrderId = row.Order.Value,
            AccountId = row.Account.Value,
            DeviceId = row.Device?.Value,
            NotBefore = row.NotBefore,
            NotAfter = row.NotAfter,
            IssuedAt = row.CreatedAt,
            RevokedAt = row.RevokedAt,
            RevocationReason = RevocationReasonNames.NameOf(row.RevocationReason),
        };
    }

    // as programs show it: with or without colons, with or without leading zeros
    private static string Hex(string serial) => serial.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant().TrimStart('0');
}
