namespace DeviceAcme.Protocol.Jose;

/// <summary>ES256 signatures of macOS that lost a leading zero octet of R, of S, or of both.</summary>
/// <remarks>
/// RFC 7518 §3.4 wants 64 octets; about 1 in 128 from such a client has 63, and few have 62. The repairs keep every number as it is,
/// so a signature is accepted only if its right spelling is valid.
/// </remarks>
internal static class ShortEs256
{
    private const int Half = 32;

    public static bool IsCandidate(JwsAlgorithm algorithm, ReadOnlySpan<byte> signature) =>
        algorithm == JwsAlgorithms.Es256 && signature.Length is (2 * Half) - 1 or (2 * Half) - 2;

    /// <summary>The spellings that the signature may have had: R padded, S padded, both.</summary>
    public static IEnumerable<byte[]> Repairs(byte[] signature)
    {
        if (signature.Length == (2 * Half) - 1)
        {
            yield return Whole(signature, Half - 1);
            yield return Whole(signature, Half);
        }
        else
        {
            yield return Whole(signature, Half - 2);
            yield return Whole(signature, Half);
            yield return Whole(signature, Half - 1);
        }
    }

    private static byte[] Whole(ReadOnlySpan<byte> signature, int lengthOfR)
    {
        var whole = new byte[2 * Half];
        signature[..lengthOfR].CopyTo(whole.AsSpan(Half - lengthOfR));
        var s = signature[lengthOfR..];
        s.CopyTo(whole.AsSpan((2 * Half) - s.Length));
        return whole;
    }
}
