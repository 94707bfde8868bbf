using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace DeviceAcme.Attestation.X509;

/// <summary>What a certificate says of its own use: basicConstraints, keyUsage, extendedKeyUsage (RFC 5280 §4.2.1.9, .3, .12).</summary>
/// <param name="IsCa">Null where there is no basicConstraints.</param>
/// <param name="PathLength">Null where there is none.</param>
/// <param name="KeyUsage">The bits as they stand in the BIT STRING, digitalSignature = 0x80; null where there is none.</param>
/// <param name="ExtendedKeyUsage">Purposes in order; empty where there is none.</param>
internal sealed record CertificateConstraints(bool? IsCa, int? PathLength, int? KeyUsage, IReadOnlyList<string> ExtendedKeyUsage)
{
    public const int KeyCertSignBit = 0x04;
    private const int KeyAgreementBit = 0x08;
    private const int KeyEnciphermentBit = 0x20;
    private const int DigitalSignatureBit = 0x80;
    private const int MaxPurposes = 32;

    /// <summary>True if the key may sign certificates: the bit is set, or there is no keyUsage.</summary>
    public bool MaySignCertificates => KeyUsage is not { } bits || (bits & KeyCertSignBit) != 0;

    /// <summary>True if keys may be encrypted to it or agreed with it: keyEncipherment or keyAgreement is set, or there is no keyUsage.</summary>
    public bool MayReceiveKeys => KeyUsage is not { } bits || (bits & (KeyEnciphermentBit | KeyAgreementBit)) != 0;

    public bool MaySign => KeyUsage is not { } bits || (bits & DigitalSignatureBit) != 0;

    public static bool TryRead(
        Certificate certificate, [NotNullWhen(true)] out CertificateConstraints? constraints, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            var (isCa, pathLength) = ReadBasicConstraints(certificate.Find(Oids.BasicConstraints));
            constraints = new CertificateConstraints(
                isCa, pathLength, ReadKeyUsage(certificate.Find(Oids.KeyUsage)), ReadPurposes(certificate.Find(Oids.ExtendedKeyUsage)));
            problem = null;
            return true;
        }
        catch (AsnContentException broken)
        {
            constraints = null;
            problem = broken.Message;
            return false;
        }
    }

    private static (bool? IsCa, int? PathLength) ReadBasicConstraints(CertificateExtension? extension)
    {
        if (extension is null)
        {
            return (null, null);
        }

        var sequence = Open(extension).ReadSequence();
        // an explicit FALSE, or a TRUE of 01, is not DER, but old vendor certificates have them
        var isCa = sequence.HasData && sequence.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && LenientBoolean.Read(sequence);
        int? pathLength = null;
        if (sequence.HasData)
        {
            if (!sequence.TryReadInt32(out var length) || length < 0)
            {
                throw new AsnContentException("basicConstraints has a path length that is no small number");
            }

            pathLength = length;
        }

        sequence.ThrowIfNotEmpty();
        return (isCa, pathLength);
    }

    private static int? ReadKeyUsage(CertificateExtension? extension)
    {
        if (extension is null)
        {
            return null;
        }

        // BER here: vendors leave trailing zero bits in the named bit list
        var bits = new AsnReader(extension.Value, AsnEncodingRules.BER).ReadBitString(out _);
        return bits.Length == 0 ? 0 : bits[0] | (bits.Length > 1 ? bits[1] << 8 : 0);
    }

    private static List<string> ReadPurposes(CertificateExtension? extension)
    {
        var purposes = new List<string>();
        if (extension is null)
        {
            return purposes;
        }

        var sequence = Open(extension).ReadSequence();
        while (sequence.HasData)
        {
            purposes.Add(sequence.ReadObjectIdentifier());
            if (purposes.Count > MaxPurposes)
            {
                throw new AsnContentException($"more than {MaxPurposes} extended key usages");
            }
        }

        return purposes;
    }

    private static AsnReader Open(CertificateExtension extension) => new(extension.Value, AsnEncodingRules.DER);
}
