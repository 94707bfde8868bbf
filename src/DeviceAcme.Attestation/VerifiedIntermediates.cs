using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation;

/// <summary>
/// A bounded memory of vendor intermediates whose signature by an issuer's key was verified on the way to an anchor, so that a second
/// device of the same vendor costs one signature check less. It remembers signatures only: validity, names, constraints and key usage are
/// judged each time. Thread-safe; make one per process.
/// </summary>
/// <param name="capacity">How many certificates to remember; the oldest is forgotten first.</param>
public sealed class VerifiedIntermediates(int capacity = 1024)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ReadOnlyMemory<byte>, Remembered> _remembered = new(OctetComparer.Instance);
    private readonly Queue<ReadOnlyMemory<byte>> _order = new();

    /// <summary>How many are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _remembered.Count;
            }
        }
    }

    /// <summary>What is known of this very certificate; null where nothing is.</summary>
    internal Remembered? Find(byte[] certificateSha256)
    {
        lock (_gate)
        {
            return _remembered.GetValueOrDefault(certificateSha256);
        }
    }

    internal void Add(byte[] certificateSha256, byte[] issuerKeySha256, VerificationKey key)
    {
        lock (_gate)
        {
            if (!_remembered.TryAdd(certificateSha256, new Remembered(issuerKeySha256, key)))
            {
                return;
            }

            _order.Enqueue(certificateSha256);
            while (_order.Count > capacity)
            {
                _remembered.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>The key that signed the certificate, and the certificate's own key, imported and kept.</summary>
    internal sealed record Remembered(byte[] IssuerKeySha256, VerificationKey Key);
}
