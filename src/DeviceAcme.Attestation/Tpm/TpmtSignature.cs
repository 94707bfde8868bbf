using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>
/// The signature over certInfo. The text says TPMT_SIGNATURE (TPM 2.0 part 2 §11.3.4); WebAuthn's own vectors and Windows send what is inside
/// it: PKCS#1 octets or a DER SEQUENCE of r and s. TPMT_SIGNATURE is taken where it fills the buffer exactly.
/// </summary>
/// <param name="Algorithm">How it was made.</param>
/// <param name="Value">RSA octets, or a DER SEQUENCE of r and s.</param>
/// <param name="Encoding">Which of the two forms it came in, for people.</param>
internal sealed record TpmtSignature(SignatureAlgorithm Algorithm, ReadOnlyMemory<byte> Value, string Encoding)
{
    private const string Structure = "sig (TPMT_SIGNATURE)";
    private const int MaxSignature = 1024;

    /// <summary>Reads either form.</summary>
    /// <param name="alg">COSE algorithm of the statement; decides the hash of the plain form.</param>
    /// <param name="signer">The attestation key; decides between RSA and ECDSA, as some clients name the certified key's algorithm.</param>
    /// <exception cref="MalformedEvidenceException">The algorithm is not known.</exception>
    public static TpmtSignature Read(ReadOnlyMemory<byte> signature, long alg, KeyKind signer)
    {
        if (signature.Length > MaxSignature)
        {
            throw new MalformedEvidenceException(Reasons.TpmStructureMalformed, $"sig has {signature.Length} bytes");
        }

        // alg must be one we know, even where the structure says for itself what it is: clients describe the certified key with it
        var plain = Cose(alg, signer);
        return TryReadStructure(signature) ?? new TpmtSignature(plain, signature, "plain");
    }

    /// <summary>Reads a TPMT_SIGNATURE; null where the buffer is not exactly one.</summary>
    public static TpmtSignature? TryReadStructure(ReadOnlyMemory<byte> signature)
    {
        try
        {
            var reader = new TpmReader(signature, Structure);
            var scheme = reader.U16("sigAlg");
            if (scheme is not (TpmAlg.Rsassa or TpmAlg.Rsapss or TpmAlg.Ecdsa) || TpmAlg.Hash(reader.U16("hash")) is not { } hash)
            {
                return null;
            }

            ReadOnlyMemory<byte> value;
            SignatureAlgorithm algorithm;
            if (scheme == TpmAlg.Ecdsa)
            {
                algorithm = SignatureAlgorithm.Ecdsa(hash);
                value = Sequence(reader.Sized("signatureR"), reader.Sized("signatureS"));
            }
            else
            {
                algorithm = scheme == TpmAlg.Rsassa ? SignatureAlgorithm.Pkcs1(hash) : SignatureAlgorithm.Pss(hash);
                value = reader.Sized("sig");
            }

            return reader.AtEnd ? new TpmtSignature(algorithm, value, "TPMT_SIGNATURE") : null;
        }
        catch (MalformedEvidenceException)
        {
            // not this form, so the other one
            return null;
        }
    }

    private static SignatureAlgorithm Cose(long alg, KeyKind signer)
    {
        var (hash, pss) = alg switch
        {
            -7 or -257 => (TpmAlg.Sha256, false),
            -35 or -258 => (TpmAlg.Sha384, false),
            -36 or -259 => (TpmAlg.Sha512, false),
            -37 => (TpmAlg.Sha256, true),
            -38 => (TpmAlg.Sha384, true),
            -39 => (TpmAlg.Sha512, true),
            -65535 => (TpmAlg.Sha1, false),
            _ => throw new MalformedEvidenceException(Reasons.TpmAlgorithmUnsupported, $"attStmt.alg {alg} is not known"),
        };
        var name = TpmAlg.Hash(hash)!.Value;
        return signer == KeyKind.Ec ? SignatureAlgorithm.Ecdsa(name) : pss ? SignatureAlgorithm.Pss(name) : SignatureAlgorithm.Pkcs1(name);
    }

    private static byte[] Sequence(ReadOnlyMemory<byte> r, ReadOnlyMemory<byte> s)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Significant(r.Span));
            writer.WriteIntegerUnsigned(Significant(s.Span));
        }

        return writer.Encode();
    }

    // AsnWriter wants no leading zeros, a TPM may send some; an empty number is zero, which no verification accepts
    private static ReadOnlySpan<byte> Significant(ReadOnlySpan<byte> number)
    {
        var trimmed = number.TrimStart((byte)0);
        return trimmed.IsEmpty ? [0] : trimmed;
    }
}
