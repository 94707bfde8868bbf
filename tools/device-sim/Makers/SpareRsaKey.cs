using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Makers;

/// <summary>RSA keys for mistakes that are about a key's kind or length and not about which key it is: made once for each length, because making one costs as much as a hundred enrollments.</summary>
internal static class SpareRsaKey
{
    private static readonly ConcurrentDictionary<int, Lazy<RSAParameters>> Made = new();

    /// <param name="bits">Length of the modulus.</param>
    /// <returns>An object of its own, for the caller to dispose.</returns>
    public static RSA Of(int bits) => RSA.Create(Made.GetOrAdd(bits, length => new Lazy<RSAParameters>(() =>
    {
        using var key = RSA.Create(length);
        return key.ExportParameters(includePrivateParameters: true);
    })).Value);
}
