using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Cli.Apple;

/// <summary>UUIDs from names: a profile that is written again replaces the one before it, and what refers to it still does.</summary>
internal static class PayloadUuid
{
    /// <summary>Version 8 of the name's SHA-256 (RFC 9562 §5.8), in upper case as Apple writes them.</summary>
    public static string Of(params string[] names)
    {
        var octets = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', names)))[..16];
        octets[6] = (byte)((octets[6] & 0x0F) | 0x80);
        octets[8] = (byte)((octets[8] & 0x3F) | 0x80);
        return new Guid(octets, bigEndian: true).ToString("D").ToUpperInvariant();
    }
}
