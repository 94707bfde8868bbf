using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>One extension; <paramref name="Value"/> is the content of extnValue, DER or whatever the vendor puts there.</summary>
internal sealed record ExtensionFields(string Oid, bool Critical, byte[] Value)
{
    public static ExtensionFields Authority() => new(Oids.BasicConstraints, true, Der.Sequence(writer => writer.WriteBoolean(true)));

    /// <summary>basicConstraints of a CA that may have no CA below it (pathLenConstraint 0).</summary>
    public static ExtensionFields LastAuthority() => new(Oids.BasicConstraints, true, Der.Sequence(writer =>
    {
        writer.WriteBoolean(true);
        writer.WriteInteger(0);
    }));

    public static ExtensionFields EndEntity() => new(Oids.BasicConstraints, true, Der.Sequence(_ => { }));

    /// <param name="bits">First octet of the bit string, digitalSignature is 0x80.</param>
    public static ExtensionFields KeyUsage(byte bits) =>
        new(Oids.KeyUsage, true, Der.Write(writer => writer.WriteBitString([bits], BitOperations.TrailingZeroCount((uint)bits))));

    public static ExtensionFields ExtendedKeyUsage(params string[] purposes) => new(Oids.ExtendedKeyUsage, false, Der.Sequence(writer =>
    {
        foreach (var purpose in purposes)
        {
            writer.WriteObjectIdentifier(purpose);
        }
    }));

    public static ExtensionFields SubjectKeyIdentifier(byte[] publicKey) =>
        new(Oids.SubjectKeyIdentifier, false, Der.Write(writer => writer.WriteOctetString(KeyIdentifier(publicKey))));

    public static ExtensionFields AuthorityKeyIdentifier(byte[] publicKey) => new(Oids.AuthorityKeyIdentifier, false, Der.Sequence(writer =>
        writer.WriteOctetString(KeyIdentifier(publicKey), new Asn1Tag(TagClass.ContextSpecific, 0))));

    /// <summary>Authority information access with one caIssuers URL (RFC 5280 §4.2.2.1).</summary>
    public static ExtensionFields IssuerAt(string url) => new("1.3.6.1.5.5.7.1.1", false, Der.Sequence(writer =>
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.3.6.1.5.5.7.48.2");
            writer.WriteCharacterString(UniversalTagNumber.IA5String, url, new Asn1Tag(TagClass.ContextSpecific, 6));
        }
    }));

    // RFC 7093 §2 method 1: the leftmost 160 bits of SHA-256
    private static byte[] KeyIdentifier(byte[] publicKey) => SHA256.HashData(publicKey)[..20];
}

/// <summary>A certificate before it is signed, in the order of RFC 5280 §4.1.</summary>
internal sealed record CertificateFields
{
    public required BigInteger Serial { get; init; }

    /// <summary>DER Name.</summary>
    public required byte[] Subject { get; init; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public required byte[] PublicKey { get; init; }
    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
    public required IReadOnlyList<ExtensionFields> Extensions { get; init; }

    public byte[] Sign(byte[] issuer, EcKey key)
    {
        var signed = Der.Sequence(writer =>
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                writer.WriteInteger(2);
            }

            writer.WriteInteger(Serial);
            WriteAlgorithm(writer, key);
            writer.WriteEncodedValue(issuer);
            using (writer.PushSequence())
            {
                writer.WriteTime(NotBefore);
                writer.WriteTime(NotAfter);
            }

            writer.WriteEncodedValue(Subject);
            writer.WriteEncodedValue(PublicKey);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3)))
            using (writer.PushSequence())
            {
                WriteExtensions(writer);
            }
        });
        return Der.Sequence(writer =>
        {
            writer.WriteEncodedValue(signed);
            WriteAlgorithm(writer, key);
            writer.WriteBitString(key.Sign(signed));
        });
    }

    private void WriteExtensions(AsnWriter writer)
    {
        foreach (var extension in Extensions)
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(extension.Oid);
                if (extension.Critical)
                {
                    writer.WriteBoolean(true);
                }

                writer.WriteOctetString(extension.Value);
            }
        }
    }

    private static void WriteAlgorithm(AsnWriter writer, EcKey key)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(key.Domain.SignatureOid);
        }
    }
}
