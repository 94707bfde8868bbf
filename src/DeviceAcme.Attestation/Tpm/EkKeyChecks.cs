using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>What an endorsement key must be, whoever certified it.</summary>
internal static class EkKeyChecks
{
    public static readonly CheckRule Key = new("ek-key", "the endorsement key is the key of the endorsement certificate");

    public static readonly CheckRule Strength = new(
        "ek-strength", "the endorsement key is RSA of 2048 to 4096 bits without the weakness of CVE-2017-15361, or on P-256, P-384 or P-521");

    public static readonly CheckRule Template = new(
        "ek-template", "the endorsement key was made in its TPM, cannot leave it, is restricted and decrypts only; SHA-256 and AES or stronger (TCG EK Credential Profile §B)");

    public static readonly CheckRule[] All = [Key, Strength, Template];

    private const int MaxRsaBits = 4096;

    private static readonly KeyAttributesRule Needed = new(
        TpmaObject.FixedTpm | TpmaObject.FixedParent | TpmaObject.SensitiveDataOrigin | TpmaObject.Restricted | TpmaObject.Decrypt, TpmaObject.SignEncrypt);

    /// <summary>Records all three; the key with the parameters of its template, or null where it cannot be used.</summary>
    public static EndorsementKey? Check(CheckList checks, EkParts parts)
    {
        CheckKey(checks, parts);
        CheckStrength(checks, parts.Key);
        var (nameAlg, aesBits) = CheckTemplate(checks, parts);
        return checks.Passed(All) ? new EndorsementKey(parts.Key, nameAlg, aesBits) : null;
    }

    private static void CheckKey(CheckList checks, EkParts parts)
    {
        if (parts.Certificates is not { } certificates)
        {
            checks.Pass(Key, "there is no certificate to compare it with");
        }
        else if (EkCertificates.IsFor(certificates.Leaf, parts.PublicKey))
        {
            checks.Pass(Key, $"SHA-256 {parts.PublicKeyHash}");
        }
        else
        {
            checks.Fail(Key, Reasons.EkKeyMismatch, $"none of the certificates is for the key with SHA-256 {parts.PublicKeyHash}");
        }
    }

    private static void CheckStrength(CheckList checks, SubjectPublicKey key)
    {
        if (key.Curve is not null)
        {
            checks.Pass(Strength, key.Name);
        }
        else if (key.RsaBits is < 2048 or > MaxRsaBits)
        {
            checks.Fail(Strength, Reasons.KeyUnsupported, $"RSA of {key.RsaBits} bits, 2048 to {MaxRsaBits} are accepted");
        }
        else if (!key.HasSaneExponent)
        {
            checks.Fail(Strength, Reasons.KeyMalformed, "an RSA exponent that is even, 1 or longer than 64 bits");
        }
        else if (RocaKeys.Contains(key.Modulus.Span))
        {
            checks.Fail(Strength, Reasons.TpmKeyRoca, "the endorsement key has the fingerprint of CVE-2017-15361");
        }
        else
        {
            checks.Pass(Strength, key.Name);
        }
    }

    private static (ushort NameAlg, int AesBits) CheckTemplate(CheckList checks, EkParts parts)
    {
        if (parts.PublicArea is not { } area)
        {
            var usual = Default(parts.Key);
            checks.Pass(Template, $"not given: {TpmAlg.Hash(usual.NameAlg)} and AES-{usual.AesBits} as in the default template");
            return usual;
        }

        var (cipher, aesBits, mode) = area.Symmetric;
        if (!Needed.Holds(area.ObjectAttributes))
        {
            checks.Fail(Template, Reasons.EkKeyAttributes, Needed.Show(area.ObjectAttributes));
        }
        else if (area.NameAlg is not (TpmAlg.Sha256 or TpmAlg.Sha384 or TpmAlg.Sha512) || cipher != TpmAlg.Aes || aesBits is not (128 or 256) || mode != TpmAlg.Cfb)
        {
            checks.Fail(
                Template,
                Reasons.TpmAlgorithmUnsupported,
                $"nameAlg {TpmAlg.Show(area.NameAlg)}, cipher {TpmAlg.Show(cipher)} of {aesBits} bits in mode {TpmAlg.Show(mode)}; SHA-256 or stronger and AES-CFB of 128 or 256 bits are needed");
        }
        else
        {
            checks.Pass(Template, $"{TpmAlg.Hash(area.NameAlg)}, AES-{aesBits}, {Needed.Show(area.ObjectAttributes)}");
        }

        return (area.NameAlg, aesBits);
    }

    // TCG EK Credential Profile §B.3, §B.4: the low range and the high range have the same for keys of one size
    private static (ushort NameAlg, int AesBits) Default(SubjectPublicKey key) =>
        key.Curve == EllipticCurve.P521 ? (TpmAlg.Sha512, 256)
        : key.Curve == EllipticCurve.P384 || key.RsaBits > 2048 ? (TpmAlg.Sha384, 256)
        : (TpmAlg.Sha256, 128);
}
