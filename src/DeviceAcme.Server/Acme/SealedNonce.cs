using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace DeviceAcme.Server.Acme;

/// <summary>What a nonce says, under a MAC: the name of what issued it, its time and its number.</summary>
internal static class SealedNonce
{
    public const int IssuerBytes = 6;
    public const int KeyBytes = 32;

    /// <summary>How long a nonce is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private const int BodyBytes = IssuerBytes + sizeof(uint) + sizeof(long);
    private const int MacBytes = 16;
    private const int NonceBytes = BodyBytes + MacBytes;

    /// <summary>The length of every nonce, in characters.</summary>
    private static readonly int _length = Base64Url.GetEncodedLength(NonceBytes);

    /// <summary>Base64url.</summary>
    public static string Write(ReadOnlySpan<byte> issuer, ReadOnlySpan<byte> key, DateTimeOffset now, long number)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        issuer.CopyTo(nonce);
        BinaryPrimitives.WriteUInt32BigEndian(nonce[IssuerBytes..], (uint)now.ToUnixTimeSeconds());
        BinaryPrimitives.WriteInt64BigEndian(nonce[(IssuerBytes + sizeof(uint))..], number);
        Mac(key, nonce[..BodyBytes], nonce[BodyBytes..]);
        return Base64Url.EncodeToString(nonce);
    }

    /// <summary>False for what was not written with this key.</summary>
    public static bool TryRead(string nonce, ReadOnlySpan<byte> key, out DateTimeOffset issued, out long number)
    {
        (issued, number) = (default, 0);
        Span<byte> bytes = stackalloc byte[NonceBytes];
        if (nonce.Length != _length || Base64Url.DecodeFromChars(nonce, bytes, out _, out var written) != OperationStatus.Done || written != NonceBytes)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[MacBytes];
        Mac(key, bytes[..BodyBytes], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[BodyBytes..]))
        {
            return false;
        }

        issued = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(bytes[IssuerBytes..]));
        number = BinaryPrimitives.ReadInt64BigEndian(bytes[(IssuerBytes + sizeof(uint))..]);
        return true;
    }

    private static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> body, Span<byte> mac)
    {
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, body, full);
        full[..MacBytes].CopyTo(mac);
    }
}
