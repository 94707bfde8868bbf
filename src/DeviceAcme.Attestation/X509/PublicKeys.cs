using System.Security.Cryptography;

namespace DeviceAcme.Attestation.X509;

/// <summary>Compares SubjectPublicKeyInfos by what they say: encodings of one key differ (absent or NULL parameters).</summary>
internal static class PublicKeys
{
    public static bool AreEqual(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        if (one.Span.SequenceEqual(other.Span))
        {
            return true;
        }

        return SubjectPublicKey.TryRead(one, out var first, out _) && SubjectPublicKey.TryRead(other, out var second, out _)
            && first.Kind == second.Kind
            && first.Kind switch
            {
                KeyKind.Ec => first.Curve == second.Curve && first.X.Span.SequenceEqual(second.X.Span) && first.Y.Span.SequenceEqual(second.Y.Span),
                KeyKind.Rsa => first.Modulus.Span.SequenceEqual(second.Modulus.Span) && first.Exponent.Span.SequenceEqual(second.Exponent.Span),
                _ => false,
            };
    }

    /// <summary>Kind and SHA-256 of the SubjectPublicKeyInfo, for people.</summary>
    public static string Show(ReadOnlyMemory<byte> key)
    {
        var name = SubjectPublicKey.TryRead(key, out var read, out _) ? read.Name : "unreadable";
        return $"{name} {Convert.ToHexStringLower(SHA256.HashData(key.Span))[..16]}";
    }
}
