using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeviceAcme.Server.Tests.Issuance;

/// <summary>The certificate of the TLS listener.</summary>
public sealed class TlsCertificateTests : IDisposable
{
    private readonly TestCa _ca = new();
    private readonly ManualClock _clock = new(TestCa.Now);

    public void Dispose() => _ca.Dispose();

    [Theory]
    [InlineData("https://localhost:14000", "localhost", true)]
    [InlineData("https://acme.example", "acme.example", true)]
    [InlineData("https://127.0.0.1:14000", "127.0.0.1", true)]
    [InlineData("https://[::1]:14000", "::1", true)]
    [InlineData("https://acme.example", "other.example", false)]
    public void The_development_certificate_is_for_the_host_of_the_URL(string url, string host, bool fits)
    {
        using var issuer = _ca.Issuer();
        using var source = Development(issuer, url);

        var context = source.Current;

        context.TargetCertificate.MatchesHostname(host).Should().Be(fits);
        context.TargetCertificate.HasPrivateKey.Should().BeTrue();
        context.IntermediateCertificates.Should().ContainSingle();
        using var root = X509CertificateLoader.LoadCertificateFromFile(_ca.File("root.pem"));
        TestCa.Verifies(context.TargetCertificate, [context.IntermediateCertificates[0].RawData], root.RawData).Should().BeTrue();
    }

    [Fact]
    public void The_development_certificate_renews_itself()
    {
        using var issuer = _ca.Issuer();
        using var source = Development(issuer, "https://localhost");
        var first = source.Current;
        source.Current.Should().BeSameAs(first);

        _clock.Advance(TimeSpan.FromDays(19));
        source.Current.Should().BeSameAs(first);
        _clock.Advance(TimeSpan.FromDays(2));

        source.Current.TargetCertificate.NotAfter.Should().BeAfter(first.TargetCertificate.NotAfter);
    }

    [Fact]
    public void Files_are_read_again_when_they_change_and_a_broken_pair_changes_nothing()
    {
        var (certificate, key) = (Path.Combine(_ca.Folder, "tls.pem"), Path.Combine(_ca.Folder, "tls.key"));
        Write(certificate, key, "one.example");
        var source = new TlsCertificateFiles(certificate, key, NullLogger<TlsCertificateFiles>.Instance);
        source.Current.TargetCertificate.MatchesHostname("one.example").Should().BeTrue();

        File.WriteAllText(certificate, "half a file");
        source.Current.TargetCertificate.MatchesHostname("one.example").Should().BeTrue();
        Write(certificate, key, "another.example");

        source.Current.TargetCertificate.MatchesHostname("another.example").Should().BeTrue();
    }

    [Fact]
    public void Files_that_do_not_fit_stop_the_start()
    {
        var (certificate, key) = (Path.Combine(_ca.Folder, "tls.pem"), Path.Combine(_ca.Folder, "tls.key"));
        Write(certificate, key, "one.example");
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(key, other.ExportPkcs8PrivateKeyPem());

        FluentActions.Invoking(() => new TlsCertificateFiles(certificate, key, NullLogger<TlsCertificateFiles>.Instance)).Should().Throw<StartFailure>().WithMessage($"*{key}*");
    }

    private DevelopmentTlsCertificate Development(IssuerFolder issuer, string url) =>
        new(new BuiltInConnector(issuer, TestCa.Status), new Uri(url), _clock, NullLogger<DevelopmentTlsCertificate>.Instance);

    private static void Write(string certificate, string key, string host)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + host, pair, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(TestCa.Now, TestCa.Now.AddDays(1));
        File.WriteAllText(certificate, made.ExportCertificatePem());
        File.WriteAllText(key, pair.ExportPkcs8PrivateKeyPem());
    }
}
