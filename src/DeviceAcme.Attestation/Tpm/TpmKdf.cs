using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>The key derivations of TPM 2.0 part 1 §11.4.10: counters and sizes are big-endian, the label ends with a NUL octet.</summary>
internal static class TpmKdf
{
    /// <summary>KDFa (§11.4.10.2): SP 800-108 in counter mode over HMAC.</summary>
    public static byte[] Kdfa(HashAlgorithmName hash, ReadOnlySpan<byte> key, string label, ReadOnlySpan<byte> contextU, ReadOnlySpan<byte> contextV, int bits)
    {
        using var hmac = IncrementalHash.CreateHMAC(hash, key);
        return Derive(hmac, [.. Encoding.ASCII.GetBytes(label), 0, .. contextU, .. contextV, .. BigEndian(bits)], bits);
    }

    /// <summary>KDFe (§11.4.10.3): SP 800-56A over the shared point's x coordinate.</summary>
    public static byte[] Kdfe(HashAlgorithmName hash, ReadOnlySpan<byte> z, string use, ReadOnlySpan<byte> partyU, ReadOnlySpan<byte> partyV, int bits)
    {
        using var digest = IncrementalHash.CreateHash(hash);
        return Derive(digest, [.. z, .. Encoding.ASCII.GetBytes(use), 0, .. partyU, .. partyV], bits);
    }

    // each block is made over the number of the block and the rest
    private static byte[] Derive(IncrementalHash function, byte[] rest, int bits)
    {
        var derived = new byte[bits / 8];
        var block = new byte[function.HashLengthInBytes];
        for (int counter = 1, done = 0; done < derived.Length; counter++)
        {
            function.AppendData(BigEndian(counter));
            function.AppendData(rest);
            function.GetHashAndReset(block);
            var taken = Math.Min(block.Length, derived.Length - done);
            block.AsSpan(0, taken).CopyTo(derived.AsSpan(done));
            done += taken;
        }

        return derived;
    }

    private static byte[] BigEndian(int number)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(octets, number);
        return octets;
    }
}
