using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class CertificateTextTests
{
    [Theory]
    [Spec("device-attest §3.2")]
    [InlineData("301ea01c06082b06010505070803a010300e0c0c414243444546313233343536", "permanent-identifier:ABCDEF123456")]
    [InlineData("3023a02106082b06010505070803a01530130c0c41424344454631323334353606032a0304", "permanent-identifier:ABCDEF123456/1.2.3.4")]
    [InlineData("301ba01906082b06010505070804a00d300b06032a0304040441424344", "hardware-module:ABCD/1.2.3.4")]
    public void Other_names_are_shown_as_orders_write_them(string der, string shown) =>
        CertificateText.Read([Certificate(Convert.FromHexString(der))]).Names.Should().Equal(shown);

    [Fact]
    public void The_usual_names_are_shown_with_their_type()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("host.example");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddUri(new Uri("urn:device:1"));
        names.AddEmailAddress("a@host.example");

        var text = CertificateText.Read([Certificate(names.Build().RawData)]);

        text.Names.Should().Equal("dns:host.example", "ip:127.0.0.1", "uri:urn:device:1", "email:a@host.example");
        text.Key.Should().Be("EC P-256");
        text.Subject.Should().Be("CN=x");
    }

    private static byte[] Certificate(byte[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.17", names, false));
        return request.CreateSelfSigned(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero)).RawData;
    }
}
