using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Attestation.Idevid;

/// <summary>What the IDevID key signs (docs/idevid-format.md §4): a context that no other protocol begins with, then two hashes.</summary>
internal static class IdevidBinding
{
    /// <summary>ASCII, followed by one zero octet.</summary>
    public const string Context = "DeviceAcme IDevID attestation v1";

    /// <summary>97 octets: context, 0, SHA-256 of the key authorization, SHA-256 of the new key's DER SubjectPublicKeyInfo.</summary>
    public static byte[] Of(string keyAuthorization, ReadOnlySpan<byte> publicKeyInfo) =>
    [
        .. Encoding.ASCII.GetBytes(Context),
        0,
        .. SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization)),
        .. SHA256.HashData(publicKeyInfo),
    ];
}
