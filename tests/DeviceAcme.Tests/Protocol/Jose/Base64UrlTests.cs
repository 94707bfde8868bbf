using DeviceAcme.Protocol.Jose;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Jose;

public sealed class Base64UrlTests
{
    [Theory, Spec("RFC 8555 §6.1"), Spec("RFC 7515 §2")]
    [InlineData("", "")]
    [InlineData("AA", "00")]
    [InlineData("_-8", "FFEF")]
    [InlineData("e30", "7B7D")]
    [InlineData("AQID", "010203")]
    public void Right_text_decodes(string text, string hex)
    {
        Base64Url.TryDecode(text, 100, out var bytes).Should().BeTrue();
        Convert.ToHexString(bytes!).Should().Be(hex);
        Base64Url.Encode(bytes).Should().Be(text);
    }

    [Theory, Spec("RFC 8555 §6.1")]
    [InlineData("AA==", "padding")]
    [InlineData("AA=", "padding")]
    [InlineData("=", "padding")]
    [InlineData("A", "one letter over")]
    [InlineData("AAAAA", "one letter over")]
    [InlineData("AB", "four stray bits")]
    [InlineData("AAB", "two stray bits")]
    [InlineData("AA AA", "space")]
    [InlineData("AAAA\n", "line feed")]
    [InlineData("+/8", "the other alphabet")]
    [InlineData("AÀAA", "not ASCII")]
    public void Wrong_text_does_not(string text, string why)
    {
        Base64Url.TryDecode(text, 100, out _).Should().BeFalse(why);
        Base64Url.IsValid(text).Should().BeFalse(why);
    }

    [Fact]
    public void The_bound_counts_decoded_bytes()
    {
        Base64Url.TryDecode("AQID", 3, out _).Should().BeTrue();
        Base64Url.TryDecode("AQID", 2, out _).Should().BeFalse();
    }

    [Fact, Spec("RFC 7515 §2")]
    public void Every_value_has_exactly_one_text() =>
        Prop.ForAll<byte[], byte>((bytes, change) =>
        {
            var text = Base64Url.Encode(bytes);
            Base64Url.TryDecode(text, bytes.Length, out var back).Should().BeTrue();
            back.Should().Equal(bytes);

            // another last letter must be another value or no value
            if (text.Length > 0)
            {
                var other = text[..^1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[change % 64];
                if (other != text && Base64Url.TryDecode(other, bytes.Length, out var value))
                {
                    value.Should().NotEqual(bytes);
                }
            }
        }).QuickCheckThrowOnFailure();
}
