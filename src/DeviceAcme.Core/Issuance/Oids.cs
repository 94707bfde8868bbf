using DeviceAcme.Core.Identifiers;

namespace DeviceAcme.Core.Issuance;

/// <summary>Object identifiers of certificates, requests and CRLs, each named as its specification names it.</summary>
internal static class Oids
{
    // extensions, RFC 5280 §4.2 and §5.2
    public const string SubjectKeyIdentifier = "2.5.29.14";
    public const string KeyUsage = "2.5.29.15";
    public const string SubjectAltName = "2.5.29.17";
    public const string BasicConstraints = "2.5.29.19";
    public const string CrlNumber = "2.5.29.20";
    public const string ReasonCode = "2.5.29.21";
    public const string CrlDistributionPoints = "2.5.29.31";
    public const string CertificatePolicies = "2.5.29.32";

    public const string AnyPolicy = "2.5.29.32.0";

    /// <summary>RFC 9608 §2.</summary>
    public const string NoRevAvail = "2.5.29.56";

    /// <summary>RFC 7633 §6.</summary>
    public const string TlsFeature = "1.3.6.1.5.5.7.1.24";

    /// <summary>Our own policy, under a UUID (X.667): the device identifier in this certificate was ordered and not proven.</summary>
    public const string UnprovenIdentifierPolicy = "2.25.86460896158151247275097005402158036632";

    /// <summary>Our own policy, under a UUID (X.667): the device vouches for the key in this certificate, and nothing proves where the key is kept.</summary>
    public const string UnprovenKeyResidencyPolicy = "2.25.160978087150826425668633275131030469711";

    public const string AuthorityKeyIdentifier = "2.5.29.35";
    public const string ExtKeyUsage = "2.5.29.37";
    public const string AuthorityInfoAccess = "1.3.6.1.5.5.7.1.1";
    public const string CaIssuers = "1.3.6.1.5.5.7.48.2";

    // otherNames: RFC 4043, RFC 4108, MS-WCCE
    public const string PermanentIdentifier = "1.3.6.1.5.5.7.8.3";
    public const string HardwareModuleName = "1.3.6.1.5.5.7.8.4";
    public const string UserPrincipalName = "1.3.6.1.4.1.311.20.2.3";

    /// <summary>szOID_NTDS_CA_SECURITY_EXT: maps a certificate to an account of Active Directory.</summary>
    public const string MicrosoftSid = "1.3.6.1.4.1.311.25.2";

    // keys and signatures: RFC 3279, RFC 5480, RFC 5758
    public const string EcPublicKey = "1.2.840.10045.2.1";
    public const string P256 = "1.2.840.10045.3.1.7";
    public const string P384 = "1.3.132.0.34";
    public const string P521 = "1.3.132.0.35";
    public const string RsaEncryption = "1.2.840.113549.1.1.1";
    public const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";
    public const string EcdsaWithSha384 = "1.2.840.10045.4.3.3";
    public const string EcdsaWithSha512 = "1.2.840.10045.4.3.4";
    public const string Sha256WithRsa = "1.2.840.113549.1.1.11";
    public const string Sha384WithRsa = "1.2.840.113549.1.1.12";
    public const string Sha512WithRsa = "1.2.840.113549.1.1.13";

    // TPMs: TCG EK Credential Profile §3.2.9, WebAuthn §8.3.1
    public const string TpmManufacturer = "2.23.133.2.1";
    public const string TpmModel = "2.23.133.2.2";
    public const string TpmVersion = "2.23.133.2.3";
    public const string AttestationKeyCertificate = "2.23.133.8.3";

    /// <summary>extensionRequest of a PKCS#10 request (RFC 2985 §5.4.2).</summary>
    public const string ExtensionRequest = "1.2.840.113549.1.9.14";

    public const string CommonName = "2.5.4.3";

    /// <summary>True for dotted decimal that DER can hold.</summary>
    public static bool IsValid(string oid) => oid.Length <= 128 && DeviceIdentifierGrammar.IsOid(oid);
}
