using System.Formats.Asn1;
using System.Text;

namespace DeviceAcme.Attestation.X509;

/// <summary>The parts of a subject alternative name that identify devices: directoryName, PermanentIdentifier, HardwareModuleName.</summary>
/// <param name="DirectoryAttributes">All attributes of all directoryNames, in order.</param>
/// <param name="PermanentIdentifiers">As an order writes them: <c>value</c> or <c>value/assigner</c> (device-attest §3).</param>
/// <param name="HardwareModules">As an order writes them: <c>serial/type</c> (device-attest §4).</param>
internal sealed record AlternativeNames(
    IReadOnlyList<NameAttribute> DirectoryAttributes, IReadOnlyList<string> PermanentIdentifiers, IReadOnlyList<string> HardwareModules)
{
    private const int MaxNames = 32;
    private static readonly Asn1Tag OtherName = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag OtherNameValue = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag DirectoryName = new(TagClass.ContextSpecific, 4, isConstructed: true);
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static AlternativeNames None { get; } = new([], [], []);

    /// <summary>Reads the extension's value; throws <see cref="AsnContentException"/>.</summary>
    public static AlternativeNames Read(ReadOnlyMemory<byte> value)
    {
        var attributes = new List<NameAttribute>();
        var permanent = new List<string>();
        var modules = new List<string>();
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

    private static void ReadOtherName(AsnReader name, List<string> permanent, List<string> modules)
    {
        var type = name.ReadObjectIdentifier();
        var value = name.ReadSequence(OtherNameValue);
        name.ThrowIfNotEmpty();
        switch (type)
        {
            case Oids.PermanentIdentifier:
                permanent.Add(ReadPermanentIdentifier(value.ReadSequence()));
                value.ThrowIfNotEmpty();
                break;
            case Oids.HardwareModuleName:
                modules.Add(ReadHardwareModule(value.ReadSequence()));
                value.ThrowIfNotEmpty();
                break;
        }
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

    // RFC 4108 §5
    private static string ReadHardwareModule(AsnReader sequence)
    {
        var type = sequence.ReadObjectIdentifier();
        var serial = sequence.ReadOctetString();
        sequence.ThrowIfNotEmpty();
        try
        {
            return $"{StrictUtf8.GetString(serial)}/{type}";
        }
        catch (DecoderFallbackException)
        {
            // device-attest §4: a serial that is not UTF-8 cannot be ordered
            throw new AsnContentException("a HardwareModuleName whose serial number is not UTF-8");
        }
    }

    private static bool IsDottedDecimal(ReadOnlySpan<char> text) => !text.IsEmpty && text.IndexOfAnyExcept("0123456789.") < 0;
}
