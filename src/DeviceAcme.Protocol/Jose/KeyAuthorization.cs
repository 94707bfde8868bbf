using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Protocol.Jose;

/// <summary>A challenge's token bound to an account key (RFC 8555 §8.1).</summary>
public static class KeyAuthorization
{
    /// <summary><c>token . thumbprint</c>.</summary>
    public static string Of(string token, Jwk accountKey) => $"{token}.{accountKey.Thumbprint}";

    /// <summary>The TXT record's text for dns-01 (§8.4): base64url of the SHA-256 of the key authorization.</summary>
    public static string Dns01Record(string keyAuthorization) => Base64Url.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization)));
}
