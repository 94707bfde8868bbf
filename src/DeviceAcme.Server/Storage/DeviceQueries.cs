using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Storage;

/// <summary>How devices are found in the ledger, and how evidence brings them there.</summary>
internal static class DeviceQueries
{
    /// <summary>What the ledger has under these names.</summary>
    public static LedgerMatch Match(this AcmeContext context, IReadOnlyList<DeviceKey> keys)
    {
        var ids = context.IdsOf(keys).Distinct().ToList();
        return ids.Count == 0 ? LedgerMatch.None : new LedgerMatch([.. ids.Select(context.Known)]);
    }

    /// <summary>The device that an authorization proved, or the one that its identifier names.</summary>
    public static LedgerMatch MatchOf(this AcmeContext context, CertificateProfile profile, Authorization authorization) =>
        authorization.Device is { } id ? new LedgerMatch([context.Known(id)])
        : profile.IsByTicket(authorization.Identifier) ? LedgerMatch.Unnamed
        : context.Match(profile.KeysOf(authorization.Identifier));

    /// <summary>Accepted evidence proved these names: the device is seen, or comes into the ledger where it is new; a name that it did not have yet is noted.</summary>
    public static DeviceId Prove(this AcmeContext context, LedgerMatch match, IReadOnlyList<DeviceKey> keys, CertificateProfile profile, DateTimeOffset now)
    {
        AuditEvent? happened;
        if (match.Device is { } device)
        {
            happened = device.Seen(profile.Name, now);
        }
        else
        {
            (device, happened) = profile.Devices.Unknown == UnknownDevices.Approve ? Device.Propose(keys[0], profile.Name, now) : Device.Register(keys[0], profile.Name, now);
            context.Insert(device);
        }

        if (happened is not null)
        {
            context.Record(happened);
        }

        context.Name(device, keys);
        return device.Id;
    }

    /// <summary>Refuses what is ordered for a device that something is held against.</summary>
    public static void RequireNothingAgainst(this AcmeContext context, CertificateProfile profile, IEnumerable<AcmeIdentifier> ordered)
    {
        foreach (var identifier in ordered.Where(identifier => identifier.Type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule))
        {
            Admission.RequireNothingAgainst(context.Match(profile.KeysOf(identifier)));
        }
    }

    /// <summary>Notes names of a device; those that it has already are left as they are.</summary>
    public static void Name(this AcmeContext context, Device device, IReadOnlyList<DeviceKey> keys)
    {
        foreach (var key in keys.Where(key => !context.IdsOf([key]).Any()))
        {
            context.Insert(new DeviceIdentifier { Kind = key.Kind, Value = key.Value, Device = device.Id });
        }
    }

    /// <summary>The device with this id, or the only one that has this identifier, of whatever kind.</summary>
    public static Device? FindDevice(this AcmeContext context, string idOrIdentifier)
    {
        if (context.Devices.FirstOrDefault(device => device.Id == new DeviceId(idOrIdentifier)) is { } device)
        {
            return device;
        }

        var ids = context.DeviceIdentifiers.Where(name => name.Value == idOrIdentifier).Select(name => name.Device).Distinct().Take(2).ToList();
        return ids is [var only] ? context.Devices.Single(found => found.Id == only) : null;
    }

    /// <summary>All names of some devices.</summary>
    public static ILookup<DeviceId, DeviceKey> NamesOf(this AcmeContext context, IEnumerable<Device> devices)
    {
        var ids = devices.Select(device => device.Id).ToList();
        return context.DeviceIdentifiers.Where(name => ids.Contains(name.Device)).AsEnumerable().ToLookup(name => name.Device, name => new DeviceKey(name.Kind, name.Value));
    }

    /// <summary>When each of them last got a certificate; those that never got any are missing.</summary>
    public static IReadOnlyDictionary<DeviceId, DateTimeOffset> LastEnrolled(this AcmeContext context, IEnumerable<Device> devices)
    {
        var ids = devices.Select(device => (DeviceId?)device.Id).ToList();
        return context.Certificates.Where(row => row.Device != null && ids.Contains(row.Device)).GroupBy(row => row.Device)
            .Select(rows => new { Device = rows.Key, At = rows.Max(row => row.CreatedAt) }).AsEnumerable()
            .ToDictionary(row => row.Device!.Value, row => row.At);
    }

    /// <summary>A device that something of the store names.</summary>
    private static Device Known(this AcmeContext context, DeviceId id) => context.Hot.Device(context, id) ?? throw new InvalidOperationException($"the store names the device {id} and does not have it");

    private static IEnumerable<DeviceId> IdsOf(this AcmeContext context, IEnumerable<DeviceKey> keys) => keys.Select(context.DeviceNamed).OfType<DeviceId>();
}
