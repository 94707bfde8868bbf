using System.Formats.Asn1;
using System.Net;
using System.Text;

namespace DeviceAcme.Core.Issuance;

/// <summary>A GeneralName of a subject alternative name (RFC 5280 §4.2.1.6), as far as certificates of devices and servers use it.</summary>
internal abstract record GeneralName
{
    private GeneralName()
    {
    }

    internal sealed record Dns(string Name) : GeneralName;

    internal sealed record Ip(IPAddress Address) : GeneralName;

    internal sealed record Email(string Address) : GeneralName;

    internal sealed record Link(string Uri) : GeneralName;

    internal sealed record UserPrincipal(string Name) : GeneralName;

    /// <summary>An object identifier, dotted decimal.</summary>
    internal sealed record RegisteredId(string Oid) : GeneralName;

    /// <summary>RFC 4043 §2; both parts are optional there, device-attest §3.2 makes the value mandatory.</summary>
    internal sealed record PermanentIdentifier(string? Value, string? Assigner) : GeneralName;

    /// <summary>RFC 4108 §5; the serial's octets are the UTF-8 of the ordered text (device-attest §4.2).</summary>
    internal sealed record HardwareModule(string Type, string Serial) : GeneralName;

    /// <summary>A directoryName with one attribute in each RDN, UTF8String; certificates of TPMs describe their TPM with it. Written, never read.</summary>
    internal sealed record Directory(IReadOnlyList<(string Oid, string Value)> Attributes) : GeneralName;

    /// <summary>Any other kind; <paramref name="What"/> says which, for messages.</summary>
    internal sealed record Other(string What) : GeneralName;

    /// <summary>Writes GeneralNames.</summary>
    public static byte[] Write(IEnumerable<GeneralName> names)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var name in names)
            {
                name.Write(writer);
            }
        }

        return writer.Encode();
    }

    /// <summary>Reads GeneralNames strictly.</summary>
    /// <exception cref="AsnContentException">It is no DER of that type, or a name in it is not well formed.</exception>
    public static IReadOnlyList<GeneralName> Read(ReadOnlyMemory<byte> der)
    {
        var reader = new AsnReader(der, AsnEncodingRules.DER);
        var sequence = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var names = new List<GeneralName>();
        while (sequence.HasData)
        {
            names.Add(ReadOne(sequence));
        }

        return names.Count > 0 ? names : throw new AsnContentException("subjectAltName has no name (RFC 5280 §4.2.1.6 wants at least one)");
    }

    private void Write(AsnWriter writer)
    {
        switch (this)
        {
            case Dns dns:
                writer.WriteCharacterString(UniversalTagNumber.IA5String, dns.Name, Context(2));
                break;
            case Ip ip:
                writer.WriteOctetString(ip.Address.GetAddressBytes(), Context(7));
                break;
            case Email email:
                writer.WriteCharacterString(UniversalTagNumber.IA5String, email.Address, Context(1));
                break;
            case Link link:
                writer.WriteCharacterString(UniversalTagNumber.IA5String, link.Uri, Context(6));
                break;
            case RegisteredId registered:
                writer.WriteObjectIdentifier(registered.Oid, Context(8));
                break;
            case Directory directory:
                WriteDirectory(writer, directory);
                break;
            case UserPrincipal upn:
                WriteOther(writer, Oids.UserPrincipalName, () => writer.WriteCharacterString(UniversalTagNumber.UTF8String, upn.Name));
                break;
            case PermanentIdentifier permanent:
                WriteOther(writer, Oids.PermanentIdentifier, () => WritePermanent(writer, permanent));
                break;
            case HardwareModule module:
                WriteOther(writer, Oids.HardwareModuleName, () => WriteModule(writer, module));
                break;
            default:
                throw new InvalidOperationException($"{this} cannot be written");
        }
    }

    // the tag is EXPLICIT, because Name is a CHOICE (RFC 5280 §4.2.1.6)
    private static void WriteDirectory(AsnWriter writer, Directory directory)
    {
        using (writer.PushSequence(Context(4, true)))
        using (writer.PushSequence())
        {
            foreach (var (oid, value) in directory.Attributes)
            {
                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(oid);
                    writer.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                }
            }
        }
    }

    private static void WritePermanent(AsnWriter writer, PermanentIdentifier permanent)
    {
        using (writer.PushSequence())
        {
            if (permanent.Value is not null)
            {
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, permanent.Value);
            }

            if (permanent.Assigner is not null)
            {
                writer.WriteObjectIdentifier(permanent.Assigner);
            }
        }
    }

    private static void WriteModule(AsnWriter writer, HardwareModule module)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(module.Type);
            writer.WriteOctetString(Encoding.UTF8.GetBytes(module.Serial));
        }
    }

    private static void WriteOther(AsnWriter writer, string oid, Action value)
    {
        using (writer.PushSequence(Context(0, true)))
        {
            writer.WriteObjectIdentifier(oid);
            using (writer.PushSequence(Context(0, true)))
            {
                value();
            }
        }
    }

    private static GeneralName ReadOne(AsnReader reader)
    {
        var tag = reader.PeekTag();
        if (tag.TagClass != TagClass.ContextSpecific)
        {
            throw new AsnContentException($"{tag} is no GeneralName");
        }

        switch (tag.TagValue)
        {
            case 0:
                return ReadOther(reader.ReadSequence(Context(0, true)));
            case 1:
                return new Email(reader.ReadCharacterString(UniversalTagNumber.IA5String, Context(1)));
            case 2:
                return new Dns(reader.ReadCharacterString(UniversalTagNumber.IA5String, Context(2)));
            case 6:
                return new Link(reader.ReadCharacterString(UniversalTagNumber.IA5String, Context(6)));
            case 7:
                var octets = reader.ReadOctetString(Context(7));
                return octets.Length is 4 or 16
                    ? new Ip(new IPAddress(octets))
                    : throw new AsnContentException($"iPAddress has {octets.Length} octets; 4 or 16 were expected");
            case 8:
                return new RegisteredId(reader.ReadObjectIdentifier(Context(8)));
            default:
                reader.ReadEncodedValue();
                return new Other(tag.TagValue switch { 3 => "x400Address", 4 => "directoryName", 5 => "ediPartyName", _ => $"[{tag.TagValue}]" });
        }
    }

    private static GeneralName ReadOther(AsnReader other)
    {
        var oid = other.ReadObjectIdentifier();
        var wrapper = other.ReadSequence(Context(0, true));
        other.ThrowIfNotEmpty();
        GeneralName name;
        switch (oid)
        {
            case Oids.PermanentIdentifier:
                var permanent = wrapper.ReadSequence();
                var value = permanent.HasData && permanent.PeekTag().HasSameClassAndValue(new Asn1Tag(UniversalTagNumber.UTF8String))
                    ? permanent.ReadCharacterString(UniversalTagNumber.UTF8String)
                    : null;
                var assigner = permanent.HasData ? permanent.ReadObjectIdentifier() : null;
                permanent.ThrowIfNotEmpty();
                name = new PermanentIdentifier(value, assigner);
                break;
            case Oids.HardwareModuleName:
                var module = wrapper.ReadSequence();
                var type = module.ReadObjectIdentifier();
                var serial = AsnText.Utf8(module.ReadOctetString());
                module.ThrowIfNotEmpty();
                name = new HardwareModule(type, serial);
                break;
            case Oids.UserPrincipalName:
                name = new UserPrincipal(wrapper.ReadCharacterString(UniversalTagNumber.UTF8String));
                break;
            default:
                wrapper.ReadEncodedValue();
                name = new Other($"otherName {oid}");
                break;
        }

        wrapper.ThrowIfNotEmpty();
        return name;
    }

    private static Asn1Tag Context(int value, bool constructed = false) => new(TagClass.ContextSpecific, value, constructed);
}
