using System.Formats.Asn1;

namespace DeviceAcme.Core.Issuance;

/// <summary>keyUsage bits (RFC 5280 §4.2.1.3); bit 0 is the most significant one of the first octet.</summary>
[Flags]
internal enum KeyUsages
{
    None = 0,
    DigitalSignature = 1 << 0,
    NonRepudiation = 1 << 1,
    KeyEncipherment = 1 << 2,
    DataEncipherment = 1 << 3,
    KeyAgreement = 1 << 4,
    KeyCertSign = 1 << 5,
    CrlSign = 1 << 6,
}

/// <summary>Names of key usages and purposes as profiles write them, and their DER.</summary>
internal static class KeyUsageNames
{
    /// <summary>What a profile may ask for; keyCertSign and cRLSign belong to CAs alone.</summary>
    public static IReadOnlyDictionary<string, KeyUsages> Known { get; } = new Dictionary<string, KeyUsages>(StringComparer.Ordinal)
    {
        ["digital-signature"] = KeyUsages.DigitalSignature,
        ["non-repudiation"] = KeyUsages.NonRepudiation,
        ["key-encipherment"] = KeyUsages.KeyEncipherment,
        ["data-encipherment"] = KeyUsages.DataEncipherment,
        ["key-agreement"] = KeyUsages.KeyAgreement,
    };

    /// <summary>Extended key usages by name (RFC 5280 §4.2.1.12, RFC 4334, RFC 4556, MS-WCCE).</summary>
    public static IReadOnlyDictionary<string, string> Purposes { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["server-auth"] = "1.3.6.1.5.5.7.3.1",
        ["client-auth"] = "1.3.6.1.5.5.7.3.2",
        ["code-signing"] = "1.3.6.1.5.5.7.3.3",
        ["email-protection"] = "1.3.6.1.5.5.7.3.4",
        ["time-stamping"] = "1.3.6.1.5.5.7.3.8",
        ["eap-over-ppp"] = "1.3.6.1.5.5.7.3.13",
        ["eap-over-lan"] = "1.3.6.1.5.5.7.3.14",
        ["ipsec-ike"] = "1.3.6.1.5.5.7.3.17",
        ["kerberos-client-auth"] = "1.3.6.1.5.2.3.4",
        ["kerberos-kdc"] = "1.3.6.1.5.2.3.5",
        ["smartcard-logon"] = "1.3.6.1.4.1.311.20.2.2",
    };

    /// <summary>The usages that this key can do: EC keys encipher nothing (RFC 5480 §3), RSA keys agree on nothing (RFC 3279 §2.3.1).</summary>
    public static KeyUsages For(KeyUsages wanted, string keyType) => keyType.StartsWith("ec-", StringComparison.Ordinal)
        ? wanted & ~(KeyUsages.KeyEncipherment | KeyUsages.DataEncipherment)
        : wanted & ~KeyUsages.KeyAgreement;

    /// <summary>DER BIT STRING without trailing zero bits (X.690 §11.2.2).</summary>
    public static byte[] Write(KeyUsages usages)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteNamedBitList(usages);
        return writer.Encode();
    }
}
