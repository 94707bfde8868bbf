using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace DeviceAcme.Attestation.X509;

/// <summary>
/// A public key that verifies signatures. Importing costs about as much as verifying with P-256, so imported key objects are
/// kept and lent to one thread at a time; there are never more of them than threads that verified at once.
/// </summary>
internal sealed class VerificationKey
{
    // a leaf's key is used once, so its first key object must cost nothing to keep: a bag would cost more than a signature check of P-256
    private AsymmetricAlgorithm? _first;
    private ConcurrentStack<AsymmetricAlgorithm>? _others;

    private VerificationKey(ReadOnlyMemory<byte> publicKeyInfo, SubjectPublicKey? key, string? problem)
    {
        Key = key;
        Problem = problem;
        Sha256 = SHA256.HashData(publicKeyInfo.Span);
    }

    /// <summary>What the key is; null where its DER is broken.</summary>
    public SubjectPublicKey? Key { get; }

    /// <summary>Why the key cannot verify anything; null where it can.</summary>
    public string? Problem { get; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo.</summary>
    public byte[] Sha256 { get; }

    public static VerificationKey Read(ReadOnlyMemory<byte> publicKeyInfo)
    {
        if (!SubjectPublicKey.TryRead(publicKeyInfo, out var key, out var problem))
        {
            return new VerificationKey(publicKeyInfo, null, problem);
        }

        return new VerificationKey(publicKeyInfo, key, Weakness(key));
    }

    /// <summary>True if the signature is right. ECDSA signatures are DER SEQUENCEs of r and s.</summary>
    public bool Verify(SignatureAlgorithm algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (Problem is not null || !Fits(algorithm))
        {
            return false;
        }

        try
        {
            var key = Take();
            var good = key switch
            {
                ECDsa ec => ec.VerifyData(data, signature, algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence),
                RSA rsa when algorithm.Scheme == SignatureScheme.RsaPss =>
                    rsa.VerifyData(data, signature, algorithm.Hash, RSASignaturePadding.Pss)
                    || PssSignature.Verify(Key!, algorithm.Hash, data, signature),
                RSA rsa => rsa.VerifyData(data, signature, algorithm.Hash, RSASignaturePadding.Pkcs1),
                _ => false,
            };
            Keep(key);
            return good;
        }
        catch (CryptographicException)
        {
            // OpenSSL and CNG differ in what they throw for and what they answer false to; both mean: not verified
            return false;
        }
    }

    private AsymmetricAlgorithm Take() =>
        Interlocked.Exchange(ref _first, null) ?? (Volatile.Read(ref _others) is { } others && others.TryPop(out var other) ? other : Import());

    private void Keep(AsymmetricAlgorithm key)
    {
        if (Interlocked.CompareExchange(ref _first, key, null) is not null)
        {
            LazyInitializer.EnsureInitialized(ref _others).Push(key);
        }
    }

    // sizes are bounded on both sides: a modulus of a million bits would be a way to keep a processor busy
    private static string? Weakness(SubjectPublicKey key) => key.Kind switch
    {
        KeyKind.Other => $"{key.Name} keys are not supported",
        KeyKind.Rsa when key.RsaBits is < 2048 or > 8192 => $"RSA of {key.RsaBits} bits, 2048 to 8192 are accepted",
        KeyKind.Rsa when !key.HasSaneExponent => "RSA with an exponent that is even, 1 or longer than 64 bits",
        _ => null,
    };

    private bool Fits(SignatureAlgorithm algorithm) => algorithm.Scheme switch
    {
        SignatureScheme.Ecdsa => Key?.Kind == KeyKind.Ec,
        SignatureScheme.RsaPkcs1 or SignatureScheme.RsaPss => Key?.Kind == KeyKind.Rsa,
        _ => false,
    };

    private AsymmetricAlgorithm Import()
    {
        if (Key!.Kind == KeyKind.Ec)
        {
            return EcKeyImport.Import(Key.Curve!, Key.X.Span, Key.Y.Span);
        }

        var rsa = RSA.Create();
        rsa.ImportParameters(new RSAParameters { Modulus = Key.Modulus.ToArray(), Exponent = Key.Exponent.ToArray() });
        return rsa;
    }
}
