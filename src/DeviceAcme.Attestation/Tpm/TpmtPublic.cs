using System.Buffers.Binary;
using System.Security.Cryptography;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>TPMA_OBJECT (TPM 2.0 part 2 §8.3).</summary>
[Flags]
internal enum TpmaObject : uint
{
    FixedTpm = 0x2,
    StClear = 0x4,
    FixedParent = 0x10,
    SensitiveDataOrigin = 0x20,
    UserWithAuth = 0x40,
    AdminWithPolicy = 0x80,
    NoDa = 0x400,
    EncryptedDuplication = 0x800,
    Restricted = 0x10000,
    Decrypt = 0x20000,
    SignEncrypt = 0x40000,
}

/// <summary>TPMT_PUBLIC (TPM 2.0 part 2 §12.2.4) of an RSA or ECC key.</summary>
internal sealed class TpmtPublic
{
    private const uint DefaultExponent = 65537;

    private TpmtPublic()
    {
    }

    /// <summary>TPM_ALG_RSA or TPM_ALG_ECC.</summary>
    public required ushort Type { get; init; }

    public required ushort NameAlg { get; init; }
    public required TpmaObject ObjectAttributes { get; init; }

    /// <summary>The structure's own octets, over which the name is made.</summary>
    public required ReadOnlyMemory<byte> Raw { get; init; }

    /// <summary>The cipher of a storage key: TPM_ALG_NULL or TPM_ALG_AES with its key size and mode.</summary>
    public required (ushort Algorithm, ushort KeyBits, ushort Mode) Symmetric { get; init; }

    /// <summary>The scheme of a signing key with its hash; TPM_ALG_NULL where each use chooses.</summary>
    public required (ushort Algorithm, ushort Hash) Scheme { get; init; }

    public ushort RsaKeyBits { get; private init; }
    public uint RsaExponent { get; private init; }
    public ReadOnlyMemory<byte> RsaModulus { get; private init; }
    public ushort EccCurve { get; private init; }
    public ReadOnlyMemory<byte> EccX { get; private init; }
    public ReadOnlyMemory<byte> EccY { get; private init; }

    /// <summary>Reads the whole buffer; a leading TPM2B length that fits exactly is stripped.</summary>
    /// <param name="buffer">The structure.</param>
    /// <param name="name">What messages call it.</param>
    public static TpmtPublic Read(ReadOnlyMemory<byte> buffer, string name = "pubArea")
    {
        // WebAuthn says TPMT_PUBLIC; some clients pass what TPM2_ReadPublic gave them, TPM2B_PUBLIC. The two cannot be confused: a type is 1 or 35
        if (buffer.Length > 2 + 35 && BinaryPrimitives.ReadUInt16BigEndian(buffer.Span) == buffer.Length - 2)
        {
            buffer = buffer[2..];
        }

        var reader = new TpmReader(buffer, $"{name} (TPMT_PUBLIC)");
        var type = reader.U16("type");
        var nameAlg = reader.U16("nameAlg");
        var attributes = (TpmaObject)reader.U32("objectAttributes");
        reader.Sized("authPolicy");
        var area = type switch
        {
            TpmAlg.Rsa => ReadRsa(reader, nameAlg, attributes, buffer),
            TpmAlg.Ecc => ReadEcc(reader, nameAlg, attributes, buffer),
            _ => throw reader.Malformed($"type {TpmAlg.Show(type)} is neither RSA nor ECC"),
        };
        reader.End();
        return area;
    }

    /// <summary>The object's name: nameAlg ‖ H(structure) (TPM 2.0 part 1 §16). Null where the hash is not known.</summary>
    public byte[]? Name()
    {
        if (TpmAlg.Hash(NameAlg) is not { } hash)
        {
            return null;
        }

        var digest = CryptographicOperations.HashData(hash, Raw.Span);
        return [(byte)(NameAlg >> 8), (byte)NameAlg, .. digest];
    }

    /// <summary>The key as DER SubjectPublicKeyInfo, so that it can be compared with that of a CSR.</summary>
    /// <exception cref="MalformedEvidenceException">The key is not a valid one of its kind, or too weak.</exception>
    public byte[] PublicKeyInfo() => Type == TpmAlg.Rsa ? RsaPublicKeyInfo() : EccPublicKeyInfo();

    private static TpmtPublic ReadRsa(TpmReader reader, ushort nameAlg, TpmaObject attributes, ReadOnlyMemory<byte> raw)
    {
        var symmetric = ReadSymmetric(reader);
        var scheme = ReadScheme(reader);
        return new TpmtPublic
        {
            Type = TpmAlg.Rsa,
            NameAlg = nameAlg,
            ObjectAttributes = attributes,
            Raw = raw,
            Symmetric = symmetric,
            Scheme = scheme,
            RsaKeyBits = reader.U16("parameters.keyBits"),
            RsaExponent = reader.U32("parameters.exponent") is var exponent && exponent == 0 ? DefaultExponent : exponent,
            RsaModulus = reader.Sized("unique.rsa"),
        };
    }

    private static TpmtPublic ReadEcc(TpmReader reader, ushort nameAlg, TpmaObject attributes, ReadOnlyMemory<byte> raw)
    {
        var symmetric = ReadSymmetric(reader);
        var scheme = ReadScheme(reader);
        var curve = reader.U16("parameters.curveID");
        // TPMT_KDF_SCHEME
        if (reader.U16("parameters.kdf.scheme") != TpmAlg.Null)
        {
            reader.U16("parameters.kdf.hashAlg");
        }

        return new TpmtPublic
        {
            Type = TpmAlg.Ecc,
            NameAlg = nameAlg,
            ObjectAttributes = attributes,
            Raw = raw,
            Symmetric = symmetric,
            Scheme = scheme,
            EccCurve = curve,
            EccX = reader.Sized("unique.ecc.x"),
            EccY = reader.Sized("unique.ecc.y"),
        };
    }

    // TPMT_SYM_DEF_OBJECT (§11.1.7)
    private static (ushort Algorithm, ushort KeyBits, ushort Mode) ReadSymmetric(TpmReader reader)
    {
        var algorithm = reader.U16("parameters.symmetric.algorithm");
        return algorithm == TpmAlg.Null
            ? (algorithm, (ushort)0, TpmAlg.Null)
            : (algorithm, reader.U16("parameters.symmetric.keyBits"), reader.U16("parameters.symmetric.mode"));
    }

    // TPMT_RSA_SCHEME, TPMT_ECC_SCHEME (§11.2.4.2, §11.2.5.6): RSAES has no details, the others name a hash
    private static (ushort Algorithm, ushort Hash) ReadScheme(TpmReader reader)
    {
        var algorithm = reader.U16("parameters.scheme.scheme");
        return (algorithm, algorithm is TpmAlg.Null or TpmAlg.Rsaes ? TpmAlg.Null : reader.U16("parameters.scheme.details.hashAlg"));
    }

    private byte[] RsaPublicKeyInfo()
    {
        if (RsaKeyBits is < 2048 or > 4096)
        {
            throw new MalformedEvidenceException(Reasons.KeyUnsupported, $"RSA of {RsaKeyBits} bits, 2048 to 4096 are accepted");
        }

        if (RsaModulus.Length * 8 != RsaKeyBits || (RsaModulus.Span[0] & 0x80) == 0 || (RsaModulus.Span[^1] & 1) == 0)
        {
            throw new MalformedEvidenceException(Reasons.KeyMalformed, $"the modulus is not an odd number of {RsaKeyBits} bits");
        }

        // FIPS 186-4 §B.3.1: odd and above 2^16
        if (RsaExponent < DefaultExponent || (RsaExponent & 1) == 0)
        {
            throw new MalformedEvidenceException(Reasons.KeyMalformed, $"the RSA exponent is {RsaExponent}");
        }

        var exponent = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(exponent, RsaExponent);
        return SubjectPublicKey.EncodeRsa(RsaModulus.Span, exponent.AsSpan().TrimStart((byte)0));
    }

    private byte[] EccPublicKeyInfo()
    {
        if (TpmAlg.Curve(EccCurve) is not { } curve)
        {
            throw new MalformedEvidenceException(Reasons.KeyUnsupported, $"TPM_ECC_CURVE 0x{EccCurve:X4}; P-256, P-384 and P-521 are accepted");
        }

        var x = Pad(EccX, curve);
        var y = Pad(EccY, curve);
        return curve.Contains(x, y)
            ? SubjectPublicKey.EncodeEc(curve, x, y)
            : throw new MalformedEvidenceException(Reasons.KeyMalformed, $"the point is not on {curve.Name}");
    }

    // TPMs may leave out leading zeros of a coordinate
    private static byte[] Pad(ReadOnlyMemory<byte> coordinate, EllipticCurve curve)
    {
        if (coordinate.Length > curve.FieldSize)
        {
            throw new MalformedEvidenceException(Reasons.KeyMalformed, $"a coordinate of {coordinate.Length} bytes on {curve.Name}");
        }

        var padded = new byte[curve.FieldSize];
        coordinate.Span.CopyTo(padded.AsSpan(padded.Length - coordinate.Length));
        return padded;
    }
}
