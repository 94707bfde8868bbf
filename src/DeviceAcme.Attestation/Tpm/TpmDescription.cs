using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>How a certificate describes its TPM (TCG EK Credential Profile §3.2.9): manufacturer, model and version, with facts made of them.</summary>
internal sealed class TpmDescription
{
    public const string Manufacturer = "2.23.133.2.1";
    public const string Model = "2.23.133.2.2";
    public const string Version = "2.23.133.2.3";

    private const string Specification = "2.23.133.2.16";

    private TpmDescription()
    {
    }

    /// <summary>Null where the manufacturer is missing or not of the form <c>id:XXXXXXXX</c>.</summary>
    public TpmVendor? Vendor { get; private init; }

    public string? ModelText { get; private init; }
    public string? VersionText { get; private init; }

    /// <summary>True for software vendors and for virtual TPMs of hardware vendors.</summary>
    public bool Virtual => Vendor is { Software: true } || ModelText is "vTPM" or "swtpm";

    /// <summary>A virtual TPM whose certificate describes it in its cloud's own way.</summary>
    public static TpmDescription OfCloud(string vendorId) => new() { Vendor = TpmVendors.Read($"id:{vendorId}"), ModelText = "vTPM" };

    /// <summary>Reads the attributes of a name; one multi-valued RDN or three RDNs: they are taken together.</summary>
    public static TpmDescription Read(IReadOnlyList<NameAttribute> attributes)
    {
        string? Value(string oid) => attributes.FirstOrDefault(attribute => attribute.Oid == oid)?.Value;
        return new TpmDescription
        {
            Vendor = Value(Manufacturer) is { } id ? TpmVendors.Read(id) : null,
            ModelText = Value(Model),
            VersionText = Value(Version),
        };
    }

    /// <summary>
    /// The attributes of subjectDirectoryAttributes (RFC 5280 §4.2.1.8): the specification, and by some vendors what belongs into the alternative
    /// name; others are passed over. Throws <see cref="AsnContentException"/>.
    /// </summary>
    public static (IReadOnlyList<NameAttribute> Attributes, string? Specification) ReadDirectoryAttributes(ReadOnlyMemory<byte> value)
    {
        var attributes = new List<NameAttribute>();
        string? specification = null;
        var file = new AsnReader(value, AsnEncodingRules.DER);
        var list = file.ReadSequence();
        file.ThrowIfNotEmpty();
        while (list.HasData)
        {
            var attribute = list.ReadSequence();
            var oid = attribute.ReadObjectIdentifier();
            var values = attribute.ReadSetOf(skipSortOrderValidation: true);
            if (oid == Specification && values.HasData)
            {
                specification = ReadSpecification(values.ReadSequence());
            }
            else if (oid is Manufacturer or Model or Version && values.HasData)
            {
                attributes.Add(new NameAttribute(oid, DistinguishedName.ReadString(values)));
            }
        }

        return (attributes, specification);
    }

    public IEnumerable<(string Name, FactValue Value)> Facts()
    {
        if (Vendor is { } vendor)
        {
            yield return ("tpm.manufacturer", new FactValue.Text(vendor.Name));
            yield return ("tpm.manufacturer-id", new FactValue.Text(vendor.Id));
            yield return ("tpm.manufacturer-registered", new FactValue.Flag(vendor.Registered));
            yield return ("tpm.virtual", new FactValue.Flag(Virtual));
            if (Level(vendor) is { } level)
            {
                yield return (AssuranceLevel.Fact, new FactValue.Text(level));
            }
        }

        if (ModelText is { } model)
        {
            yield return ("tpm.model", TextOrBlank(model));
        }

        if (VersionText is { } version)
        {
            yield return ("tpm.firmware-version", TextOrBlank(version.StartsWith("id:", StringComparison.Ordinal) ? version[3..] : version));
        }
    }

    // of a vendor that nobody registered nothing is known
    private string? Level(TpmVendor vendor) =>
        vendor.Hypervisor || ModelText == "vTPM" ? AssuranceLevel.Virtual
        : Virtual ? AssuranceLevel.Software
        : vendor.Registered ? AssuranceLevel.Hardware
        : null;

    // TPMSpecification ::= SEQUENCE { family UTF8String, level INTEGER, revision INTEGER }, shown as "2.0 level 0 revision 116"
    private static string ReadSpecification(AsnReader sequence)
    {
        var family = sequence.ReadCharacterString(UniversalTagNumber.UTF8String);
        return sequence.TryReadInt32(out var level) && sequence.TryReadInt32(out var revision)
            ? $"{family} level {level} revision {revision}"
            : throw new AsnContentException("tpmSpecification with a number out of range");
    }

    private static FactValue TextOrBlank(string value) => value.Length == 0 ? new FactValue.Blank() : new FactValue.Text(value);
}
