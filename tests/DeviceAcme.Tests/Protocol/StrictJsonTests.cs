using System.Text;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Protocol;

public sealed class StrictJsonTests
{
    [Theory, Spec("RFC 8555 §5"), Spec("RFC 8259")]
    [InlineData("", "json-invalid")]
    [InlineData("null", "json-no-object")]
    [InlineData("[]", "json-no-object")]
    [InlineData("\"x\"", "json-no-object")]
    [InlineData("{} {}", "json-invalid")]
    [InlineData("{}x", "json-invalid")]
    [InlineData("{\"a\":1,}", "json-invalid")]
    [InlineData("{/**/}", "json-invalid")]
    [InlineData("{'a':1}", "json-invalid")]
    [InlineData("{\"a\":\"\u0001\"}", "json-invalid")]
    [InlineData("{\"a\":1,\"a\":1}", "json-duplicate-member")]
    [InlineData("{\"a\":1,\"\\u0061\":1}", "json-duplicate-member")]
    [InlineData("{\"b\":[{\"a\":1,\"a\":2}]}", "json-duplicate-member")]
    [InlineData("\uFEFF{}", "json-byte-order-mark")]
    [InlineData("{\"a\":\"\\ud800\"}", "json-lone-surrogate")]
    [InlineData("{\"a\":\"\\uDC00\"}", "json-lone-surrogate")]
    [InlineData("{\"a\":\"\\ud800\\ud800\"}", "json-lone-surrogate")]
    [InlineData("{\"a\":\"\\ud800x\\udc00\"}", "json-lone-surrogate")]
    [InlineData("{\"a\":\"\\udc00\\ud800\"}", "json-lone-surrogate")]
    [InlineData("{\"a\":\"\\ud83d\\ude00\\udbff\"}", "json-lone-surrogate")]
    [InlineData("{\"a\":{\"b\":[\"\\ud800\"]}}", "json-lone-surrogate")]
    [InlineData("{\"\\ud800\":1}", "json-lone-surrogate")]
    [InlineData("{\"\\ud800\":1,\"\\ud801\":1}", "json-lone-surrogate")]
    public void Ambiguous_or_broken_documents_are_malformed(string text, string reason) => Refused(Encoding.UTF8.GetBytes(text), reason);

    [Theory, Spec("RFC 8555 §5")]
    [InlineData("7B2261223A22FF227D")] // 0xFF
    [InlineData("7B2261223A22C080227D")] // U+0000 in two bytes
    [InlineData("7B2261223A22EDA080227D")] // U+D800 in UTF-8's manner
    [InlineData("7B2261223A22E28222227D")] // cut off
    public void Bytes_that_are_not_UTF8_are_malformed(string hex) => Refused(Convert.FromHexString(hex), "json-not-utf8");

    [Theory]
    [InlineData("{\"a\":\"\\\\ud800\"}", "\\ud800")]
    [InlineData("{\"a\":\"\\ud83d\\ude00\"}", "\ud83d\ude00")]
    [InlineData("{\"a\":\"x\\u0000y\"}", "x\0y")]
    [InlineData("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t")]
    public void Escapes_with_one_meaning_are_read(string text, string value) =>
        StrictJson.ParseObject(Encoding.UTF8.GetBytes(text), "payload").GetProperty("a").GetString().Should().Be(value);

    [Fact]
    public void Size_and_depth_are_bounded()
    {
        Refused([.. "{\"a\":\""u8, .. new byte[StrictJson.MaxBytes].Select(_ => (byte)'x'), .. "\"}"u8], "json-too-large");
        Refused(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', StrictJson.MaxDepth) + new string(']', StrictJson.MaxDepth) + "}"), "json-invalid");
        var deep = "{\"a\":" + new string('[', StrictJson.MaxDepth - 1) + new string(']', StrictJson.MaxDepth - 1) + "}";
        StrictJson.ParseObject(Encoding.UTF8.GetBytes(deep), "payload");
    }

    [Fact]
    public void Random_bytes_and_broken_documents_never_end_in_anything_but_a_problem() =>
        Prop.ForAll<byte[], int, byte>((random, at, value) =>
        {
            Survives(random);
            var document = Encoding.UTF8.GetBytes("""{"a":"\ud83d\ude00\u0000","b":[1,-2.5e3,true,null,{"c":{}}],"d":"é"}""");
            document[(at & int.MaxValue) % document.Length] = value;
            Survives(document);
            Survives(document.AsSpan(0, (at & int.MaxValue) % document.Length).ToArray());
        }).QuickCheckThrowOnFailure();

    private static void Survives(byte[] bytes)
    {
        try
        {
            StrictJson.ParseObject(bytes, "payload");
        }
        catch (ProblemException refusal)
        {
            refusal.Problem.Status.Should().Be(400);
        }
    }

    private static void Refused(byte[] bytes, string reason)
    {
        Func<object?> call = () => StrictJson.ParseObject(bytes, "payload");
        call.ShouldRefuse("malformed", reason).Detail.Should().StartWith("payload: expected ");
    }
}
