using System.Security.Cryptography;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>
/// What a TPM says of a new attestation key (TPM2_CertifyCreation by the key itself). The key's own signature proves nothing about hardware:
/// that it is in the TPM of the endorsement key is proven by the activation, which names the key by the hash of all that is judged here.
/// </summary>
internal static class AkCreationChecks
{
    public static readonly CheckRule Attributes = new(
        "ak-attributes", "the attestation key was made in its TPM, cannot leave it, signs only what the TPM made, and does not decrypt (TPM 2.0 part 2 §8.3)");

    public static readonly CheckRule Key = new(
        "ak-key", "the attestation key is RSA of 2048 bits or more, or on P-256, P-384 or P-521, and signs with SHA-256 or stronger");

    public static readonly CheckRule Creation = new(
        "ak-creation", "the creation attestation was made by a TPM, for this key and this creation data (TPM 2.0 part 3 §18.3)");

    public static readonly CheckRule Signature = new("ak-signature", "the creation attestation is signed by the attestation key, with SHA-256 or stronger");

    public static readonly CheckRule[] All = [Attributes, Key, Creation, Signature];

    private static readonly KeyAttributesRule Needed = new(
        TpmaObject.FixedTpm | TpmaObject.FixedParent | TpmaObject.SensitiveDataOrigin | TpmaObject.Restricted | TpmaObject.SignEncrypt, TpmaObject.Decrypt);

    /// <summary>Records all four; the key, or null where it cannot be certified.</summary>
    public static AttestationKey? Check(CheckList checks, Parts parts)
    {
        Needed.Check(checks, Attributes, Reasons.AkKeyAttributes, parts.Public.ObjectAttributes);
        var publicKey = CheckKey(checks, parts.Public);
        var name = parts.Public.Name();
        CheckCreation(checks, parts, name);
        CheckSignature(checks, parts, publicKey);
        return checks.Passed(All) ? new AttestationKey(publicKey, name) : null;
    }

    private static byte[]? CheckKey(CheckList checks, TpmtPublic area)
    {
        byte[] publicKey;
        try
        {
            publicKey = area.PublicKeyInfo();
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Key, malformed.Reason, malformed.Message);
            return null;
        }

        // a restricted key has one scheme for everything it signs
        var fits = area.Type == TpmAlg.Rsa ? area.Scheme.Algorithm is TpmAlg.Rsassa or TpmAlg.Rsapss : area.Scheme.Algorithm == TpmAlg.Ecdsa;
        if (!fits || !IsStrong(area.Scheme.Hash) || !IsStrong(area.NameAlg))
        {
            checks.Fail(
                Key,
                Reasons.TpmAlgorithmUnsupported,
                $"scheme {TpmAlg.Show(area.Scheme.Algorithm)} with {TpmAlg.Show(area.Scheme.Hash)}, nameAlg {TpmAlg.Show(area.NameAlg)}");
        }
        else if (area.Type == TpmAlg.Rsa && RocaKeys.Contains(area.RsaModulus.Span))
        {
            checks.Fail(Key, Reasons.TpmKeyRoca, "the attestation key has the fingerprint of CVE-2017-15361");
        }
        else
        {
            checks.Pass(Key, area.Type == TpmAlg.Rsa ? $"RSA {area.RsaKeyBits}" : $"EC {TpmAlg.Curve(area.EccCurve)!.Name}");
        }

        return publicKey;
    }

    private static void CheckCreation(CheckList checks, Parts parts, byte[]? name)
    {
        var attest = parts.Attest;
        if (attest.Magic != TpmsAttest.Generated)
        {
            checks.Fail(Creation, Reasons.TpmMagicWrong, $"magic is 0x{attest.Magic:X8}, expected 0x{TpmsAttest.Generated:X8}");
        }
        else if (attest.Type != TpmsAttest.Creation)
        {
            checks.Fail(Creation, Reasons.AkCreationTypeWrong, $"type is 0x{attest.Type:X4}, expected 0x{TpmsAttest.Creation:X4} (TPM_ST_ATTEST_CREATION)");
        }
        else if (name is null || TpmAlg.Hash(parts.Public.NameAlg) is not { } hash)
        {
            checks.NotReached(Creation, $"nameAlg {TpmAlg.Show(parts.Public.NameAlg)} is not known");
        }
        else if (!attest.AttestedName.Span.SequenceEqual(name))
        {
            checks.Fail(
                Creation,
                Reasons.AkCreationMismatch,
                $"attested is the object {Convert.ToHexStringLower(attest.AttestedName.Span)}, the key is {Convert.ToHexStringLower(name)}");
        }
        else if (!attest.CreationHash.Span.SequenceEqual(CryptographicOperations.HashData(hash, parts.CreateData.Span)))
        {
            checks.Fail(
                Creation,
                Reasons.AkCreationMismatch,
                $"creationHash is {Convert.ToHexStringLower(attest.CreationHash.Span)}, that of createData is another");
        }
        else
        {
            checks.Pass(Creation, $"TPM_ST_ATTEST_CREATION of {Convert.ToHexStringLower(name)}");
        }
    }

    private static void CheckSignature(CheckList checks, Parts parts, byte[]? publicKey)
    {
        var algorithm = parts.Signature.Algorithm;
        if (algorithm.IsSha1)
        {
            checks.Fail(Signature, Reasons.TpmAlgorithmUnsupported, $"signed with {algorithm.Name}");
        }
        else if (publicKey is null)
        {
            checks.NotReached(Signature, "there is no key to verify it with");
        }
        else if (VerificationKey.Read(publicKey).Verify(algorithm, parts.CreateAttestation.Span, parts.Signature.Value.Span))
        {
            checks.Pass(Signature, algorithm.Name);
        }
        else
        {
            checks.Fail(Signature, Reasons.AkSignatureInvalid, $"{algorithm.Name} does not verify with the attestation key");
        }
    }

    private static bool IsStrong(ushort hash) => hash is TpmAlg.Sha256 or TpmAlg.Sha384 or TpmAlg.Sha512;

    /// <summary>The members of an <see cref="AkCreation"/>, parsed.</summary>
    public sealed record Parts(
        TpmtPublic Public, ReadOnlyMemory<byte> CreateData, ReadOnlyMemory<byte> CreateAttestation, TpmsAttest Attest, TpmtSignature Signature)
    {
        private const int MaxSize = 2048;

        /// <exception cref="MalformedEvidenceException">One of them does not parse.</exception>
        public static Parts Read(AkCreation creation)
        {
            var area = TpmtPublic.Read(Bounded(creation.Public, "public"), "public");
            var createData = Unsized(Bounded(creation.CreateData, "createData"));
            TpmsCreationData.Check(createData);
            var attestation = Unsized(Bounded(creation.CreateAttestation, "createAttestation"));
            var attest = TpmsAttest.Read(attestation, "createAttestation");
            var signature = TpmtSignature.TryReadStructure(Bounded(creation.CreateSignature, "createSignature"))
                ?? throw new MalformedEvidenceException(
                    Reasons.TpmStructureMalformed, "createSignature: not a TPMT_SIGNATURE of RSASSA, RSAPSS or ECDSA with a known hash");
            return new Parts(area, createData, attestation, attest, signature);
        }

        private static ReadOnlyMemory<byte> Bounded(ReadOnlyMemory<byte> buffer, string field) => buffer.Length <= MaxSize
            ? buffer
            : throw new MalformedEvidenceException(Reasons.TpmStructureMalformed, $"{field}: {buffer.Length} bytes, at most {MaxSize} are read");

        // TPM2B: neither structure can begin like its own length (PCR selections begin with two zeros, attestations with FF54)
        private static ReadOnlyMemory<byte> Unsized(ReadOnlyMemory<byte> buffer) =>
            buffer.Length > 2 && ((buffer.Span[0] << 8) | buffer.Span[1]) == buffer.Length - 2 ? buffer[2..] : buffer;
    }
}
