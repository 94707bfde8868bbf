using System.Buffers.Binary;
using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>
/// Certificates as the NV memory of a TPM holds them: DER as it is or after 10 01 00 and two octets of length (TCG PC Client §7.3.2), several
/// in a row where a chain is stored (Intel's on-die CAs), and padding, because an index is often larger than its content.
/// </summary>
internal static class NvMemory
{
    private const int WrappingSize = 5;

    /// <summary>True for content in the TCG's wrapping, and for endorsement certificates with others or nothing but padding after them.</summary>
    public static bool Recognize(ReadOnlyMemory<byte> content)
    {
        if (Unwrap(content) is not null)
        {
            return true;
        }

        if (content.Length > Certificate.MaxSize)
        {
            return false;
        }

        var (certificates, padding) = Read(content);
        var tail = content.Span[^padding..];
        return certificates.Count + padding > 1
            && (tail.IsEmpty || (tail[0] is 0x00 or 0xFF && !tail.ContainsAnyExcept(tail[0])))
            && Certificate.TryRead(certificates[0], out var first, out _) && EkCertificate.Read(first).Reason is null;
    }

    /// <summary>What it holds, and how many octets are padding. The first value is given whatever it is, the others only where they are certificates.</summary>
    public static (IReadOnlyList<ReadOnlyMemory<byte>> Certificates, int Padding) Read(ReadOnlyMemory<byte> content)
    {
        var padding = 0;
        if (Unwrap(content) is { } wrapped)
        {
            padding = content.Length - WrappingSize - wrapped.Length;
            content = wrapped;
        }

        var certificates = new List<ReadOnlyMemory<byte>>();
        while (certificates.Count < EkCertificates.MaxCertificates
            && AsnDecoder.TryReadEncodedValue(content.Span, AsnEncodingRules.DER, out _, out _, out _, out var size)
            && (certificates.Count == 0 || Certificate.TryRead(content[..size], out _, out _)))
        {
            certificates.Add(content[..size]);
            content = content[size..];
        }

        // what is no value at all: what is wrong with it is said by the one that reads it as a certificate
        return certificates.Count == 0 ? ([content], padding) : (certificates, padding + content.Length);
    }

    private static ReadOnlyMemory<byte>? Unwrap(ReadOnlyMemory<byte> content)
    {
        if (content.Length < WrappingSize || !content.Span.StartsWith((ReadOnlySpan<byte>)[0x10, 0x01, 0x00]))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(content.Span[3..]);
        return length > content.Length - WrappingSize ? null : content.Slice(WrappingSize, length);
    }
}
