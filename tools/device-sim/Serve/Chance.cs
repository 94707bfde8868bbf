using System.Buffers.Binary;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Serve;

/// <summary>Draws numbers from a seed: the same seed, the same numbers in the same order.</summary>
internal sealed class Chance(Seed seed)
{
    private int _drawn;

    /// <summary>From 0 up to 1.</summary>
    public double Next()
    {
        var octets = seed.Bytes($"chance:{Interlocked.Increment(ref _drawn)}", 4);
        return BinaryPrimitives.ReadUInt32BigEndian(octets) / (double)(1L << 32);
    }

    public bool Hits(double share) => share > 0 && Next() < share;

    /// <summary>The same things in another order.</summary>
    public IReadOnlyList<T> Shuffled<T>(IEnumerable<T> things) => [.. things.Select(thing => (Thing: thing, Place: Next())).OrderBy(pair => pair.Place).Select(pair => pair.Thing)];

    /// <summary>A word that depends on the label alone.</summary>
    public string Word(string label) => Convert.ToHexStringLower(seed.Bytes("word:" + label, 10));
}
