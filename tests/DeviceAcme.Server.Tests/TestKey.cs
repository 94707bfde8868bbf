using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace DeviceAcme.Server.Tests;

/// <summary>A key pair of a client with its JWK and JWS algorithm, spelled out literally.</summary>
internal sealed class TestKey(AsymmetricAlgorithm algorithm, string alg, Func<byte[], byte[]> sign)
{
    /// <summary>The key pair itself.</summary>
    public AsymmetricAlgorithm Algorithm { get; } = algorithm;

    public string Alg { get; } = alg;

    public JsonObject Jwk
    {
        get
        {
            if (Algorithm is RSA rsa)
            {
                var numbers = rsa.ExportParameters(false);
                return new JsonObject { ["e"] = TestAccount.Base64(numbers.Exponent!), ["kty"] = "RSA", ["n"] = TestAccount.Base64(numbers.Modulus!) };
            }

            var q = ((ECDsa)Algorithm).ExportParameters(false).Q;
            return new JsonObject { ["crv"] = $"P-{Algorithm.KeySize}", ["kty"] = "EC", ["x"] = TestAccount.Base64(q.X!), ["y"] = TestAccount.Base64(q.Y!) };
        }
    }

    /// <summary>RFC 7638: the members of the JWK in lexicographic order, hashed.</summary>
    public string Thumbprint => TestAccount.Base64(SHA256.HashData(Encoding.ASCII.GetBytes(Jwk.ToJsonString())));

    public static TestKey P256() => Ec(ECCurve.NamedCurves.nistP256, "ES256", HashAlgorithmName.SHA256);

    public static TestKey P384() => Ec(ECCurve.NamedCurves.nistP384, "ES384", HashAlgorithmName.SHA384);

    public static TestKey P521() => Ec(ECCurve.NamedCurves.nistP521, "ES512", HashAlgorithmName.SHA512);

    public static TestKey Rsa(int bits)
    {
        var key = RSA.Create(bits);
        return new TestKey(key, "RS256", data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static TestKey Of(ECDsa key) => new(key, "ES256", data => key.SignData(data, HashAlgorithmName.SHA256));

    /// <summary>The flattened JWS of a header and a payload.</summary>
    public JsonObject Jws(JsonObject protectedHeader, string? payload, Func<byte[], byte[]>? signature = null) =>
        Jws(protectedHeader, Encoding.UTF8.GetBytes(payload ?? ""), signature);

    public JsonObject Jws(JsonObject protectedHeader, byte[] payload, Func<byte[], byte[]>? signature = null)
    {
        var first = TestAccount.Base64(Encoding.UTF8.GetBytes(protectedHeader.ToJsonString()));
        var second = TestAccount.Base64(payload);
        var signed = sign(Encoding.ASCII.GetBytes($"{first}.{second}"));
        return new JsonObject { ["protected"] = first, ["payload"] = second, ["signature"] = TestAccount.Base64(signature?.Invoke(signed) ?? signed) };
    }

    private static TestKey Ec(ECCurve curve, string alg, HashAlgorithmName hash)
    {
        var key = ECDsa.Create(curve);
        return new TestKey(key, alg, data => key.SignData(data, hash));
    }
}
