using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Issuance;

/// <summary>Parts of a template that depend on facts or key, and extensions about revocation.</summary>
public sealed class TemplateFieldTests
{
    private const string NoRevAvail = "2.5.29.56";
    private const string CrlDistributionPoints = "2.5.29.31";
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Theory, Spec("RFC 5280 §4.2.1.4")]
    [InlineData("hardware", true, "1.2.3.1 1.2.3.2")]
    [InlineData("virtual", true, "1.2.3.1")]
    [InlineData("hardware", false, "1.2.3.1")]
    [InlineData(null, true, "1.2.3.1")]
    public void A_policy_stands_where_the_proven_facts_meet_it(string? level, bool proven, string expected)
    {
        var profile = Device("\n  policies:\n    - 1.2.3.1\n    - { oid: 1.2.3.2, when: { assurance.level: hardware } }");

        Policies(Plan(profile, level is null ? [] : [new Fact("assurance.level", new FactValue.Text(level), proven)])).Should().Be(expected);
    }

    [Fact]
    public void What_was_not_proven_stays_before_policies_of_the_profile()
    {
        var plan = CertificatePlanner.Plan(Inputs(Device("\n  policies: [1.2.3.1]"), []) with { Unproven = true });

        Policies(plan).Should().Be($"{Oids.UnprovenIdentifierPolicy} 1.2.3.1");
    }

    [Theory]
    [InlineData("secure-enclave", 365)]
    [InlineData("tpm", 180)]
    [InlineData("software", 30)]
    [InlineData(null, 30)]
    public void A_certificate_lives_as_long_as_its_facts_allow(string? protection, int days)
    {
        var profile = Device("", "[{ when: { key.protection: secure-enclave }, for: 1y }, { when: { key.protection: [tpm, secure-enclave] }, for: 180d }, 30d]");

        var plan = Plan(profile, protection is null ? [] : [new Fact("key.protection", new FactValue.Text(protection), true)]);

        (plan.NotAfter - plan.NotBefore).TotalDays.Should().Be(days);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public void An_order_may_ask_for_the_longest_life_and_gets_no_more_than_its_facts_allow()
    {
        var profile = Device("", "[{ when: { key.protection: secure-enclave }, for: 1y }, 30d]");
        var wanted = Now.AddDays(300);

        RequestedValidity.Check(profile.Certificate, null, wanted, Now);

        FluentActions.Invoking(() => CertificatePlanner.Plan(Inputs(profile, []) with { NotAfter = wanted }))
            .Should().Throw<ProblemException>().Which.Problem.Reason.Should().Be("validity-not-possible");
    }

    [Fact]
    public void The_key_chooses_the_issuer()
    {
        var profile = Device("\nissuer: { ec-p256: elliptic, default: other }", keys: "[ec-p256, rsa-2048]");

        Plan(profile, []).Issuer.Should().Be("elliptic");
        profile.IssuerFor("rsa-2048").Should().Be("other");
        profile.Issuers.Should().BeEquivalentTo("elliptic", "other");
    }

    [Fact, Spec("RFC 9608 §2")]
    public void A_certificate_without_revocation_names_no_CRL_and_is_no_CAs()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signing = new SigningKey(key);
        var issuer = new CertificateIssuer
        {
            Name = new X500DistinguishedName("CN=ca").RawData,
            KeyIdentifier = signing.KeyIdentifier,
            Key = signing,
            CrlUrl = new Uri("http://ca.example/crl"),
            CertificateUrl = new Uri("http://ca.example/ca"),
        };
        var without = Plan(Device("\n  no-rev-avail: true", "7d"), []);

        Oid(Plan(Device(""), [])).Should().Contain(CrlDistributionPoints).And.NotContain(NoRevAvail);
        Oid(without).Should().Contain(NoRevAvail).And.Contain(Oids.AuthorityInfoAccess).And.NotContain(CrlDistributionPoints);
        var extension = without.Extensions.Single(extension => extension.Oid == NoRevAvail);
        (extension.Critical, Convert.ToHexStringLower(extension.Value.Span)).Should().Be((false, "0500"));
        FluentActions.Invoking(() => CertificateBuilder.Authority(without, issuer, CertificateBuilder.Serial(), 0)).Should().Throw<ArgumentException>();

        IEnumerable<string?> Oid(CertificatePlan plan)
        {
            using var certificate = X509CertificateLoader.LoadCertificate(CertificateBuilder.EndEntity(plan, issuer, CertificateBuilder.Serial()));
            return certificate.Extensions.Select(extension => extension.Oid!.Value).ToList();
        }
    }

    [Fact, Spec("RFC 7633 §6")]
    public void A_server_can_be_told_to_staple()
    {
        var mistakes = new Mistakes();
        var profile = ProfileFile.Parse("test.yaml", Csr.ServerProfile + "\n  must-staple: true", mistakes)!;
        var inputs = Inputs(profile, []) with { Identifiers = [new("dns", "host.example")] };

        var extension = CertificatePlanner.Plan(inputs).Extensions.Single(extension => extension.Oid == "1.3.6.1.5.5.7.1.24");

        (extension.Critical, Convert.ToHexStringLower(extension.Value.Span)).Should().Be((false, "3003020105"));
        mistakes.Warnings.Should().ContainSingle().Which.Key.Should().Be("certificate.must-staple");
    }

    [Fact]
    public void An_identifier_of_an_object_is_a_name_like_others()
    {
        var name = new GeneralName.RegisteredId("1.3.6.1.4.1.99999.7");
        var plan = Plan(Device("").Replace("urn:device:{{device.serial}}", "1.3.6.1.4.1.99999.7").Replace("- uri:", "- registered-id:"), []);

        var der = plan.Extensions.Single(extension => extension.Oid == Oids.SubjectAltName).Value;

        GeneralName.Read(der).Should().Contain(name);
        Convert.ToHexStringLower(der.Span).Should().Contain("88092b06010401868d1f07", "registeredID is [8] IMPLICIT OBJECT IDENTIFIER");
    }

    [Fact]
    public void A_permanent_identifier_can_name_its_assigner() =>
        GeneralName.Read(Plan(Device("").Replace("uri: urn:device:{{device.serial}}", "permanent-identifier: '{{device.serial}}/1.2.3.4'"), [])
                .Extensions.Single(extension => extension.Oid == Oids.SubjectAltName).Value)
            .Should().Contain(new GeneralName.PermanentIdentifier("C02ABC", "1.2.3.4"));

    [Theory]
    [InlineData("policies: [2.5.29.32.0]", "anyPolicy")]
    [InlineData("policies: [not-an-oid]", "is not an object identifier")]
    [InlineData("policies: [1.2.3, { oid: 1.2.3, when: { device.serial: x } }]", "stands here twice")]
    [InlineData("policies: [2.25.86460896158151247275097005402158036632]", "the server sets it")]
    [InlineData("policies: [{ when: { device.serial: x } }]", "needs oid")]
    [InlineData("no-rev-avail: true", "10 days at most")]
    [InlineData("must-staple: true", "is for TLS servers")]
    [InlineData("extensions: [{ oid: 2.5.29.32, der: '0500' }]", "is set by policies")]
    [InlineData("extensions: [{ oid: 2.5.29.56, der: '0500' }]", "is set by no-rev-avail")]
    [InlineData("extensions: [{ oid: 1.3.6.1.5.5.7.1.24, der: '0500' }]", "is set by must-staple")]
    public void What_a_profile_may_not_say_is_a_mistake(string line, string message)
    {
        var mistakes = new Mistakes();

        ProfileFile.Parse("test.yaml", $"{Csr.DeviceProfile}\n  {line}", mistakes).Should().BeNull();

        mistakes.Errors.Should().ContainSingle().Which.Message.Should().Contain(message);
    }

    [Theory]
    [InlineData("[{ when: { device.serial: x }, for: 1y }]", "must end with a plain duration")]
    [InlineData("[30d, { when: { device.serial: x }, for: 1y }, 10d]", "must be { when")]
    [InlineData("[{ when: { device.serial: x } }, 10d]", "needs when (facts) and for")]
    [InlineData("[{ when: { device.serial: x }, for: 1m }, 10d]", "must be longer than backdate")]
    public void A_validity_that_cannot_be_decided_is_a_mistake(string validity, string message)
    {
        var mistakes = new Mistakes();

        ProfileFile.Parse("test.yaml", Csr.DeviceProfile.Replace("validity: 90d", $"validity: {validity}"), mistakes).Should().BeNull();

        mistakes.Errors.Should().ContainSingle().Which.Message.Should().Contain(message);
    }

    [Theory]
    [InlineData("\nissuer: { rsa-2048: x }", "which certificate.keys does not have")]
    [InlineData("\nissuer: { ec-p256: root }", "not be 'root'")]
    [InlineData("\nissuer: { ec-p257: x }", "is not a known property")]
    public void An_issuer_that_cannot_be_is_a_mistake(string issuer, string message)
    {
        var mistakes = new Mistakes();

        ProfileFile.Parse("test.yaml", Csr.DeviceProfile + issuer, mistakes).Should().BeNull();

        mistakes.Errors.Should().ContainSingle().Which.Message.Should().Contain(message);
    }

    private static Template Device(string more, string validity = "90d", string? keys = null)
    {
        var text = Csr.DeviceProfile.Replace("validity: 90d", $"validity: {validity}") + more;
        return new Template(keys is null ? text : System.Text.RegularExpressions.Regex.Replace(text, @"keys: \[.*\]", $"keys: {keys}"));
    }

    private static CertificatePlan Plan(CertificateProfile profile, IReadOnlyList<Fact> facts) => CertificatePlanner.Plan(Inputs(profile, facts));

    private static CertificateInputs Inputs(CertificateProfile profile, IReadOnlyList<Fact> facts) => new()
    {
        Profile = profile,
        Identifiers = [new AcmeIdentifier("permanent-identifier", "C02ABC")],
        Facts = new FactSet([new Fact("device.serial", new FactValue.Text("C02ABC"), true), .. facts]),
        Request = CertificateSigningRequest.Read(Csr.For()),
        Now = Now,
    };

    private static string Policies(CertificatePlan plan)
    {
        var list = new AsnReader(plan.Extensions.Single(extension => extension.Oid == Oids.CertificatePolicies).Value, AsnEncodingRules.DER).ReadSequence();
        var policies = new List<string>();
        while (list.HasData)
        {
            policies.Add(list.ReadSequence().ReadObjectIdentifier());
        }

        return string.Join(' ', policies);
    }

    private sealed record Template(string Text)
    {
        public CertificateProfile Profile => Csr.Profile(Text);

        public CertificateTemplate Certificate => Profile.Certificate;

        public static implicit operator CertificateProfile(Template template) => template.Profile;

        public IEnumerable<string> Issuers => Profile.Issuers;

        public string IssuerFor(string key) => Profile.IssuerFor(key);

        public Template Replace(string before, string after) => new(Text.Replace(before, after));
    }
}
