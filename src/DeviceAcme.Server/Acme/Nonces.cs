using System.Security.Cryptography;

namespace DeviceAcme.Server.Acme;

/// <summary>
/// Nonces of one process. What was spent is remembered as one bit per number, so the memory is fixed however many are asked for.
/// </summary>
/// <param name="window">How many of the newest nonces can still be spent; older ones give way, so that a flood cannot grow the memory. A multiple of 64.</param>
internal sealed class Nonces(int window) : INonces
{
    private const int Window = 1 << 20;

    /// <summary>New for each start: a nonce of another process is unknown here, which the client heals by a retry.</summary>
    private readonly byte[] _node = RandomNumberGenerator.GetBytes(SealedNonce.IssuerBytes);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(SealedNonce.KeyBytes);

    /// <summary>Bit n % window is set while number n is issued and not spent.</summary>
    private readonly ulong[] _open = new ulong[window / 64];

    private readonly Lock _lock = new();
    private long _next;

    public Nonces()
        : this(Window)
    {
    }

    public string Issue(DateTimeOffset now) => SealedNonce.Write(_node, _key, now, Take());

    public ValueTask<bool> Spend(string nonce, DateTimeOffset now) =>
        ValueTask.FromResult(SealedNonce.TryRead(nonce, _key, out var issued, out var number) && Close(number) && now - issued < SealedNonce.Lifetime);

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

    private int Word(long number) => (int)(number % window / 64);

    private static ulong Bit(long number) => 1UL << (int)(number % 64);
}
