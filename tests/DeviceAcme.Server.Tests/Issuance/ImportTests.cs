using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Connectors.BuiltIn;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Issuance;

/// <summary>An outside root signs the issuing CA.</summary>
public sealed class ImportTests : IDisposable
{
    private readonly TestCa _ca = new();
    private readonly OutsideCa _outside = new();
    private readonly IssuerFolder _issuer;

    public ImportTests() => _issuer = _ca.Issuer();

    public void Dispose()
    {
        _issuer.Dispose();
        _outside.Dispose();
        _ca.Dispose();
    }

    [Fact]
    public async Task A_running_issuer_takes_up_what_another_process_imports()
    {
        using var connector = new BuiltInConnector(_issuer, TestCa.Status);
        var before = await TestCa.Issue(connector);
        var signed = _outside.Sign(_issuer.Request());

        // another process: another object on the same folder
        using (var command = _ca.Open().Open("default"))
        {
            command.Import(OutsideCa.Pem(signed, _outside.Intermediate, _outside.Root), TestCa.Now);
        }

        var after = await TestCa.Issue(connector);
        after.Chains[0].Select(der => der.ToArray()).Should().BeEquivalentTo([signed.RawData, _outside.Intermediate.RawData], options => options.WithStrictOrdering());
        TestCa.Verifies(TestCa.Load(after.Certificate), after.Chains[0], _outside.Root.RawData).Should().BeTrue();
        TestCa.Verifies(TestCa.Load(before.Certificate), after.Chains[0], _outside.Root.RawData).Should().BeTrue("the key and the name are the same");
        after.IssuerKeyId.Should().Be(before.IssuerKeyId);
    }

    [Fact]
    public async Task The_earlier_chain_is_kept_and_offered_as_an_alternate()
    {
        using var connector = new BuiltInConnector(_issuer, TestCa.Status);
        var own = X509CertificateLoader.LoadCertificateFromFile(_ca.File("root", "certificate.pem"));

        _issuer.Import(OutsideCa.Pem(_outside.Sign(_issuer.Request()), _outside.Intermediate, _outside.Root), TestCa.Now);

        var issued = await TestCa.Issue(connector);
        issued.Chains.Should().HaveCount(2);
        TestCa.Verifies(TestCa.Load(issued.Certificate), issued.Chains[1], own.RawData).Should().BeTrue();
        Directory.EnumerateFiles(_ca.File("default", "previous")).Should().ContainSingle();
    }

    [Fact]
    public void The_outside_root_is_trusted_beside_the_one_made_here()
    {
        _issuer.Import(OutsideCa.Pem(_outside.Sign(_issuer.Request()), _outside.Intermediate, _outside.Root), TestCa.Now);

        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(_ca.File("root.pem"));
        trusted.Select(root => root.Subject).First().Should().Be("CN=Outside Root");
        trusted.Should().HaveCount(2);
    }

    [Fact]
    public void The_order_of_the_file_does_not_matter_and_the_root_may_be_missing()
    {
        var signed = _outside.Sign(_issuer.Request());

        _issuer.Import(OutsideCa.Pem(_outside.Root, _outside.Intermediate, signed), TestCa.Now).Chain.Should().HaveCount(2);
        var without = _issuer.Import(OutsideCa.Pem(_outside.Intermediate, signed), TestCa.Now.AddSeconds(1));

        without.Chain.Should().HaveCount(2);
        without.Root.Should().BeNull();
    }

    [Fact]
    public async Task A_key_identifier_of_the_outside_CAs_own_making_is_taken_over()
    {
        var signed = _outside.Sign(_issuer.Request(), ownKeyIdentifier: true);
        _issuer.Import(OutsideCa.Pem(signed, _outside.Intermediate, _outside.Root), TestCa.Now);

        using var connector = new BuiltInConnector(_issuer, TestCa.Status);
        var issued = await TestCa.Issue(connector);

        issued.Chains.Should().ContainSingle("the earlier certificate has another key identifier");
        issued.IssuerKeyId.Should().Be(_issuer.KeyId, "the key's id stays in URLs and in the store");
        TestCa.Load(issued.Certificate).Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.ToArray()
            .Should().Equal(signed.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray());
        TestCa.Verifies(TestCa.Load(issued.Certificate), issued.Chains[0], _outside.Root.RawData).Should().BeTrue();
    }

    [Fact]
    public void A_certificate_for_another_key_is_refused()
    {
        using var other = new TestCa();
        using var stranger = other.Issuer();

        Refused(OutsideCa.Pem(_outside.Sign(stranger.Request()), _outside.Intermediate)).Should().Contain("none of the 2 certificates is for the key of issuer 'default'");
    }

    [Fact]
    public void A_certificate_that_is_no_CAs_is_refused()
    {
        Refused(OutsideCa.Pem(_outside.Sign(_issuer.Request(), extension => extension is X509BasicConstraintsExtension ? null : extension), _outside.Intermediate, _outside.Root))
            .Should().Contain("not a CA's");
        Refused(OutsideCa.Pem(_outside.Sign(_issuer.Request(), extension => extension is X509KeyUsageExtension ? new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true) : extension), _outside.Intermediate, _outside.Root))
            .Should().Contain("keyUsage is DigitalSignature");
    }

    [Fact]
    public void A_certificate_with_another_subject_is_refused() =>
        Refused(OutsideCa.Pem(_outside.Sign(_issuer.Request(), subject: "CN=Renamed"), _outside.Intermediate, _outside.Root)).Should().Contain("'CN=Renamed'");

    [Fact]
    public void A_certificate_that_has_ended_is_refused() =>
        Refused(OutsideCa.Pem(_outside.Sign(_issuer.Request(), notAfter: TestCa.Now.AddSeconds(-1)), _outside.Intermediate, _outside.Root)).Should().Contain("not now");

    [Fact]
    public void A_path_that_is_too_long_is_refused()
    {
        using var narrow = new OutsideCa(intermediatePathLength: 0);

        Refused(OutsideCa.Pem(narrow.Sign(_issuer.Request()), narrow.Intermediate, narrow.Root)).Should().Contain("'CN=Outside Intermediate' allows a path length of 0; 1 CA would stand below it");
    }

    [Fact]
    public void A_forged_signature_is_refused()
    {
        using var impostor = new OutsideCa();

        Refused(OutsideCa.Pem(_outside.Sign(_issuer.Request()), impostor.Intermediate, impostor.Root)).Should().Contain("does not verify");
    }

    [Fact]
    public void The_own_root_or_a_self_signed_certificate_is_refused()
    {
        using var root = _ca.Directory.Root()!;
        Refused(File.ReadAllText(_ca.File("root.pem"))).Should().Contain("none of the 1 certificates");
        FluentActions.Invoking(() => root.Import(File.ReadAllText(_ca.File("root.pem")), TestCa.Now)).Should().Throw<IssuerException>().WithMessage("*self-signed*");
    }

    [Theory]
    [InlineData("", "no certificates")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "certificate 1 of the file cannot be read")]
    public void A_file_without_certificates_is_refused(string pem, string message) => Refused(pem).Should().Contain(message);

    private string Refused(string pem)
    {
        var before = File.ReadAllBytes(_ca.File("default", "chain.pem"));
        var message = FluentActions.Invoking(() => _issuer.Import(pem, TestCa.Now)).Should().Throw<IssuerException>().Which.Message;
        File.ReadAllBytes(_ca.File("default", "chain.pem")).Should().Equal(before, "nothing was changed");
        return message;
    }
}
