using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Issuance;

/// <summary>What the built-in CA signs.</summary>
public sealed class BuiltInConnectorTests : IDisposable
{
    private readonly TestCa _ca = new();
    private readonly IssuerFolder _issuer;
    private readonly BuiltInConnector _connector;

    public BuiltInConnectorTests()
    {
        _issuer = _ca.Issuer();
        _connector = new BuiltInConnector(_issuer, TestCa.Status);
    }

    public void Dispose()
    {
        _issuer.Dispose();
        _ca.Dispose();
    }

    [Fact]
    public async Task A_certificate_verifies_up_to_the_root()
    {
        var issued = await TestCa.Issue(_connector);

        using var leaf = TestCa.Load(issued.Certificate);
        TestCa.Verifies(leaf, issued.Chains[0], X509CertificateLoader.LoadCertificateFromFile(_ca.File("root.pem")).RawData).Should().BeTrue();
        leaf.Version.Should().Be(3);
        leaf.MatchesHostname("host.example").Should().BeTrue();
    }

    [Fact, Spec("RFC 5280 §4.2.1.1"), Spec("RFC 5280 §4.2.1.2"), Spec("RFC 5280 §4.2.1.13"), Spec("RFC 5280 §4.2.2.1")]
    public async Task It_names_its_issuer_by_key_and_the_places_by_the_keys_id()
    {
        using var leaf = TestCa.Load((await TestCa.Issue(_connector)).Certificate);
        using var issuing = TestCa.Load(_issuer.Current.Chain[0]);

        Convert.ToHexStringLower(leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.Span)
            .Should().Be(issuing.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier!.ToLowerInvariant()).And.Be(_issuer.KeyId);
        leaf.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier
            .Should().Be(new X509SubjectKeyIdentifierExtension(leaf.PublicKey, false).SubjectKeyIdentifier);
        leaf.Extensions.OfType<X509AuthorityInformationAccessExtension>().Single().EnumerateCAIssuersUris().Should().Equal($"http://status.example:8080/ca/{_issuer.KeyId}.cer");
        System.Text.Encoding.ASCII.GetString(leaf.Extensions[Oids.CrlDistributionPoints]!.RawData).Should().EndWith($"http://status.example:8080/crl/{_issuer.KeyId}.crl");
        leaf.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority.Should().BeFalse();
    }

    [Fact]
    public async Task Without_a_status_URL_no_places_are_named()
    {
        using var leaf = TestCa.Load((await TestCa.Issue(new BuiltInConnector(_issuer, null))).Certificate);

        leaf.Extensions[Oids.CrlDistributionPoints].Should().BeNull();
        leaf.Extensions[Oids.AuthorityInfoAccess].Should().BeNull();
    }

    [Fact, Spec("RFC 5280 §4.1.2.2")]
    public void Serials_are_positive_sixteen_octets_and_all_different()
    {
        var serials = Enumerable.Range(0, 2000).Select(_ => CertificateBuilder.Serial()).ToList();

        serials.Should().OnlyContain(serial => serial.Length == 16 && serial[0] >= 0x40 && serial[0] < 0x80);
        serials.Select(Convert.ToHexString).Distinct().Should().HaveCount(2000);
    }

    [Fact]
    public async Task The_serial_is_reported_as_the_certificate_has_it()
    {
        var issued = await TestCa.Issue(_connector);

        using var leaf = TestCa.Load(issued.Certificate);
        issued.Serial.Should().Be(Convert.ToHexStringLower(leaf.SerialNumberBytes.Span));
    }

    [Fact]
    public async Task NotAfter_never_passes_the_issuers()
    {
        var issued = await TestCa.Issue(_connector, plan => plan with { NotAfter = TestCa.Now.AddYears(50) });

        issued.NotAfter.Should().Be(_issuer.Current.NotAfter);
        TestCa.Load(issued.Certificate).NotAfter.ToUniversalTime().Should().Be(_issuer.Current.NotAfter.UtcDateTime);
    }

    [Fact]
    public async Task NotBefore_never_comes_before_the_issuers()
    {
        var issued = await TestCa.Issue(_connector, plan => plan with { NotBefore = TestCa.Now.AddYears(-1) });

        issued.NotBefore.Should().Be(_issuer.Current.NotBefore);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task A_time_that_the_order_asked_for_is_kept_or_refused()
    {
        var kept = await TestCa.Issue(_connector, plan => plan with { NotAfter = TestCa.Now.AddDays(1), ExactNotAfter = true });
        kept.NotAfter.Should().Be(TestCa.Now.AddDays(1));

        var beyond = () => TestCa.Issue(_connector, plan => plan with { NotAfter = TestCa.Now.AddYears(50), ExactNotAfter = true });
        (await beyond.Should().ThrowAsync<ProblemException>()).Which.Problem.Reason.Should().Be("validity-beyond-issuer");
    }

    [Fact]
    public async Task An_issuer_that_has_ended_signs_nothing()
    {
        var late = () => TestCa.Issue(_connector, plan => plan with { NotBefore = TestCa.Now.AddYears(20), NotAfter = TestCa.Now.AddYears(21) });

        (await late.Should().ThrowAsync<IssuerException>()).WithMessage("*ended at*");
    }

    [Theory, Spec("RFC 5280 §4.1.2.5")]
    [InlineData("2049-12-31T23:59:59Z", 0x17, "491231235959Z")]
    [InlineData("2050-01-01T00:00:00Z", 0x18, "20500101000000Z")]
    [InlineData("1999-01-01T00:00:00Z", 0x17, "990101000000Z")]
    public void Times_change_their_form_at_2050(string time, byte tag, string text)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        CertificateBuilder.WriteTime(writer, DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture));

        writer.Encode().Should().Equal([tag, (byte)text.Length, .. System.Text.Encoding.ASCII.GetBytes(text)]);
    }

    [Fact]
    public async Task Many_threads_may_sign_at_once()
    {
        var root = X509CertificateLoader.LoadCertificateFromFile(_ca.File("root.pem")).RawData;

        var issued = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(() => TestCa.Issue(_connector))));

        issued.Should().OnlyContain(certificate => TestCa.Verifies(TestCa.Load(certificate.Certificate), certificate.Chains[0], root, null));
    }

    [Fact, Needs("openssl")]
    public async Task Openssl_reads_and_verifies_it()
    {
        var issued = await TestCa.Issue(_connector);
        var leaf = Path.Combine(_ca.Folder, "leaf.pem");
        await File.WriteAllBytesAsync(leaf, CaCertificate.Pem([issued.Certificate]));
        var at = TestCa.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

        var (code, output) = await TestCa.OpenSsl("verify", "-x509_strict", "-attime", at, "-CAfile", _ca.File("root.pem"), "-untrusted", _ca.File("default", "chain.pem"), leaf);
        code.Should().Be(0, output);
        var (_, text) = await TestCa.OpenSsl("x509", "-in", leaf, "-noout", "-text");
        text.Should().Contain("DNS:host.example").And.Contain("othername").And.Contain("X509v3 Subject Alternative Name: critical").And.Contain($"URI:http://status.example:8080/crl/{_issuer.KeyId}.crl");
    }

    [Fact, Needs("openssl")]
    public async Task Openssl_verifies_the_request_for_an_outside_root()
    {
        var file = Path.Combine(_ca.Folder, "request.pem");
        await File.WriteAllTextAsync(file, _issuer.RequestPem());

        var (code, text) = await TestCa.OpenSsl("req", "-in", file, "-verify", "-noout", "-text");

        code.Should().Be(0, text);
        text.Should().Contain("CA:TRUE, pathlen:0").And.Contain("Certificate Sign, CRL Sign").And.Contain("verify OK");
    }
}
