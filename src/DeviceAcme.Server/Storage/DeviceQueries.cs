using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Storage;

/// <summary>How devices come into the ledger.</summary>
internal static class DeviceQueries
{
    /// <summary>The device of an identifier that accepted evidence has proven; made where it is new.</summary>
    public static DeviceId Seen(this AcmeContext context, AcmeIdentifier identifier, DateTimeOffset now)
    {
        var device = context.Devices.FirstOrDefault(device => device.IdentifierType == identifier.Type && device.IdentifierValue == identifier.Value);
        if (device is null)
        {
            device = new Device { Id = new DeviceId(Secrets.Id()), IdentifierType = identifier.Type, IdentifierValue = identifier.Value, CreatedAt = now };
            context.Devices.Add(device);
        }

        device.LastSeenAt = now;
        return device.Id;
    }
}
