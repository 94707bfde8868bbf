using System.Formats.Asn1;
using System.Net;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Issuance;

/// <summary>Subject alternative names in DER.</summary>
public sealed class GeneralNameTests
{
    public static TheoryData<string, string> Vectors { get; } = new()
    {
        { "permanent-identifier ABCDEF123456", "301ea01c06082b06010505070803a010300e0c0c414243444546313233343536" },
        { "permanent-identifier ABCDEF123456/1.2.3.4", "3023a02106082b06010505070803a01530130c0c41424344454631323334353606032a0304" },
        { "hardware-module ABCD/1.2.3.4", "301ba01906082b06010505070804a00d300b06032a0304040441424344" },
        { "upn alice@example.com", "3023a021060a2b060104018237140203a0130c11616c696365406578616d706c652e636f6d" },
    };

    [Theory, MemberData(nameof(Vectors)), Spec("device-attest §3.2"), Spec("device-attest §4.2")]
    public void A_name_has_the_octets_of_the_vector(string name, string hex)
    {
        var parts = name.Split(' ');
        var parsed = NameFilling.Parse(parts[0], parts[1], out _)!;

        Convert.ToHexStringLower(GeneralName.Write([parsed])).Should().Be(hex);
        GeneralName.Read(Convert.FromHexString(hex)).Should().Equal(parsed);
    }

    [Fact]
    public void All_kinds_stand_beside_each_other()
    {
        GeneralName[] names =
        [
            new GeneralName.Dns("host.example"), new GeneralName.Ip(IPAddress.Parse("192.0.2.1")), new GeneralName.Ip(IPAddress.Parse("2001:db8::1")),
            new GeneralName.Email("a@b.example"), new GeneralName.Link("urn:x:y"), new GeneralName.PermanentIdentifier("ä", null),
        ];

        GeneralName.Read(GeneralName.Write(names)).Should().Equal(names);
    }

    [Theory]
    [InlineData("")]
    [InlineData("3000")] // no name at all
    [InlineData("3006820461c3a4")] // dNSName that is not ASCII, and a length that is short
    [InlineData("30038701c0")] // an address of one octet
    [InlineData("30053003020101")] // not a GeneralName
    [InlineData("301ea01c06082b06010505070803a010300e0c0c4142434445463132333435")] // cut short
    [InlineData("301ea01c06082b06010505070803a010300e0c0c41424344454631323334353600")] // octets behind it
    [InlineData("301fa01d06082b06010505070804a011300f06032a0304a00804060404ff000000")] // hwSerialNum of another type
    [InlineData("3019a01706082b06010505070804a00b300906032a03040402fffe")] // hwSerialNum that is not UTF-8
    public void What_is_malformed_is_refused(string hex) =>
        FluentActions.Invoking(() => GeneralName.Read(Convert.FromHexString(hex))).Should().Throw<AsnContentException>();

    [Fact]
    public void Random_octets_never_escape_as_anything_else() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), octets =>
        {
            try
            {
                GeneralName.Read(octets);
            }
            catch (AsnContentException)
            {
                return true;
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("dns", "host.example", true)]
    [InlineData("dns", "*.host.example", true)]
    [InlineData("dns", "a.*.example", false)]
    [InlineData("dns", "host..example", false)]
    [InlineData("dns", "host.example\0.evil", false)]
    [InlineData("dns", "hoſt.example", false)]
    [InlineData("dns", "-host.example", false)]
    [InlineData("ip", "192.0.2.1", true)]
    [InlineData("ip", "192.0.2", false)]
    [InlineData("ip", "fe80::1%eth0", false)]
    [InlineData("email", "a.b@example.com", true)]
    [InlineData("email", "a@b@example.com", false)]
    [InlineData("email", "a@example.com\n", false)]
    [InlineData("email", "\"a b\"@example.com", false)]
    [InlineData("uri", "urn:a:b", true)]
    [InlineData("uri", "https://example.com/a?b#c", true)]
    [InlineData("uri", "relative/path", false)]
    [InlineData("uri", "urn:a b", false)]
    [InlineData("uri", "TAG:microsoft.com,2022-09-14:sid:S-1-5-21", false)]
    [InlineData("upn", "alice@example.com", true)]
    [InlineData("upn", "alice@example@com", false)]
    [InlineData("upn", "alice\0@example.com", false)]
    [InlineData("permanent-identifier", "ABC/1.2.3", true)]
    [InlineData("permanent-identifier", "ABC/1.02.3", false)]
    [InlineData("permanent-identifier", "/1.2.3", false)]
    [InlineData("hardware-module", "ABC", false)]
    [InlineData("hardware-module", "ABC/1.2/3", false)]
    public void A_text_is_a_name_of_its_kind_or_refused(string kind, string text, bool valid) =>
        (NameFilling.Parse(kind, text, out _) is not null).Should().Be(valid);
}
