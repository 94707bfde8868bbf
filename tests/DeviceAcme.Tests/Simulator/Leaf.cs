using System.Formats.Asn1;
using System.Numerics;

namespace DeviceAcme.Tests.Simulator;

/// <summary>A certificate taken apart here, so that no platform parser smooths differences over.</summary>
internal sealed record Leaf(
    BigInteger Version,
    BigInteger Serial,
    byte[] SignatureAlgorithm,
    byte[] OuterSignatureAlgorithm,
    IReadOnlyList<(string Oid, UniversalTagNumber Tag, string Value)> Issuer,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    UniversalTagNumber[] TimeTags,
    IReadOnlyList<(string Oid, UniversalTagNumber Tag, string Value)> Subject,
    byte[] KeyAlgorithm,
    IReadOnlyList<(string Oid, bool Critical, string Value)> ExtensionList)
{
    public (string Oid, bool Critical, string Value)[] Extensions => [.. ExtensionList];

    public static Leaf Read(byte[] der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var inner = outer.ReadSequence();
        var outerAlgorithm = outer.ReadEncodedValue().ToArray();
        var version = inner.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadInteger();
        var serial = inner.ReadInteger();
        var algorithm = inner.ReadEncodedValue().ToArray();
        var issuer = Name(inner.ReadSequence());
        var validity = inner.ReadSequence();
        UniversalTagNumber[] tags = [(UniversalTagNumber)validity.PeekTag().TagValue, (UniversalTagNumber)validity.PeekTag().TagValue];
        var notBefore = Time(validity);
        tags[1] = (UniversalTagNumber)validity.PeekTag().TagValue;
        var notAfter = Time(validity);
        var subject = Name(inner.ReadSequence());
        var keyAlgorithm = inner.ReadSequence().ReadEncodedValue().ToArray();
        var list = inner.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3)).ReadSequence();
        inner.ThrowIfNotEmpty();
        var extensions = new List<(string, bool, string)>();
        while (list.HasData)
        {
            var extension = list.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            var critical = extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && extension.ReadBoolean();
            extensions.Add((oid, critical, Convert.ToHexString(extension.ReadOctetString())));
        }

        return new Leaf(version, serial, algorithm, outerAlgorithm, issuer, notBefore, notAfter, tags, subject, keyAlgorithm, extensions);
    }

    private static DateTimeOffset Time(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static List<(string Oid, UniversalTagNumber Tag, string Value)> Name(AsnReader reader)
    {
        var parts = new List<(string, UniversalTagNumber, string)>();
        while (reader.HasData)
        {
            var set = reader.ReadSetOf();
            var attribute = set.ReadSequence();
            set.ThrowIfNotEmpty();
            var oid = attribute.ReadObjectIdentifier();
            var tag = (UniversalTagNumber)attribute.PeekTag().TagValue;
            parts.Add((oid, tag, attribute.ReadCharacterString(tag)));
        }

        return parts;
    }
}
