using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>TPMT_PUBLIC (Part 2 §12.2.4) of a key, without the length that TPM2B_PUBLIC puts before it.</summary>
internal sealed record TpmtPublic
{
    public required ObjectAttributes Attributes { get; init; }
    public int NameAlg { get; init; } = TpmIds.AlgSha256;
    public byte[] AuthPolicy { get; init; } = [];

    /// <summary>RSA modulus; null for ECC.</summary>
    public byte[]? Modulus { get; init; }

    /// <summary>Written where the modulus is left to the TPM.</summary>
    public int? ModulusBits { get; init; }

    /// <summary>As written in the structure; 0 stands for 65537.</summary>
    public uint Exponent { get; init; }

    /// <summary>ECC point; null for RSA.</summary>
    public (int Curve, byte[] X, byte[] Y)? Point { get; init; }

    /// <summary>The cipher of a storage key is AES-CFB with keys of this size.</summary>
    public int AesBits { get; init; } = 128;

    /// <summary>Signing scheme with its hash; null leaves it open (TPM_ALG_NULL).</summary>
    public (int Scheme, int Hash)? Scheme { get; init; }

    /// <summary>The name that TPM2_Certify attests: nameAlg ‖ hash of the public area.</summary>
    public byte[] Name => NameOf(NameAlg, ToBytes());

    public static byte[] NameOf(int nameAlg, ReadOnlySpan<byte> publicArea) =>
        new TpmWriter().U16(nameAlg).Raw(CryptographicOperations.HashData(HashName(nameAlg), publicArea)).ToArray();

    public static HashAlgorithmName HashName(int algorithm) => algorithm switch
    {
        TpmIds.AlgSha1 => HashAlgorithmName.SHA1,
        TpmIds.AlgSha256 => HashAlgorithmName.SHA256,
        TpmIds.AlgSha384 => HashAlgorithmName.SHA384,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "no hash of this id here"),
    };

    /// <summary>The public area of a signing key made elsewhere; ECC on P-256 or P-384, or RSA.</summary>
    public static TpmtPublic Of(AsymmetricAlgorithm key, ObjectAttributes attributes, (int Scheme, int Hash)? scheme = null)
    {
        if (key is RSA rsa)
        {
            return new TpmtPublic { Attributes = attributes, Modulus = rsa.ExportParameters(false).Modulus, Scheme = scheme };
        }

        var ec = ((ECDsa)key).ExportParameters(false);
        var curve = ec.Q.X!.Length == 48 ? TpmIds.CurveP384 : TpmIds.CurveP256;
        return new TpmtPublic { Attributes = attributes, Point = (curve, ec.Q.X, ec.Q.Y!), Scheme = scheme };
    }

    public byte[] ToBytes()
    {
        var writer = new TpmWriter()
            .U16(Modulus is null ? TpmIds.AlgEcc : TpmIds.AlgRsa)
            .U16(NameAlg)
            .U32((uint)Attributes)
            .Sized(AuthPolicy);
        if (Attributes.HasFlag(ObjectAttributes.Decrypt))
        {
            writer.U16(TpmIds.AlgAes).U16(AesBits).U16(TpmIds.AlgCfb);
        }
        else
        {
            writer.U16(TpmIds.AlgNull);
        }

        if (Scheme is { } scheme)
        {
            writer.U16(scheme.Scheme).U16(scheme.Hash);
        }
        else
        {
            writer.U16(TpmIds.AlgNull);
        }

        if (Modulus is not null)
        {
            return writer.U16(ModulusBits ?? (Modulus.Length * 8)).U32(Exponent).Sized(Modulus).ToArray();
        }

        var (curve, x, y) = Point ?? throw new InvalidOperationException("a public area needs a modulus or a point");
        return writer.U16(curve).U16(TpmIds.AlgNull).Sized(x).Sized(y).ToArray();
    }
}
