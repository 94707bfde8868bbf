using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace DeviceAcme.Server.Acme;

/// <summary>
/// The one port where nonces are made and spent (RFC 8555 §6.5). A nonce is the node that issued it, its time and its number under
/// a MAC; what was spent is remembered as one bit per number, so the memory is fixed however many are asked for.
/// </summary>
/// <param name="window">How many of the newest nonces can still be spent; older ones give way, so that a flood cannot grow the memory. A multiple of 64.</param>
internal sealed class Nonces(int window)
{
    private const int Window = 1 << 20;
    private const int NodeBytes = 6;
    private const int BodyBytes = NodeBytes + sizeof(uint) + sizeof(long);
    private const int MacBytes = 16;
    private const int NonceBytes = BodyBytes + MacBytes;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>New for each start: a nonce of another process is unknown here, which the client heals by a retry.</summary>
    private readonly byte[] _node = RandomNumberGenerator.GetBytes(NodeBytes);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>Bit n % window is set while number n is issued and not spent.</summary>
    private readonly ulong[] _open = new ulong[window / 64];

    private readonly Lock _lock = new();
    private long _next;

    public Nonces()
        : this(Window)
    {
    }

    /// <summary>The length of every nonce, in characters.</summary>
    public static int Length { get; } = Base64Url.GetEncodedLength(NonceBytes);

    /// <summary>A new nonce, base64url.</summary>
    public string Issue(DateTimeOffset now)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        _node.CopyTo(nonce);
        BinaryPrimitives.WriteUInt32BigEndian(nonce[NodeBytes..], (uint)now.ToUnixTimeSeconds());
        BinaryPrimitives.WriteInt64BigEndian(nonce[(NodeBytes + sizeof(uint))..], Take());
        Mac(nonce[..BodyBytes], nonce[BodyBytes..]);
        return Base64Url.EncodeToString(nonce);
    }

    /// <summary>True once for each nonce that was issued here and has not expired.</summary>
    public bool Spend(string nonce, DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[NonceBytes];
        if (nonce.Length != Length || Base64Url.DecodeFromChars(nonce, bytes, out _, out var written) != OperationStatus.Done || written != NonceBytes)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[MacBytes];
        Mac(bytes[..BodyBytes], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[BodyBytes..]))
        {
            return false;
        }

        var issued = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(bytes[NodeBytes..]));
        var number = BinaryPrimitives.ReadInt64BigEndian(bytes[(NodeBytes + sizeof(uint))..]);
        return Close(number) && now - issued < Lifetime;
    }

    private long Take()
    {
        lock (_lock)
        {
            var number = _next++;
            _open[Word(number)] |= Bit(number);
            return number;
        }
    }

    private bool Close(long number)
    {
        lock (_lock)
        {
            if (number < _next - window || (_open[Word(number)] & Bit(number)) == 0)
            {
                return false;
            }

            _open[Word(number)] &= ~Bit(number);
            return true;
        }
    }

    private void Mac(ReadOnlySpan<byte> body, Span<byte> mac)
    {
        Span<byte> full = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, body, full);
        full[..MacBytes].CopyTo(mac);
    }

    private int Word(long number) => (int)(number % window / 64);

    private static ulong Bit(long number) => 1UL << (int)(number % 64);
}
