namespace DeviceAcme.Cli.Apple;

/// <summary>The keys of <c>com.apple.security.acme</c> and of its declarative twin (Apple device-management schema).</summary>
internal static class AppleKey
{
    public const string AcmePayload = "com.apple.security.acme";
    public const string RootPayload = "com.apple.security.root";
    public const string WifiPayload = "com.apple.wifi.managed";
    public const string Configuration = "Configuration";

    public const string DirectoryUrl = "DirectoryURL";
    public const string ClientIdentifier = "ClientIdentifier";
    public const string KeySize = "KeySize";
    public const string KeyType = "KeyType";
    public const string HardwareBound = "HardwareBound";
    public const string Subject = "Subject";
    public const string SubjectAltName = "SubjectAltName";
    public const string UsageFlags = "UsageFlags";
    public const string ExtendedKeyUsage = "ExtendedKeyUsage";
    public const string Attest = "Attest";
    public const string KeyIsExtractable = "KeyIsExtractable";
    public const string AllowAllAppsAccess = "AllowAllAppsAccess";

    public const string PayloadContent = "PayloadContent";
    public const string PayloadType = "PayloadType";
    public const string PayloadVersion = "PayloadVersion";
    public const string PayloadUuid = "PayloadUUID";
    public const string PayloadIdentifier = "PayloadIdentifier";
    public const string PayloadDisplayName = "PayloadDisplayName";
    public const string PayloadDescription = "PayloadDescription";
    public const string PayloadOrganization = "PayloadOrganization";
    public const string PayloadScope = "PayloadScope";
    public const string PayloadCertificateUuid = "PayloadCertificateUUID";

    public const string Rsa = "RSA";
    public const string EllipticCurve = "ECSECPrimeRandom";

    /// <summary>Bits of <see cref="UsageFlags"/>.</summary>
    public const int SigningFlag = 0x01;

    public const int EncryptionFlag = 0x04;

    /// <summary>Our names of key types by the size of a key that can be attested (Secure Enclave: P-256 and P-384 only).</summary>
    public static IReadOnlyDictionary<string, int> AttestedKeys { get; } = new Dictionary<string, int> { ["ec-p256"] = 256, ["ec-p384"] = 384 };

    /// <summary>The short names that Apple knows in a subject, with our name of the attribute; all others are OIDs.</summary>
    public static IReadOnlyList<string> SubjectNames { get; } = ["C", "L", "ST", "O", "OU", "CN"];
}
