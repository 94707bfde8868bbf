using System.Formats.Asn1;
using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>
/// Two manufacturers of devices with birth certificates (IEEE 802.1AR). The printers' one follows the standard: HardwareModuleName, no end. The
/// modules' one does as some do: a serial number in the subject alone, and certificates that end after three years.
/// </summary>
internal sealed class IdevidVendor
{
    /// <summary>Hardware type in the printers' certificates, under a UUID (X.667).</summary>
    public const string PrinterType = "2.25.108838171977201940065572333276395298";

    /// <summary>Hardware type of the modules: their certificates do not name it, so that the anchor must.</summary>
    public const string ModuleType = "2.25.231498336004203027971151384673081744700";

    public const string PrinterRootName = "DeviceAcme Simulator Printer Root CA";
    public const string ModuleRootName = "DeviceAcme Simulator IoT Module Root CA";

    public IdevidVendor(Seed seed)
    {
        Seed = seed;
        PrinterRoot = FakeCa.Root(seed, PrinterRootName, EcDomain.P384);
        PrinterCa = PrinterRoot.Intermediate("DeviceAcme Simulator Printer Manufacturing CA 1", EcDomain.P256);
        ModuleRoot = FakeCa.Root(seed, ModuleRootName, EcDomain.P256);
        ModuleCa = ModuleRoot.Intermediate("DeviceAcme Simulator IoT Module Manufacturing CA 1", EcDomain.P256);
    }

    public Seed Seed { get; }
    public FakeCa PrinterRoot { get; }
    public FakeCa PrinterCa { get; }
    public FakeCa ModuleRoot { get; }
    public FakeCa ModuleCa { get; }

    /// <summary>What an operator says of the modules' root, and of no other: <c>terms.yaml</c> beside the anchors.</summary>
    public string Terms =>
        $$"""
        # birth certificates of the simulator's IoT modules name their serial number in the subject alone, and have ended long ago
        anchors:
          {{Convert.ToHexStringLower(SHA256.HashData(ModuleRoot.Certificate))}}:
            provenance: made by the simulator
            hardware-type: {{ModuleType}}
            expired: ignore

        """;

    /// <summary>Subject of a birth certificate: the device's serial number is an attribute of it (RFC 8995 §2.3.1).</summary>
    public static byte[] Subject(string model, string? serialNumber)
    {
        List<(string, string)> attributes = [(Oids.Organization, FakeCa.Organization), (Oids.CommonName, model)];
        if (serialNumber is not null)
        {
            attributes.Add((Oids.SerialNumber, serialNumber));
        }

        return Der.Name([.. attributes]);
    }

    /// <summary>SAN with HardwareModuleNames (RFC 4108 §5).</summary>
    public static ExtensionFields HardwareModules(params (string Type, byte[] Serial)[] modules) => new(Oids.SubjectAlternativeName, false, Der.Sequence(writer =>
    {
        foreach (var (type, serial) in modules)
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                writer.WriteObjectIdentifier(Oids.HardwareModuleName);
                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(type);
                    writer.WriteOctetString(serial);
                }
            }
        }
    }));
}
