using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Core;

/// <summary>The one place where ids, tokens and keys come from (CSPRNG), and where secrets are compared.</summary>
internal static class Secrets
{
    /// <summary>An id: 128 random bits, base64url. It never begins with a hyphen, which a command line would take for an option.</summary>
    public static string Id()
    {
        string id;
        do
        {
            id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        }
        while (id[0] == '-');
        return id;
    }

    /// <summary>A challenge token: 256 random bits, base64url without padding (RFC 8555 §8, device-attest §5).</summary>
    public static string Token() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>A MAC key for external account binding: 256 random bits (RFC 8555 §7.3.4).</summary>
    public static byte[] MacKey() => RandomNumberGenerator.GetBytes(32);

    /// <summary>A secret that is hidden for a TPM: 256 random bits, which every name algorithm has room for (TPM 2.0 part 1 §24).</summary>
    public static byte[] Activation() => RandomNumberGenerator.GetBytes(32);

    /// <summary>Random octets for whoever needs a number of them: seeds, ephemeral keys.</summary>
    public static byte[] Octets(int count) => RandomNumberGenerator.GetBytes(count);

    /// <summary>Compares in constant time.</summary>
    public static bool Equal(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}
