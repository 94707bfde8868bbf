using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Jose;

public sealed class FlattenedJwsTests : IDisposable
{
    private const string Url = "https://acme.example/acme/x/new-order";
    private const string AccountUrl = "https://acme.example/acme/x/account/1";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose() => _key.Dispose();

    [Fact, Spec("RFC 7515 §A.3")]
    public void The_ES256_example_verifies()
    {
        var key = Jwk.Parse(JsonElement.Parse("""{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"""));
        var signature = Decoded("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
        var input = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"u8;
        key.Verify(JwsAlgorithms.Es256, input, signature).Should().BeTrue();
        signature[5] ^= 1;
        key.Verify(JwsAlgorithms.Es256, input, signature).Should().BeFalse();
    }

    [Fact, Spec("RFC 7515 §A.2")]
    public void The_RS256_example_verifies()
    {
        var key = Jwk.Parse(JsonElement.Parse("""{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"""));
        var signature = Decoded("cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
        var input = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"u8;
        key.Verify(JwsAlgorithms.Rs256, input, signature).Should().BeTrue();
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public void A_request_with_jwk_is_read_and_verified()
    {
        var jws = FlattenedJws.Parse(JwsSigner.For(_key).Sign(Url, "{}"u8, "bm9uY2U", kid: null));
        jws.Algorithm.Should().Be(JwsAlgorithms.Es256);
        (jws.Url, jws.Nonce, jws.Kid, jws.IsPostAsGet).Should().Be((Url, "bm9uY2U", null, false));
        Encoding.UTF8.GetString(jws.Payload.Span).Should().Be("{}");
        jws.Verify(jws.Jwk!).Should().BeTrue();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        jws.Verify(Jwk.FromKey(other)).Should().BeFalse();
    }

    [Fact, Spec("RFC 8555 §6.3")]
    public void Only_the_empty_payload_is_POST_as_GET()
    {
        var jws = FlattenedJws.Parse(JwsSigner.For(_key).Sign(Url, [], "bm9uY2U", AccountUrl));
        (jws.IsPostAsGet, jws.Kid, jws.Jwk).Should().Be((true, AccountUrl, null));
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("1.3.132.0.34", "ES384")]
    [InlineData("1.3.132.0.35", "ES512")]
    public void The_larger_curves_have_their_algorithms(string curve, string name)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromValue(curve));
        var jws = FlattenedJws.Parse(JwsSigner.For(key).Sign(Url, "{}"u8, "bm9uY2U", null));
        jws.Algorithm.Name.Should().Be(name);
        jws.Verify(jws.Jwk!).Should().BeTrue();
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("EdDSA")]
    [InlineData("RS384")]
    [InlineData("PS256")]
    [InlineData("es256")]
    [InlineData("")]
    public void Another_algorithm_is_badSignatureAlgorithm_with_the_list(string alg) =>
        Refused(h => h["alg"] = alg, "badSignatureAlgorithm", "signature-algorithm-unsupported")
            .Algorithms.Should().Equal("ES256", "ES384", "ES512", "RS256");

    [Fact, Spec("RFC 8555 §6.2")]
    public void A_key_that_does_not_fit_the_algorithm_is_badPublicKey() =>
        Refused(h => h["alg"] = "ES384", "badPublicKey", "key-algorithm-mismatch");

    [Fact, Spec("RFC 8555 §6.2")]
    public void An_account_key_that_does_not_fit_the_algorithm_is_malformed()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var jws = FlattenedJws.Parse(JwsSigner.For(_key).Sign(Url, "{}"u8, "bm9uY2U", AccountUrl));
        Func<object?> call = () => jws.Verify(Jwk.FromKey(key));
        call.ShouldRefuse("malformed", "jws-algorithm-mismatch");
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public void Neither_or_both_of_jwk_and_kid_is_malformed()
    {
        Refused(h => h.Remove("jwk"), "malformed", "jws-key-choice").Detail.Should().Contain("neither");
        Refused(h => h["kid"] = AccountUrl, "malformed", "jws-key-choice").Detail.Should().Contain("both");
    }

    [Fact, Spec("RFC 8555 §6.2"), Spec("RFC 7515 §4.1.11"), Spec("RFC 7797 §3")]
    public void Extensions_are_malformed()
    {
        Refused(h => h["crit"] = new JsonArray("b64"), "malformed", "jws-extension");
        Refused(h => h["b64"] = false, "malformed", "jws-extension");
        Refused(h => h["b64"] = true, "malformed", "jws-extension");
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public void Missing_or_mistyped_header_members_are_malformed()
    {
        Refused(h => h.Remove("alg"), "malformed", "json-missing-member").Detail.Should().StartWith("protected.alg: ");
        Refused(h => h.Remove("url"), "malformed", "json-missing-member");
        Refused(h => h["url"] = 5, "malformed", "json-wrong-type");
        Refused(h => h["jwk"] = "x", "malformed", "json-wrong-type");
    }

    [Theory, Spec("RFC 8555 §6.5.2")]
    [InlineData("")]
    [InlineData("abc=")]
    [InlineData("a b")]
    [InlineData("!")]
    public void A_nonce_that_is_not_base64url_is_malformed(string nonce) => Refused(h => h["nonce"] = nonce, "malformed", "nonce-not-base64url");

    [Theory, Spec("RFC 8555 §6.2"), Spec("RFC 7515 §7.2.2")]
    [InlineData("signatures", "[]", "jws-not-flattened")]
    [InlineData("header", "{}", "jws-unprotected-header")]
    [InlineData("payload", null, "json-missing-member")]
    [InlineData("payload", "null", "json-wrong-type")]
    [InlineData("payload", "\"e30=\"", "base64url-invalid")]
    [InlineData("payload", "{}", "json-wrong-type")]
    [InlineData("signature", null, "json-missing-member")]
    [InlineData("signature", "\"A\"", "base64url-invalid")]
    [InlineData("protected", null, "json-missing-member")]
    [InlineData("protected", "\"e30\"", "json-missing-member")]
    [InlineData("protected", "\"\"", "json-invalid")]
    [InlineData("protected", "\"W10\"", "json-no-object")]
    public void Another_shape_is_malformed(string member, string? json, string reason)
    {
        var jws = Object(JwsSigner.For(_key).Sign(Url, "{}"u8, "bm9uY2U", null));
        jws.Remove(member);
        if (json is not null)
        {
            jws[member] = JsonNode.Parse(json);
        }

        Func<object?> call = () => FlattenedJws.Parse(Encoding.UTF8.GetBytes(jws.ToJsonString()));
        call.ShouldRefuse("malformed", reason);
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public void The_nonce_of_a_request_that_will_be_refused_is_known_before()
    {
        var envelope = JwsEnvelope.Parse(Signed(h => h["alg"] = "none"));
        envelope.Nonce.Should().Be("bm9uY2U");
        Func<object?> call = () => envelope.Open();
        call.ShouldRefuse("badSignatureAlgorithm", "signature-algorithm-unsupported");
    }

    [Fact, Spec("RFC 8555 §7.3.4")]
    public void An_external_account_binding_has_a_MAC_a_kid_and_no_nonce()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        var bytes = JwsSigner.ForMac(secret).Sign(Url, "{}"u8, nonce: null, "key-1");
        var jws = FlattenedJws.Parse(bytes, JwsUse.ExternalAccountBinding);
        jws.Kid.Should().Be("key-1");
        jws.VerifyMac(secret).Should().BeTrue();
        jws.VerifyMac(RandomNumberGenerator.GetBytes(32)).Should().BeFalse();
        jws.Invoking(j => j.Verify(Jwk.FromKey(_key))).Should().Throw<ProblemException>();

        Inner(JwsSigner.ForMac(secret).Sign(Url, "{}"u8, "bm9uY2U", "key-1"), JwsUse.ExternalAccountBinding).ShouldRefuse("malformed", "jws-inner-nonce");
        Inner(JwsSigner.ForMac(secret).Sign(Url, "{}"u8, null, null), JwsUse.ExternalAccountBinding).ShouldRefuse("malformed", "jws-key-choice");
        Inner(JwsSigner.For(_key).Sign(Url, "{}"u8, null, "key-1"), JwsUse.ExternalAccountBinding)
            .ShouldRefuse("badSignatureAlgorithm", "mac-algorithm-unsupported").Algorithms.Should().Equal("HS256", "HS384", "HS512");
        Inner(bytes, JwsUse.Request).ShouldRefuse("badSignatureAlgorithm", "signature-algorithm-unsupported");
    }

    [Fact, Spec("RFC 8555 §7.3.5")]
    public void The_inner_JWS_of_keyChange_has_a_jwk_and_no_nonce()
    {
        Inner(JwsSigner.For(_key).Sign(Url, "{}"u8, null, null), JwsUse.KeyChange).Should().NotThrow();
        Inner(JwsSigner.For(_key).Sign(Url, "{}"u8, "bm9uY2U", null), JwsUse.KeyChange).ShouldRefuse("malformed", "jws-inner-nonce");
        Inner(JwsSigner.For(_key).Sign(Url, "{}"u8, null, AccountUrl), JwsUse.KeyChange).ShouldRefuse("malformed", "jws-key-choice");
    }

    [Fact]
    public void Escaped_but_equal_text_has_the_same_signing_input()
    {
        var bytes = JwsSigner.For(_key).Sign(Url, "{}"u8, "bm9uY2U", null);
        var escaped = Encoding.UTF8.GetString(bytes).Replace("\"e30\"", "\"\\u006530\"", StringComparison.Ordinal);
        var jws = FlattenedJws.Parse(Encoding.UTF8.GetBytes(escaped));
        jws.Verify(jws.Jwk!).Should().BeTrue();
    }

    [Fact]
    public void One_key_verifies_on_many_threads_at_once()
    {
        var jws = FlattenedJws.Parse(JwsSigner.For(_key).Sign(Url, "{}"u8, "bm9uY2U", AccountUrl));
        var key = Jwk.FromKey(_key);
        Parallel.For(0, 400, _ => jws.Verify(key).Should().BeTrue());
    }

    [Fact]
    public void Random_and_damaged_JWS_never_end_in_anything_but_a_problem()
    {
        var valid = JwsSigner.For(_key).Sign(Url, "{}"u8, "bm9uY2U", null);
        var key = Jwk.FromKey(_key);
        Prop.ForAll<byte[], int, byte>((random, at, value) =>
        {
            Survives(random, key);
            var damaged = valid.ToArray();
            damaged[(at & int.MaxValue) % damaged.Length] = value;
            Survives(damaged, key);
            Survives(Signed(random), key);
            var header = Encoding.UTF8.GetBytes("""{"alg":"ES256","nonce":"bm9uY2U","url":"u","jwk":{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}}""");
            header[(at & int.MaxValue) % header.Length] = value;
            Survives(Signed(header), key);
        }).QuickCheckThrowOnFailure();

        byte[] Signed(byte[] header) => JwsSigner.For(_key).SignRaw(header, "{}"u8);
    }

    private static void Survives(byte[] bytes, Jwk key)
    {
        try
        {
            FlattenedJws.Parse(bytes).Verify(key);
        }
        catch (ProblemException refusal)
        {
            refusal.Problem.Status.Should().Be(400);
        }
    }

    private static byte[] Decoded(string text) => Base64Url.TryDecode(text, 1024, out var bytes) ? bytes : throw new FormatException(text);

    private static JsonObject Object(byte[] json) => JsonNode.Parse(json)!.AsObject();

    private static Func<object?> Inner(byte[] bytes, JwsUse use) => () => FlattenedJws.Parse(bytes, use);

    private byte[] Signed(Action<JsonObject> change)
    {
        var header = new JsonObject
        {
            ["alg"] = "ES256",
            ["nonce"] = "bm9uY2U",
            ["url"] = Url,
            ["jwk"] = JsonNode.Parse(Jwk.FromKey(_key).ToJson()),
        };
        change(header);
        return JwsSigner.For(_key).SignRaw(Encoding.UTF8.GetBytes(header.ToJsonString()), "{}"u8);
    }

    private Problem Refused(Action<JsonObject> change, string type, string reason)
    {
        Func<object?> call = () => FlattenedJws.Parse(Signed(change));
        return call.ShouldRefuse(type, reason);
    }
}
