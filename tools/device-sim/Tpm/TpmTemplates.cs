using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>Public areas that are given to a TPM to make keys by, and the keys in the areas that it gives back.</summary>
internal static class TpmTemplates
{
    // PolicySecret(TPM_RH_ENDORSEMENT), TCG EK Credential Profile B.3.3
    private const string EkPolicy = "837197674484B3F81A90CC8D46A5D724FD52D76E06520B64F2A1DA1B331469AA";

    // PolicyOR of the high range templates with SHA-384, TCG EK Credential Profile B.6.5
    private const string EkPolicy384 = "B26E7D28D11A50BC53D882BCF5FD3A1A074148BB35D3B4E4CB1C0AD9BDE419CACB47BA09699646150F9FC000F3F80E12";

    private const ObjectAttributes StorageKey = ObjectAttributes.FixedTpm | ObjectAttributes.FixedParent | ObjectAttributes.SensitiveDataOrigin
        | ObjectAttributes.UserWithAuth | ObjectAttributes.NoDa | ObjectAttributes.Restricted | ObjectAttributes.Decrypt;

    /// <summary>Template L-1 of the TCG EK Credential Profile; a unique field of 256 zero octets.</summary>
    public static byte[] EkRsa2048 { get; } = new TpmtPublic
    {
        Attributes = ObjectAttributes.EndorsementKey,
        AuthPolicy = Convert.FromHexString(EkPolicy),
        Modulus = new byte[256],
    }.ToBytes();

    /// <summary>Template H-3 of the TCG EK Credential Profile: P-384, SHA-384, AES-256.</summary>
    public static byte[] EkP384 { get; } = new TpmtPublic
    {
        Attributes = ObjectAttributes.EndorsementKey | ObjectAttributes.UserWithAuth,
        NameAlg = TpmIds.AlgSha384,
        AuthPolicy = Convert.FromHexString(EkPolicy384),
        AesBits = 256,
        Point = (TpmIds.CurveP384, [], []),
    }.ToBytes();

    /// <summary>The usual ECC P-256 storage root key.</summary>
    public static byte[] StorageRootKey { get; } = Ecc(StorageKey, TpmIds.CurveP256, null);

    /// <summary>A restricted signing key.</summary>
    public static byte[] AttestationKey(bool rsa) => rsa
        ? Rsa2048(ObjectAttributes.AttestationKey, (TpmIds.AlgRsaSsa, TpmIds.AlgSha256))
        : Ecc(ObjectAttributes.AttestationKey, TpmIds.CurveP256, (TpmIds.AlgEcdsa, TpmIds.AlgSha256));

    /// <summary>An unrestricted signing key by the name of its type on the command line.</summary>
    public static byte[] ApplicationKey(string type) => type switch
    {
        "ec-p256" => Ecc(ObjectAttributes.ApplicationKey, TpmIds.CurveP256, null),
        "ec-p384" => Ecc(ObjectAttributes.ApplicationKey, TpmIds.CurveP384, null),
        "rsa-2048" => Rsa2048(ObjectAttributes.ApplicationKey, null),
        _ => throw new SimulatorException($"no TPM key of type {type}", "choose ec-p256, ec-p384 or rsa-2048"),
    };

    /// <summary>The key in a public area, DER SubjectPublicKeyInfo.</summary>
    public static byte[] SubjectPublicKeyInfo(byte[] publicArea)
    {
        var reader = new TpmReader(publicArea);
        var type = reader.U16();
        reader.U16();
        reader.U32();
        reader.Sized();
        if (reader.U16() != TpmIds.AlgNull)
        {
            reader.U32();
        }

        if (reader.U16() != TpmIds.AlgNull)
        {
            reader.U16();
        }

        return type == TpmIds.AlgRsa ? RsaKey(reader) : EccKey(reader);
    }

    private static byte[] RsaKey(TpmReader reader)
    {
        reader.U16();
        reader.U32();
        // 0 stands for 65537, and no template here asks for another exponent
        using var rsa = RSA.Create(new RSAParameters { Modulus = reader.Sized(), Exponent = [1, 0, 1] });
        return rsa.ExportSubjectPublicKeyInfo();
    }

    private static byte[] EccKey(TpmReader reader)
    {
        var (curve, size) = reader.U16() == TpmIds.CurveP384 ? (ECCurve.NamedCurves.nistP384, 48) : (ECCurve.NamedCurves.nistP256, 32);
        reader.U16();
        byte[] Coordinate()
        {
            // A TPM may leave leading zeros out.
            var value = reader.Sized();
            return [.. new byte[size - value.Length], .. value];
        }

        using var key = ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = Coordinate(), Y = Coordinate() } });
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[] Ecc(ObjectAttributes attributes, int curve, (int Scheme, int Hash)? scheme) =>
        new TpmtPublic { Attributes = attributes, Point = (curve, [], []), Scheme = scheme }.ToBytes();

    private static byte[] Rsa2048(ObjectAttributes attributes, (int Scheme, int Hash)? scheme) =>
        new TpmtPublic { Attributes = attributes, Modulus = [], ModulusBits = 2048, Scheme = scheme }.ToBytes();
}
