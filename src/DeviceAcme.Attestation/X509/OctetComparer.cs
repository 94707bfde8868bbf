using System.Diagnostics.CodeAnalysis;

namespace DeviceAcme.Attestation.X509;

/// <summary>Octets as dictionary keys: names and fingerprints.</summary>
internal sealed class OctetComparer : IEqualityComparer<ReadOnlyMemory<byte>>
{
    public static OctetComparer Instance { get; } = new();

    public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span);

    public int GetHashCode([DisallowNull] ReadOnlyMemory<byte> octets)
    {
        var hash = new HashCode();
        hash.AddBytes(octets.Span);
        return hash.ToHashCode();
    }
}
