using System.Security.Cryptography;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>Apple devices as their ACME client is known to behave: one permanent identifier, no external account, a request with a common name alone.</summary>
internal static class AppleDevices
{
    public static Task<IDevice> Start(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, AppleDevice standard)
    {
        var facts = settings.Facts;
        var device = standard with
        {
            Serial = settings.Serial ?? standard.Serial,
            Udid = facts.Udid ?? (settings.Serial is null ? standard.Udid : AppleDevice.UdidOf(settings.Serial)),
        };
        return Start(settings, vendors, now, device, settings.Ordered ?? device.Serial!);
    }

    /// <summary>Under User Enrollment the evidence has neither serial number nor UDID: a one-time ClientIdentifier stands for the device.</summary>
    public static Task<IDevice> StartAnonymous(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now) => Start(
        settings, vendors, now, AppleDevice.IPhone() with { Serial = null, Udid = null },
        settings.Ordered ?? throw new SimulatorException("a device under User Enrollment has nothing to order but its ticket", "--client-identifier tkt_…, from 'deviceacme ticket add --profile apple-user-enrollment'"));

    private static Task<IDevice> Start(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, AppleDevice device, string ordered)
    {
        var facts = settings.Facts;
        var maker = new AppleMaker(vendors().Apple, now)
        {
            Batch = settings.InHaste,
            Device = device with
            {
                Model = facts.Model ?? device.Model,
                OsVersion = facts.OsVersion ?? device.OsVersion,
                SepOsVersion = facts.OsVersion ?? device.SepOsVersion,
                LlbVersion = facts.OsVersion ?? device.LlbVersion,
                SecureBoot = facts.SecureBoot ?? device.SecureBoot,
                Sip = facts.Sip ?? device.Sip,
            },
        }.With(settings.Faults<AppleFault>());
        if (settings.Key("ec-p384") is not ECDsa key)
        {
            throw new SimulatorException("Apple attests EC keys alone", "choose --key ec-p256 or ec-p384");
        }

        return Task.FromResult<IDevice>(new AttestingDevice(
            settings.Kind, new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, ordered), challenge => maker.Make(challenge, key), key)
        {
            ShortSignatures = settings.ShortSignatures ?? true,
            Csr = settings.Csr ?? new CsrContent { CommonName = ordered },
        });
    }
}
