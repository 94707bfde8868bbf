using System.Formats.Asn1;
using System.Text;

namespace DeviceAcme.Attestation.X509;

/// <summary>The parts of a subject alternative name that identify devices: directoryName, PermanentIdentifier, HardwareModuleName.</summary>
/// <param name="DirectoryAttributes">All attributes of all directoryNames, in order.</param>
/// <param name="PermanentIdentifiers">As an order writes them: <c>value</c> or <c>value/assigner</c> (device-attest §3).</param>
/// <param name="HardwareModules">All HardwareModuleNames, in order.</param>
internal sealed record AlternativeNames(
    IReadOnlyList<NameAttribute> DirectoryAttributes, IReadOnlyList<string> PermanentIdentifiers, IReadOnlyList<HardwareModule> HardwareModules)
{
    private const int MaxNames = 32;
    private static readonly Asn1Tag OtherName = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag OtherNameValue = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag DirectoryName = new(TagClass.ContextSpecific, 4, isConstructed: true);

    public static AlternativeNames None { get; } = new([], [], []);

    /// <summary>Reads the extension's value; throws <see cref="AsnContentException"/>.</summary>
    public static AlternativeNames Read(ReadOnlyMemory<byte> value)
    {
        var attributes = new List<NameAttribute>();
        var permanent = new List<string>();
        var modules = new List<HardwareModule>();
        var file = new AsnReader(value, AsnEncodingRules.DER);
        var names = file.ReadSequence();
        file.ThrowIfNotEmpty();
        for (var count = 0; names.HasData; count++)
        {
            if (count == MaxNames)
            {
                throw new AsnContentException($"more than {MaxNames} alternative names");
            }

            var tag = names.PeekTag();
            if (tag.HasSameClassAndValue(OtherName))
            {
                ReadOtherName(names.ReadSequence(OtherName), permanent, modules);
            }
            else if (tag.HasSameClassAndValue(DirectoryName))
            {
                attributes.AddRange(DistinguishedName.Read(names.ReadSequence(DirectoryName).ReadEncodedValue()));
            }
            else
            {
                names.ReadEncodedValue();
            }
        }

        return new AlternativeNames(attributes, permanent, modules);
    }

    private static void ReadOtherName(AsnReader name, List<string> permanent, List<HardwareModule> modules)
    {
        switch (name.ReadObjectIdentifier())
        {
            case Oids.PermanentIdentifier:
                permanent.Add(ReadPermanentIdentifier(Content(name)));
                break;
            case Oids.HardwareModuleName:
                modules.Add(HardwareModule.Read(Content(name)));
                break;
            default:
                // names of vendors' own types are not all as X.509 wants them: Cisco leaves the [0] out
                break;
        }
    }

    private static AsnReader Content(AsnReader name)
    {
        var value = name.ReadSequence(OtherNameValue);
        name.ThrowIfNotEmpty();
        var content = value.ReadSequence();
        value.ThrowIfNotEmpty();
        return content;
    }

    // RFC 4043 §3; device-attest §3.2 makes identifierValue mandatory
    private static string ReadPermanentIdentifier(AsnReader sequence)
    {
        if (!sequence.HasData || !sequence.PeekTag().HasSameClassAndValue(new Asn1Tag(UniversalTagNumber.UTF8String)))
        {
            throw new AsnContentException("a PermanentIdentifier without identifierValue");
        }

        var value = sequence.ReadCharacterString(UniversalTagNumber.UTF8String);
        var assigner = sequence.HasData ? sequence.ReadObjectIdentifier() : null;
        sequence.ThrowIfNotEmpty();
        if (value.Length == 0)
        {
            throw new AsnContentException("a PermanentIdentifier with an empty identifierValue");
        }

        if (assigner is not null)
        {
            return $"{value}/{assigner}";
        }

        // without this, the value "A/1.2" and the value "A" with the assigner 1.2 would be the same order
        var slash = value.LastIndexOf('/');
        return slash >= 0 && IsDottedDecimal(value.AsSpan(slash + 1))
            ? throw new AsnContentException("a PermanentIdentifier whose value ends like an assigner")
            : value;
    }

    private static bool IsDottedDecimal(ReadOnlySpan<char> text) => !text.IsEmpty && text.IndexOfAnyExcept("0123456789.") < 0;
}

/// <summary>A HardwareModuleName (RFC 4108 §5): the type of a module and its serial number, which may be any octets.</summary>
internal sealed record HardwareModule(string Type, ReadOnlyMemory<byte> Serial)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The serial number as text; null where it is not UTF-8.</summary>
    public string? SerialText
    {
        get
        {
            try
            {
                return StrictUtf8.GetString(Serial.Span);
            }
            catch (DecoderFallbackException)
            {
                return null;
            }
        }
    }

    /// <summary>As an order writes it, <c>serial/type</c>; null where no order can name it (device-attest §4: one or more octets of UTF-8, no slash).</summary>
    public string? Ordered => SerialText is { Length: > 0 } serial && !serial.Contains('/', StringComparison.Ordinal) ? $"{serial}/{Type}" : null;

    public static HardwareModule Read(AsnReader sequence)
    {
        var module = new HardwareModule(sequence.ReadObjectIdentifier(), sequence.ReadOctetString());
        sequence.ThrowIfNotEmpty();
        return module;
    }
}
