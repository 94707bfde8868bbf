using System.Buffers.Binary;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>Big-endian writing as TPM 2.0 Library Part 2 marshals it.</summary>
internal sealed class TpmWriter
{
    private readonly MemoryStream _bytes = new();

    public TpmWriter U8(byte value)
    {
        _bytes.WriteByte(value);
        return this;
    }

    public TpmWriter U16(int value)
    {
        Span<byte> octets = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(octets, checked((ushort)value));
        return Raw(octets);
    }

    public TpmWriter U32(uint value)
    {
        Span<byte> octets = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, value);
        return Raw(octets);
    }

    public TpmWriter U64(ulong value)
    {
        Span<byte> octets = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(octets, value);
        return Raw(octets);
    }

    public TpmWriter Raw(ReadOnlySpan<byte> octets)
    {
        _bytes.Write(octets);
        return this;
    }

    /// <summary>A TPM2B: two octets of length, then the value.</summary>
    public TpmWriter Sized(ReadOnlySpan<byte> octets) => U16(octets.Length).Raw(octets);

    public byte[] ToArray() => _bytes.ToArray();
}

/// <summary>Algorithm, curve and structure ids of TPM 2.0 Library Part 2 §6, by their names there.</summary>
internal static class TpmIds
{
    public const int AlgRsa = 0x0001;
    public const int AlgSha1 = 0x0004;
    public const int AlgAes = 0x0006;
    public const int AlgSha256 = 0x000B;
    public const int AlgSha384 = 0x000C;
    public const int AlgNull = 0x0010;
    public const int AlgRsaSsa = 0x0014;
    public const int AlgEcdsa = 0x0018;
    public const int AlgEcc = 0x0023;
    public const int AlgCfb = 0x0043;

    public const int CurveP256 = 0x0003;
    public const int CurveP384 = 0x0004;

    public const uint GeneratedValue = 0xFF544347;
    public const int AttestCertify = 0x8017;
    public const int AttestQuote = 0x8018;
    public const int AttestCreation = 0x801A;

    public const uint Endorsement = 0x4000000B;
}

/// <summary>TPMA_OBJECT (Part 2 §8.3).</summary>
[Flags]
internal enum ObjectAttributes : uint
{
    None = 0,
    FixedTpm = 0x2,
    FixedParent = 0x10,
    SensitiveDataOrigin = 0x20,
    UserWithAuth = 0x40,
    AdminWithPolicy = 0x80,
    NoDa = 0x400,
    Restricted = 0x10000,
    Decrypt = 0x20000,
    Sign = 0x40000,

    /// <summary>0x40072, a key that applications sign with.</summary>
    ApplicationKey = FixedTpm | FixedParent | SensitiveDataOrigin | UserWithAuth | Sign,

    /// <summary>0x50472, a key that signs only what the TPM itself made.</summary>
    AttestationKey = ApplicationKey | NoDa | Restricted,

    /// <summary>0x300B2, the endorsement key of the TCG's default templates.</summary>
    EndorsementKey = FixedTpm | FixedParent | SensitiveDataOrigin | AdminWithPolicy | Restricted | Decrypt,
}
