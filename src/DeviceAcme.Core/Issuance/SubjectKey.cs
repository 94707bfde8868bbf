using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>A public key that may be certified: read strictly, of a known type, not weak. That an EC point is on its curve is found when the key verifies.</summary>
internal sealed class SubjectKey
{
    private static readonly BigInteger LargestExponent = BigInteger.One << 256;

    // the subgroups that 65537 generates modulo the first odd primes: moduli of the ROCA generator (CVE-2017-15361) lie in all of them
    private static readonly (int Prime, bool[] Member)[] RocaMarks = MakeRocaMarks();

    private SubjectKey(string type, byte[] info)
    {
        Type = type;
        Info = info;
    }

    /// <summary>The names of the key types, as profiles write them.</summary>
    public static IReadOnlyList<string> Types { get; } = ["ec-p256", "ec-p384", "ec-p521", "rsa-2048", "rsa-3072", "rsa-4096"];

    /// <summary>One of <see cref="Types"/>.</summary>
    public string Type { get; }

    /// <summary>DER SubjectPublicKeyInfo in the one form that this class writes, so that equal keys have equal octets.</summary>
    public ReadOnlyMemory<byte> Info { get; }

    public bool IsEllipticCurve => Type.StartsWith("ec-", StringComparison.Ordinal);

    /// <summary>Reads a SubjectPublicKeyInfo; null with a reason code and what is wrong.</summary>
    public static SubjectKey? Read(ReadOnlyMemory<byte> info, out (string Reason, string Detail) refusal)
    {
        try
        {
            var reader = new AsnReader(info, AsnEncodingRules.DER);
            var outer = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var algorithm = outer.ReadSequence();
            var oid = algorithm.ReadObjectIdentifier();
            var key = outer.ReadBitString(out var unused);
            outer.ThrowIfNotEmpty();
            if (unused != 0)
            {
                refusal = ("key-malformed", "subjectPublicKey has unused bits; a whole number of octets was expected");
                return null;
            }

            switch (oid)
            {
                case Oids.EcPublicKey:
                    return EllipticCurve(algorithm, key, out refusal);
                case Oids.RsaEncryption:
                    return Rsa(algorithm, key, out refusal);
                default:
                    refusal = ("key-type-unsupported", $"the key's algorithm {oid} is not supported; known are {string.Join(", ", Types)}");
                    return null;
            }
        }
        catch (AsnContentException invalid)
        {
            refusal = ("key-malformed", $"the public key is not DER SubjectPublicKeyInfo: {invalid.Message}");
            return null;
        }
    }

    /// <summary>True if the signature over the data is this key's.</summary>
    /// <param name="algorithm">OID of ECDSA or PKCS#1 RSA with SHA-256, SHA-384 or SHA-512; null for others.</param>
    /// <exception cref="ProblemException"><c>badCSR</c>: the EC point is not on its curve.</exception>
    public bool? Verifies(string algorithm, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if ((IsEllipticCurve ? EcdsaHash(algorithm) : RsaHash(algorithm)) is not { } hash)
        {
            return null;
        }

        if (IsEllipticCurve)
        {
            using var ec = ImportCurve();
            return ec.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
        }

        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(Info.Span, out _);
        return rsa.VerifyData(data, signature, hash, RSASignaturePadding.Pkcs1);
    }

    // importing is what tells whether the point is on its curve
    private ECDsa ImportCurve()
    {
        try
        {
            return EcKeyImport.Import(Info);
        }
        catch (CryptographicException)
        {
            throw Problems.BadCsr("csr-key-weak", "csr: the EC point is not on its curve");
        }
    }

    private static HashAlgorithmName? EcdsaHash(string algorithm) => algorithm switch
    {
        Oids.EcdsaWithSha256 => HashAlgorithmName.SHA256,
        Oids.EcdsaWithSha384 => HashAlgorithmName.SHA384,
        Oids.EcdsaWithSha512 => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static HashAlgorithmName? RsaHash(string algorithm) => algorithm switch
    {
        Oids.Sha256WithRsa => HashAlgorithmName.SHA256,
        Oids.Sha384WithRsa => HashAlgorithmName.SHA384,
        Oids.Sha512WithRsa => HashAlgorithmName.SHA512,
        _ => null,
    };

    private static SubjectKey? EllipticCurve(AsnReader algorithm, byte[] point, out (string Reason, string Detail) refusal)
    {
        // RFC 5480 §2.1.1: namedCurve; explicit parameters are a known way to forge keys
        if (!algorithm.HasData || algorithm.PeekTag() != Asn1Tag.ObjectIdentifier)
        {
            refusal = ("key-type-unsupported", "the EC key does not name its curve (RFC 5480 §2.1.1)");
            return null;
        }

        var curve = algorithm.ReadObjectIdentifier();
        algorithm.ThrowIfNotEmpty();
        var (type, size) = curve switch
        {
            Oids.P256 => ("ec-p256", 32),
            Oids.P384 => ("ec-p384", 48),
            Oids.P521 => ("ec-p521", 66),
            _ => ("", 0),
        };
        if (size == 0)
        {
            refusal = ("key-type-unsupported", $"the curve {curve} is not supported; known are P-256, P-384 and P-521");
            return null;
        }

        if (point.Length != 1 + (2 * size) || point[0] != 4)
        {
            refusal = ("key-malformed", $"the EC point has {point.Length} octets; {1 + (2 * size)} in the uncompressed form were expected (RFC 5480 §2.2)");
            return null;
        }

        refusal = default;
        return new SubjectKey(type, Write(Oids.EcPublicKey, writer => writer.WriteObjectIdentifier(curve), point));
    }

    private static SubjectKey? Rsa(AsnReader algorithm, byte[] key, out (string Reason, string Detail) refusal)
    {
        // RFC 3279 §2.3.1: NULL; some clients leave it out
        if (algorithm.HasData)
        {
            algorithm.ReadNull();
            algorithm.ThrowIfNotEmpty();
        }

        var outer = new AsnReader(key, AsnEncodingRules.DER);
        var sequence = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var modulus = sequence.ReadInteger();
        var exponent = sequence.ReadInteger();
        sequence.ThrowIfNotEmpty();
        if (modulus.Sign <= 0 || modulus.GetBitLength() is not (2048 or 3072 or 4096))
        {
            refusal = ("key-type-unsupported", $"the RSA modulus has {(modulus.Sign <= 0 ? 0 : modulus.GetBitLength())} bits; 2048, 3072 or 4096 were expected");
            return null;
        }

        if (exponent < 65537 || exponent.IsEven || exponent >= LargestExponent)
        {
            refusal = ("key-weak", "the RSA exponent must be odd, at least 65537 and below 2^256");
            return null;
        }

        if (modulus.IsEven || RocaMarks.All(mark => mark.Member[(int)(modulus % mark.Prime)]))
        {
            refusal = ("key-weak", modulus.IsEven ? "the RSA modulus is even" : "the RSA modulus has the mark of a broken key generator (CVE-2017-15361): make the key anew after a firmware update");
            return null;
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(modulus);
            writer.WriteInteger(exponent);
        }

        refusal = default;
        return new SubjectKey($"rsa-{modulus.GetBitLength()}", Write(Oids.RsaEncryption, parameters => parameters.WriteNull(), writer.Encode()));
    }

    private static byte[] Write(string oid, Action<AsnWriter> parameters, byte[] key)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                parameters(writer);
            }

            writer.WriteBitString(key);
        }

        return writer.Encode();
    }

    private static (int Prime, bool[] Member)[] MakeRocaMarks()
    {
        var primes = Enumerable.Range(3, 165).Where(number => Enumerable.Range(2, number - 2).All(divisor => number % divisor != 0));
        return [.. primes.Select(prime =>
        {
            var member = new bool[prime];
            for (var power = 1; !member[power]; power = power * (65537 % prime) % prime)
            {
                member[power] = true;
            }

            return (prime, member);
        })];
    }
}
