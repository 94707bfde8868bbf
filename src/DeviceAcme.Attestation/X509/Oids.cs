namespace DeviceAcme.Attestation.X509;

/// <summary>Object identifiers of RFC 5280 and of the algorithms that certificates name.</summary>
internal static class Oids
{
    public const string BasicConstraints = "2.5.29.19";
    public const string KeyUsage = "2.5.29.15";
    public const string ExtendedKeyUsage = "2.5.29.37";
    public const string SubjectAlternativeName = "2.5.29.17";
    public const string SubjectKeyIdentifier = "2.5.29.14";
    public const string AuthorityKeyIdentifier = "2.5.29.35";
    public const string SubjectDirectoryAttributes = "2.5.29.9";
    public const string CertificatePolicies = "2.5.29.32";

    public const string RsaEncryption = "1.2.840.113549.1.1.1";
    public const string RsaesOaep = "1.2.840.113549.1.1.7";
    public const string RsassaPss = "1.2.840.113549.1.1.10";
    public const string EcPublicKey = "1.2.840.10045.2.1";

    /// <summary>RFC 4043, otherName type-id.</summary>
    public const string PermanentIdentifier = "1.3.6.1.5.5.7.8.3";

    /// <summary>RFC 4108, otherName type-id.</summary>
    public const string HardwareModuleName = "1.3.6.1.5.5.7.8.4";
}
