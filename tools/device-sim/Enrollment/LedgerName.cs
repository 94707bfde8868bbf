using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>How a ledger of devices knows a device: by the kind of identifier and the value that its evidence proves.</summary>
internal static class LedgerName
{
    /// <param name="kind">Its kind.</param>
    /// <param name="serial">Its serial number or the name of its TPM; null for the one that the kind has by itself.</param>
    /// <param name="vendors">Who made it.</param>
    /// <param name="tpmVendor">The vendor's id in its endorsement certificate, where that is not the simulator's.</param>
    /// <returns>Null for a device that proves no name: a host, or one under User Enrollment.</returns>
    public static (string Kind, string Value)? Of(DeviceKind kind, string? serial, FakeVendors vendors, string? tpmVendor = null) => kind.Format switch
    {
        EvidenceFormat.None => null,
        _ when !kind.NamesItself => null,
        EvidenceFormat.Tpm => ("permanent-identifier", new FakeTpm(vendors.Tpm, serial ?? kind.Serial).Identifier),
        EvidenceFormat.Endorsement => ("permanent-identifier", TpmVendor.Identifier(TpmDevices.Endorsement(vendors, serial ?? kind.Serial, EkKind.Rsa2048, tpmVendor, FakeCa.Epoch).Make().Certificates[0])),
        EvidenceFormat.Idevid => ("hardware-module", kind.Name == "printer" ? IdevidDevice.PrinterIdentifier(serial ?? kind.Serial) : IdevidDevice.ModuleIdentifier(serial ?? kind.Serial)),
        _ => ("serial", serial ?? kind.Serial),
    };
}
