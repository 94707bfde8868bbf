using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Core;

/// <summary>The one place where ids, codes, tokens and keys come from (CSPRNG), and where secrets are compared.</summary>
internal static class Secrets
{
    /// <summary>The characters of base64url (RFC 4648 §5), in the order in which texts are compared.</summary>
    private const string Ordered = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

    private const int MomentLength = 7;

    /// <summary>Random octets of an id: with the moment 22 characters.</summary>
    private const int IdOctets = 11;

    /// <summary>
    /// An id for a row: the moment in milliseconds, so that rows that are made together stand together in every index, and 88 random bits. It says when the row was made, to
    /// whoever may see it, and is no secret. It never begins with a hyphen, which a command line would take for an option.
    /// </summary>
    public static string Id(DateTimeOffset now)
    {
        Span<byte> random = stackalloc byte[IdOctets];
        RandomNumberGenerator.Fill(random);
        return Id(now, random);
    }

    /// <summary>The id that a moment and 11 octets make.</summary>
    public static string Id(DateTimeOffset now, ReadOnlySpan<byte> random)
    {
        // 42 bits, of which the first six are never 0: from 1972 to 2109; a clock beyond that gets ids that are good, and stand at the edge
        var moment = Math.Clamp(now.ToUnixTimeMilliseconds(), 1L << 36, (1L << 42) - 1);
        Span<char> id = stackalloc char[MomentLength + Base64Url.GetEncodedLength(IdOctets)];
        for (var i = MomentLength - 1; i >= 0; i--, moment >>= 6)
        {
            id[i] = Ordered[(int)(moment & 63)];
        }

        Base64Url.EncodeToChars(random, id[MomentLength..]);
        return new string(id);
    }

    /// <summary>A code that whoever knows it may use: 128 random bits, base64url.</summary>
    public static string Code() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

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
