using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Ledger;

/// <summary>Reads the ledger for administrators.</summary>
internal sealed class DeviceRecords(AcmeDb db)
{
    /// <summary>Accounts, orders, evidence, certificates of one device that are shown; the lists of each have all.</summary>
    private const int MostHanging = 100;

    /// <summary>One page, newest first.</summary>
    public async Task<DeviceList> List(DeviceFilter filter, Page page, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var rows = filter.Of(context);
        rows = page.Behind is { At: var at, Id: var id } ? rows.Where(device => device.CreatedAt <= at && (device.CreatedAt < at || device.Id < new DeviceId(id))) : rows;
        var found = await rows.OrderByDescending(device => device.CreatedAt).ThenByDescending(device => device.Id).Take(page.Rows).ToListAsync(cancellation);
        var (shown, next) = page.Cut(found, device => Place.Of(device.CreatedAt, device.Id.Value));
        return new DeviceList { Devices = Entries(context, shown), Next = next };
    }

    public async Task<DeviceEntry> Find(DeviceId id, CancellationToken cancellation)
    {
        await using var context = db.Read();
        return Entries(context, [await context.Devices.FirstOrDefaultAsync(device => device.Id == id, cancellation) ?? throw NotFound()])[0];
    }

    /// <summary>What hangs from a device.</summary>
    /// <param name="caller">Sees what is of their profiles.</param>
    public async Task<DeviceEnrollments> Enrollments(DeviceId id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        await Require(context, id, cancellation);
        var within = caller.Profiles;
        var proofs = context.Authorizations.Where(proof => proof.Device == id && (within == null || within.Contains(proof.Profile)));
        var accounts = await context.Accounts.Where(account => proofs.Select(proof => proof.AccountId).Contains(account.Id))
            .OrderByDescending(account => account.CreatedAt).ThenBy(account => account.Id).Take(MostHanging + 1)
            .Select(account => new { account.Id, account.Profile, account.Status, account.CreatedAt }).ToListAsync(cancellation);
        var orders = await proofs.Join(context.OrderAuthorizations, proof => proof.Id, link => link.AuthorizationId, (proof, link) => new { proof.EvidenceId, link.OrderId })
            .Join(context.Orders, link => link.OrderId, order => order.Id, (link, order) => new { link.EvidenceId, Order = order })
            .OrderByDescending(row => row.Order.CreatedAt).ThenBy(row => row.Order.Id).Take(MostHanging + 1).ToListAsync(cancellation);
        var certificates = await context.Certificates.Where(row => row.Device == id && (within == null || within.Contains(row.Profile)))
            .OrderByDescending(row => row.CreatedAt).ThenBy(row => row.Id).Take(MostHanging + 1).ToListAsync(cancellation);
        var evidence = await context.Evidence.Where(row => row.Device == id && (within == null || within.Contains(row.Profile)))
            .OrderByDescending(row => row.At).ThenByDescending(row => row.Id).Take(MostHanging + 1).ToListAsync(cancellation);

        // what cannot prove itself comes by a ticket: only the certificate and its verdict name the device
        var (shownOrders, shownAccounts) = (orders.Select(row => row.Order.Id).ToHashSet(), accounts.Select(row => row.Id).ToHashSet());
        var (byTicket, itsAccounts) = (certificates.Select(row => row.Order).Where(order => !shownOrders.Contains(order)).ToList(), certificates.Select(row => row.Account).Where(account => !shownAccounts.Contains(account)).ToList());
        orders.AddRange(await context.Orders.Where(order => byTicket.Contains(order.Id)).Select(order => new { EvidenceId = (EvidenceId?)null, Order = order }).ToListAsync(cancellation));
        accounts.AddRange(await context.Accounts.Where(account => itsAccounts.Contains(account.Id)).Select(account => new { account.Id, account.Profile, account.Status, account.CreatedAt }).ToListAsync(cancellation));
        return new DeviceEnrollments
        {
            DeviceId = id.Value,
            Accounts = [.. accounts.Take(MostHanging).Select(row => new DeviceAccountEntry { Id = row.Id.Value, Profile = row.Profile, Status = row.Status.ToString().ToLowerInvariant(), CreatedAt = row.CreatedAt })],
            Orders = [.. orders.Take(MostHanging).Select(row => Entry(row.Order, row.EvidenceId))],
            Evidence = [.. evidence.Take(MostHanging).Select(EvidenceArchive.Entry)],
            Certificates = [.. certificates.Take(MostHanging).Select(Entry)],
            More = new[] { accounts.Count, orders.Count, evidence.Count, certificates.Count }.Max() > MostHanging,
        };
    }

    /// <summary>What happened to a device and with it, newest first.</summary>
    /// <param name="caller">Sees what is of their profiles, and what is of none: the ledger's own events.</param>
    public async Task<AuditPage> History(DeviceId id, Page page, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        await Require(context, id, cancellation);
        var (within, behind) = (caller.Profiles, page.Behind?.Number);
        var found = await context.Events
            .Where(row => row.Device == id && (behind == null || row.Sequence < behind) && (within == null || row.Profile == null || within.Contains(row.Profile)))
            .OrderByDescending(row => row.Sequence).Take(page.Rows).ToListAsync(cancellation);
        var (shown, next) = page.Cut(found, row => Place.Of(row.Sequence));
        return new AuditPage { Events = [.. shown.Select(AuditChain.Record)], Next = next };
    }

    /// <summary>How devices are told, with their names.</summary>
    public static IReadOnlyList<DeviceEntry> Entries(AcmeContext context, IReadOnlyCollection<Device> devices)
    {
        var names = context.NamesOf(devices);
        var enrolled = context.LastEnrolled(devices);
        return
        [
            .. devices.Select(device => new DeviceEntry
            {
                Id = device.Id.Value,
                Identifiers = names[device.Id].GroupBy(key => key.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal)
                    .ToDictionary(kind => kind.Key, kind => (IReadOnlyList<string>)[.. kind.Select(key => key.Value).Order(StringComparer.Ordinal)]),
                Label = device.Label,
                Owner = device.Owner,
                Groups = device.Groups,
                Attributes = device.Attributes,
                State = device.State.Name(),
                StateSince = device.StateSince,
                StateReason = device.StateReason,
                ReplacedBy = device.ReplacedBy?.Value,
                CreatedAt = device.CreatedAt,
                LastSeenAt = device.LastSeenAt,
                LastEnrolledAt = enrolled.TryGetValue(device.Id, out var at) ? at : null,
                Version = device.Version,
            }),
        ];
    }

    public static DeviceCertificateEntry Entry(StoredCertificate row) => new()
    {
        Id = row.Id.Value,
        OrderId = row.Order.Value,
        AccountId = row.Account.Value,
        Profile = row.Profile,
        Serial = row.Serial,
        NotBefore = row.NotBefore,
        NotAfter = row.NotAfter,
        RevokedAt = row.RevokedAt,
    };

    public static ProblemException NotFound() =>
        Problems.Malformed("device-not-found", "path: the ledger has no device of this id", StatusCodes.Status404NotFound);

    private static async Task Require(AcmeContext context, DeviceId id, CancellationToken cancellation)
    {
        if (!await context.Devices.AnyAsync(device => device.Id == id, cancellation))
        {
            throw NotFound();
        }
    }

    private static DeviceOrderEntry Entry(Order order, EvidenceId? evidence) => new()
    {
        Id = order.Id.Value,
        AccountId = order.AccountId.Value,
        Profile = order.Profile,
        Status = order.Status.Wire(),
        CreatedAt = order.CreatedAt,
        EvidenceId = evidence?.Value,
        CertificateId = order.CertificateId?.Value,
    };
}
