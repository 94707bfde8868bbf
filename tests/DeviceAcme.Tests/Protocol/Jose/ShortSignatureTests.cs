using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Jose;

/// <summary>ES256 signatures without their leading zeros, as macOS sends them: vectors made with one key until R and S had the wanted zeros.</summary>
public sealed class ShortSignatureTests
{
    private const string Key = """{"crv":"P-256","kty":"EC","x":"kw9lZXwdw-9kIAWW9vV-s_xMd3T2NlrrZ8yT4-xewDk","y":"a1AkhDxoyby3c2jrYRzKkgNgv_lY21H5fvxdyMWtYvk"}""";

    // {"alg":"ES256","kid":"https://acme.example/acme/x/account/1","nonce":"bm9uY2U","url":"https://acme.example/acme/x/new-order"}
    private const string Header =
        "eyJhbGciOiJFUzI1NiIsImtpZCI6Imh0dHBzOi8vYWNtZS5leGFtcGxlL2FjbWUveC9hY2NvdW50LzEiLCJub25jZSI6ImJtOXVZMlUiLCJ1cmwiOiJodHRwczovL2FjbWUuZXhhbXBsZS9hY21lL3gvbmV3LW9yZGVyIn0";

    private const string Whole = "USVkVFq2FJAhBcMrbjIa1QnhB5W8FzdIyqmBz6lBrwa3T_X8aqU_YvfYqrLMu4nkO_UHCTir97o8tmpHsrDBpA";
    private const string WithoutZeroOfR = "lFUXYRAeZr6zOlM1QAmQvpS6prAoJEvm4FkrVWXPb-QITQJv5skwQoniVEihXDzsYMGhgagV_a6PFlXWUDAP";
    private const string WithoutZeroOfS = "vREgwiIGFWb4ppMT2uPPmtx2JY2RBOBpxXMXDBr1p4WnPXoKkCTUqCrQhl4cpwgu6_hWbfHe9GxCTFqOvAud";
    private const string WithoutBothZeros = "1ccbPx9mu64OWpdZeGCgSLIhnRvvMvXP3zqWpu4XhE6cjwdBpOc9N8GEQBA7pfxrzQjM2dHYAbfTPVxO99Y";
    private const string WithoutTwoZerosOfR = "sdhAo5GmE0gy_jHQFp311CZt85P3DShUxmtZTumgd8OxcnlJc2ue96mRNT53nkCr0_EhWFWQmagpt3c-6VI";
    private const string WithoutTwoZerosOfS = "_yRqLjzzLU6nmmHwQ6fh8DCVFilvZevpqFTLrO6z_dGIPdN4XhVYLU_ldyABPzXFNMLDxa3Dfe9iL9BlsMM";

    [Theory, Spec("RFC 7518 §3.4")]
    [InlineData(Whole, 64)]
    [InlineData(WithoutZeroOfR, 63)]
    [InlineData(WithoutZeroOfS, 63)]
    [InlineData(WithoutBothZeros, 62)]
    [InlineData(WithoutTwoZerosOfR, 62)]
    [InlineData(WithoutTwoZerosOfS, 62)]
    public void Lost_zeros_are_put_back(string signature, int length)
    {
        Decoded(signature).Should().HaveCount(length);
        var jws = Jws(Decoded(signature));
        jws.HasShortSignature.Should().Be(length < 64);
        jws.Verify(TheKey()).Should().BeTrue();
    }

    [Theory, Spec("RFC 7518 §3.4")]
    [InlineData(Whole, 0, 63)]
    [InlineData(Whole, 1, 63)]
    [InlineData(Whole, 2, 62)]
    [InlineData(Whole, 0, 62)]
    [InlineData(WithoutBothZeros, 1, 61)]
    [InlineData(WithoutBothZeros, 0, 61)]
    [InlineData(Whole, 0, 0)]
    public void Octets_that_were_not_zero_stay_lost(string signature, int from, int length) =>
        Jws(Decoded(signature).AsSpan(from, length).ToArray()).Verify(TheKey()).Should().BeFalse();

    [Fact, Spec("RFC 7518 §3.4")]
    public void Too_many_octets_are_refused() => Jws([0, .. Decoded(Whole)]).Verify(TheKey()).Should().BeFalse();

    [Fact, Spec("RFC 7518 §3.4")]
    public void Only_62_and_63_octets_count_as_short() =>
        Enumerable.Range(0, 70).Where(n => Jws(new byte[n]).HasShortSignature).Should().Equal(62, 63);

    [Fact, Spec("RFC 7518 §3.4")]
    public void Other_algorithms_have_no_such_tolerance()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var shortened = false;
        var signer = JwsSigner.For(key, s => (shortened = s[0] == 0) ? s[1..] : s);
        FlattenedJws jws;
        do
        {
            jws = FlattenedJws.Parse(signer.Sign("https://acme.example/x", "{}"u8, "bm9uY2U", kid: null));
        }
        while (!shortened);
        jws.Verify(jws.Jwk!).Should().BeFalse();
    }

    private static FlattenedJws Jws(byte[] signature) =>
        FlattenedJws.Parse(Encoding.UTF8.GetBytes($$"""{"protected":"{{Header}}","payload":"e30","signature":"{{Base64Url.Encode(signature)}}"}"""));

    private static Jwk TheKey() => Jwk.Parse(JsonElement.Parse(Key));

    private static byte[] Decoded(string text) => Base64Url.TryDecode(text, 100, out var bytes) ? bytes : throw new FormatException(text);
}
