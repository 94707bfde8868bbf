using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Identifiers;

public sealed class IdentifierTypesTests
{
    [Theory, Spec("device-attest §3")]
    [InlineData("ABCDEF123456")]
    [InlineData("ABCDEF123456/1.2.3.4")]
    [InlineData("with space")]
    [InlineData(" leading and trailing ")]
    [InlineData("bell\u0007")]
    [InlineData("Größe/2.999")]
    [InlineData("x/0.39")]
    [InlineData("x/1.0")]
    [InlineData("x/2.23.133.12.1")]
    [InlineData("*.example.com")]
    public void A_permanent_identifier_is_kept_octet_for_octet(string value) => Read("permanent-identifier", value).Should().Be(value);

    [Theory, Spec("device-attest §3")]
    [InlineData("/1.2.3")]
    [InlineData("")]
    [InlineData("A/")]
    [InlineData("A/1")]
    [InlineData("A/1.40")]
    [InlineData("A/0.100")]
    [InlineData("A/3.1")]
    [InlineData("A/1.02.3")]
    [InlineData("A/01.2")]
    [InlineData("A/1.2.")]
    [InlineData("A/1..2")]
    [InlineData("A/1.2/3")]
    [InlineData("A/x")]
    [InlineData("A/1.２")]
    public void A_permanent_identifier_outside_the_grammar_is_malformed(string value) => Refusal("permanent-identifier", value).Type.Should().EndWith(":malformed");

    [Theory, Spec("device-attest §4")]
    [InlineData("ABCD")]
    [InlineData("ABCD/")]
    [InlineData("/1.2.3.4")]
    public void A_hardware_module_needs_serial_and_type(string value) => Refusal("hardware-module", value).Type.Should().EndWith(":malformed");

    [Fact, Spec("device-attest §4")]
    public void A_hardware_module_with_its_type_is_read() => Read("hardware-module", "ABCD/1.2.3.4").Should().Be("ABCD/1.2.3.4");

    [Theory]
    [InlineData("permanent-identifier", "AB\0CD")]
    [InlineData("hardware-module", "AB\0CD/1.2.3")]
    [InlineData("dns", "exa\0mple.com")]
    public void A_NUL_is_rejected(string type, string value) => Refusal(type, value).Type.Should().EndWith(":rejectedIdentifier");

    [Theory, Spec("RFC 8555 §7.1.3")]
    [InlineData("Example.COM", "example.com")]
    [InlineData("*.example.com", "*.example.com")]
    [InlineData("printer", "printer")]
    [InlineData("xn--mnchen-3ya.example", "xn--mnchen-3ya.example")]
    [InlineData("1.2.3.example", "1.2.3.example")]
    public void A_dns_name_is_read(string value, string expected) => Read("dns", value).Should().Be(expected);

    [Theory, Spec("RFC 8555 §7.1.3")]
    [InlineData("")]
    [InlineData("example.com.")]
    [InlineData("a..b")]
    [InlineData("-a.example")]
    [InlineData("a-.example")]
    [InlineData("a_b.example")]
    [InlineData("münchen.example")]
    [InlineData("xn--a.example")]
    [InlineData("ab--c.example")]
    [InlineData("*")]
    [InlineData("*.com")]
    [InlineData("a.*.example")]
    [InlineData("*.*.example.com")]
    [InlineData("192.0.2.1")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example")]
    public void A_wrong_dns_name_is_rejected(string value) => Refusal("dns", value).Type.Should().EndWith(":rejectedIdentifier");

    [Theory, Spec("RFC 8738 §3")]
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    public void An_address_in_canonical_form_is_read(string value) => Read("ip", value).Should().Be(value);

    [Theory, Spec("RFC 8738 §3")]
    [InlineData("192.0.2.01")]
    [InlineData("192.0.2")]
    [InlineData("2001:DB8::1")]
    [InlineData("2001:db8:0:0::1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[2001:db8::1]")]
    [InlineData("192.0.2.0/24")]
    [InlineData("example.com")]
    public void Another_spelling_of_an_address_is_rejected(string value) => Refusal("ip", value).Type.Should().EndWith(":rejectedIdentifier");

    [Fact, Spec("RFC 8738 §7")]
    public void dns_01_cannot_prove_an_address() => IdentifierTypes.Find("ip")!.CanProve(ChallengeTypes.Dns01, false).Should().BeFalse();

    [Fact, Spec("RFC 8555 §7.1.3")]
    public void Only_dns_01_proves_a_wildcard() =>
        ChallengeTypes.All.Where(type => IdentifierTypes.Find("dns")!.CanProve(type, true)).Should().Equal(ChallengeTypes.Dns01);

    [Fact]
    public void A_star_in_a_device_identifier_is_no_wildcard() =>
        IdentifierTypes.Find("permanent-identifier")!.Authorize("*.x").Should().Be(("*.x", false));

    private static string Read(string type, string value) => IdentifierTypes.Find(type)!.Read(value);

    private static Problem Refusal(string type, string value)
    {
        var read = () => Read(type, value);
        return read.Should().Throw<ProblemException>().Which.Problem;
    }
}
