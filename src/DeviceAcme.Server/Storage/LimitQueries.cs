using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Storage;

/// <summary>Whether a device and an account have room for more, by the profile's limits. Without limits nothing is asked.</summary>
/// <remarks>
/// What counts for a device is what it proved: orders that merely name it are anybody's, and must not use up its room.
/// </remarks>
internal static class LimitQueries
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Refuses an order for which there would be no room.</summary>
    /// <exception cref="ProblemException"><c>rateLimited</c>.</exception>
    public static void RequireRoomForOrder(this AcmeContext context, CertificateProfile profile, AccountId account, IEnumerable<AcmeIdentifier> ordered, DateTimeOffset now)
    {
        if (profile.AccountLimits.OrdersPerHour is { } limit)
        {
            var since = now - Hour;
            RequireFewer(LimitReasons.AccountOrders, limit, context.Orders.Where(order => order.AccountId == account && order.CreatedAt > since && order.Profile == profile.Name).Select(order => order.CreatedAt), Hour, now);
        }

        context.RequireRoomForCertificate(profile, account, null, now);
        if (profile.Devices.Limits == Limits.None)
        {
            return;
        }

        foreach (var identifier in ordered.Where(identifier => identifier.Type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule))
        {
            if (context.Match(profile.KeysOf(identifier)).Device is { } device)
            {
                context.RequireRoomForProof(profile, device.Id, now);
                context.RequireRoomForCertificate(profile, null, device.Id, now);
            }
        }
    }

    /// <summary>Refuses a device that proves itself too often, or for too many accounts.</summary>
    /// <exception cref="ProblemException"><c>rateLimited</c>.</exception>
    public static void RequireRoomForProof(this AcmeContext context, CertificateProfile profile, DeviceId device, AccountId account, DateTimeOffset now)
    {
        context.RequireRoomForProof(profile, device, now);
        if (profile.Devices.Limits.Accounts is { } limit)
        {
            var ends = context.AccountsOf(profile, device, now);
            if (!ends.ContainsKey(account) && ends.Count >= limit)
            {
                throw LimitReasons.Refusal(LimitReasons.DeviceAccounts, limit, ends.Values.Order().ElementAt(ends.Count - limit), now);
            }
        }
    }

    /// <summary>Refuses a certificate more than the profile allows.</summary>
    /// <param name="account">Null where it is not asked for.</param>
    /// <param name="device">Null where there is none.</param>
    /// <exception cref="ProblemException"><c>rateLimited</c>.</exception>
    public static void RequireRoomForCertificate(this AcmeContext context, CertificateProfile profile, AccountId? account, DeviceId? device, DateTimeOffset now)
    {
        var valid = context.Certificates.Where(row => row.RevokedAt == null && row.NotAfter > now && row.Profile == profile.Name);
        if (account is not null && profile.AccountLimits.Certificates is { } ofAccount)
        {
            RequireFewer(LimitReasons.AccountCertificates, ofAccount, valid.Where(row => row.Account == account).Select(row => row.NotAfter), TimeSpan.Zero, now);
        }

        if (device is not null && profile.Devices.Limits.Certificates is { } ofDevice)
        {
            RequireFewer(LimitReasons.DeviceCertificates, ofDevice, valid.Where(row => row.Device == device).Select(row => row.NotAfter), TimeSpan.Zero, now);
        }
    }

    private static void RequireRoomForProof(this AcmeContext context, CertificateProfile profile, DeviceId device, DateTimeOffset now)
    {
        if (profile.Devices.Limits.OrdersPerHour is not { } limit)
        {
            return;
        }

        // an order needs its authorization to be good when it is made, so older ones are not looked at
        var since = now - Hour;
        var proven = context.Authorizations.Where(proof => proof.Device == device && proof.Expires > since && proof.Profile == profile.Name)
            .Join(context.OrderAuthorizations, proof => proof.Id, link => link.AuthorizationId, (_, link) => link.OrderId)
            .Join(context.Orders, id => id, order => order.Id, (_, order) => order.CreatedAt)
            .Where(at => at > since);
        RequireFewer(LimitReasons.DeviceOrders, limit, proven, Hour, now);
    }

    /// <summary>The accounts that have a valid certificate of the device, or a proof of it that is still good, and until when.</summary>
    private static Dictionary<AccountId, DateTimeOffset> AccountsOf(this AcmeContext context, CertificateProfile profile, DeviceId device, DateTimeOffset now)
    {
        var proofs = context.Authorizations.Where(proof => proof.Device == device && proof.Expires > now && proof.Profile == profile.Name && proof.Status == AuthorizationStatus.Valid)
            .Select(proof => new { Account = proof.AccountId, End = proof.Expires }).ToList();
        var certificates = context.Certificates.Where(row => row.Device == device && row.RevokedAt == null && row.NotAfter > now && row.Profile == profile.Name)
            .Select(row => new { row.Account, End = row.NotAfter }).ToList();
        return proofs.Concat(certificates).GroupBy(row => row.Account, row => row.End)
            .Where(account => context.Accounts.Any(row => row.Id == account.Key && row.Status == AccountStatus.Valid))
            .ToDictionary(account => account.Key, account => account.Max());
    }

    /// <param name="times">When each of what counts was made, or ends.</param>
    /// <param name="after">How long after that it counts no more.</param>
    private static void RequireFewer(Attestation.Reason reason, int limit, IQueryable<DateTimeOffset> times, TimeSpan after, DateTimeOffset now)
    {
        var count = times.Count();
        if (count >= limit)
        {
            throw LimitReasons.Refusal(reason, limit, times.Order().Skip(count - limit).First() + after, now);
        }
    }
}
