using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Jose;

public sealed class JwkTests
{
    // RFC 7638 §3.1
    private const string ThumbprintExample = """
        {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}
        """;

    [Fact, Spec("RFC 7638 §3.1")]
    public void The_example_has_its_thumbprint() =>
        Parse(ThumbprintExample).Thumbprint.Should().Be("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");

    [Theory, Spec("RFC 7518 §6.2"), Spec("RFC 7638 §3.2")]
    [InlineData("1.2.840.10045.3.1.7", "P-256")]
    [InlineData("1.3.132.0.34", "P-384")]
    [InlineData("1.3.132.0.35", "P-521")]
    public void An_EC_key_reads_back_from_JSON_and_DER(string curve, string name)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromValue(curve));
        var jwk = Jwk.FromKey(key);
        jwk.Curve.Should().Be(name);
        jwk.Spki.ToArray().Should().Equal(key.ExportSubjectPublicKeyInfo());
        Parse(jwk.ToJson()).Should().Be(jwk);
        Jwk.Restore(jwk.ToJson()).Should().Be(jwk);
        Jwk.FromSpki(jwk.Spki.Span).ToJson().Should().Be(jwk.ToJson());
    }

    [Fact, Spec("RFC 7518 §6.3")]
    public void An_RSA_key_reads_back_from_JSON_and_DER()
    {
        using var key = RSA.Create(2048);
        var jwk = Jwk.FromKey(key);
        jwk.Spki.ToArray().Should().Equal(key.ExportSubjectPublicKeyInfo());
        Parse(jwk.ToJson()).Should().Be(jwk);
        Jwk.Restore(jwk.ToJson()).Should().Be(jwk);
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""", "key-type-unsupported")]
    [InlineData("""{"kty":"oct","alg":"HS256"}""", "key-type-unsupported")]
    [InlineData("""{"kty":"oct","k":"AAAA"}""", "key-private")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}""", "key-private")]
    [InlineData("""{"kty":"EC","crv":"secp256k1","x":"AAAA","y":"AAAA"}""", "key-curve-unsupported")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyQ"}""", "key-not-on-curve")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAA","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}""", "key-coordinate-length")]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"AQAB"}""", "key-size")]
    [InlineData("""{"kty":"RSA","n":"AAEAAQ","e":"AQAB"}""", "key-not-canonical")]
    [InlineData("""{"kty":"RSA","n":"","e":"AQAB"}""", "key-not-canonical")]
    public void A_key_that_we_do_not_take_is_badPublicKey(string json, string reason) => Refused(json, "badPublicKey", reason);

    [Theory]
    [InlineData("""{}""", "json-missing-member")]
    [InlineData("""{"kty":1}""", "json-wrong-type")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAA"}""", "json-missing-member")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":7,"y":"AAAA"}""", "json-wrong-type")]
    [InlineData("""{"kty":"RSA","n":"AQAB==","e":"AQAB"}""", "base64url-invalid")]
    public void A_key_that_is_no_JWK_is_malformed(string json, string reason) => Refused(json, "malformed", reason);

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("Aw", "key-exponent")] // 3
    [InlineData("AQ", "key-exponent")] // 1
    [InlineData("AQAA", "key-exponent")] // 65536
    [InlineData("AQAC", "key-exponent")] // 65538
    [InlineData("AQAAAAE", "key-exponent")] // 2^32 + 1
    public void An_odd_looking_exponent_is_refused(string exponent, string reason) =>
        Refused(ThumbprintExample.Replace("\"AQAB\"", $"\"{exponent}\"", StringComparison.Ordinal), "badPublicKey", reason);

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData(2047, "key-size")]
    [InlineData(8193, "key-size")]
    public void A_modulus_of_another_size_is_refused(int bits, string reason) => RefusedModulus((BigInteger.One << (bits - 1)) + 1, reason);

    [Fact, Spec("RFC 8555 §6.2")]
    public void A_modulus_with_a_small_factor_is_refused()
    {
        using var key = RSA.Create(2048);
        RefusedModulus(Number(key.ExportParameters(false).Modulus!) * 751, "key-small-factor");
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public void A_modulus_of_two_close_primes_is_refused()
    {
        // closeness is all that the check sees, so two odd numbers without small factors do
        using var key = RSA.Create(2048);
        var p = Number(key.ExportParameters(true).P!);
        var q = p + 2;
        while (Enumerable.Range(2, 760).Any(d => q % d == 0))
        {
            q += 2;
        }

        RefusedModulus(p * q, "key-close-primes");
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public void A_modulus_of_the_ROCA_generator_is_refused()
    {
        // n = 65537^a mod M plus a multiple of M is what that generator's moduli look like
        var primorial = Enumerable.Range(2, 166).Where(n => Enumerable.Range(2, n - 2).All(d => n % d != 0)).Aggregate(BigInteger.One, (m, p) => m * p);
        var n = BigInteger.ModPow(65537, 1234567, primorial) + primorial * (BigInteger.One << 1850);
        while (n.GetBitLength() < 2048 || Enumerable.Range(2, 760).Any(d => n % d == 0))
        {
            n += primorial * (BigInteger.One << (2047 - (int)primorial.GetBitLength())) + primorial;
        }

        RefusedModulus(n, "key-roca");
        RocaKeys.Contains(n.ToByteArray(isUnsigned: true, isBigEndian: true)).Should().BeTrue("the keys of TPMs are judged elsewhere, without a table");
    }

    [Fact]
    public void A_certificate_key_of_another_kind_is_badPublicKey()
    {
        // SubjectPublicKeyInfo of Ed25519 (RFC 8410 §10.1)
        Func<object?> call = () => Jwk.FromSpki(Convert.FromBase64String("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="));
        call.ShouldRefuse("badPublicKey", "key-unreadable");
        Func<object?> brainpool = () =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.brainpoolP256r1);
            return Jwk.FromSpki(key.ExportSubjectPublicKeyInfo());
        };
        brainpool.ShouldRefuse("badPublicKey", "key-curve-unsupported");
        Func<object?> unheardOf = () =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var spki = key.ExportSubjectPublicKeyInfo();
            // within the curve's OID: one that the platform does not have
            spki[17] ^= 0xFF;
            return Jwk.FromSpki(spki);
        };
        unheardOf.ShouldRefuse("badPublicKey", "key-unreadable");
        Func<object?> random = () => Jwk.FromSpki([1, 2, 3]);
        random.ShouldRefuse("badPublicKey", "key-unreadable");
    }

    private static void RefusedModulus(BigInteger modulus, string reason)
    {
        var n = Base64Url.Encode(modulus.ToByteArray(isUnsigned: true, isBigEndian: true));
        Refused($$"""{"kty":"RSA","n":"{{n}}","e":"AQAB"}""", "badPublicKey", reason);
    }

    private static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static Jwk Parse(string json) => Jwk.Parse(JsonElement.Parse(json));

    private static void Refused(string json, string type, string reason)
    {
        Func<object?> call = () => Parse(json);
        call.ShouldRefuse(type, reason).Detail.Should().StartWith("jwk");
    }
}
