using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Issuance;

/// <summary>What a profile makes of an order, facts and a CSR; also what hostile values cannot make of it.</summary>
public sealed class CertificatePlannerTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, 345, TimeSpan.Zero);
    private static readonly AcmeIdentifier Serial = new("permanent-identifier", "C02ABC");

    [Fact]
    public void A_device_gets_the_names_of_its_profile()
    {
        var plan = Plan(Csr.DeviceProfile, [Serial], serial: "C02ABC");

        Subject(plan).Should().Be("CN=C02ABC, O=Example");
        Names(plan).Should().Equal(new GeneralName.PermanentIdentifier("C02ABC", null), new GeneralName.Link("urn:device:C02ABC"));
        plan.Extensions.Single(extension => extension.Oid == Oids.SubjectAltName).Critical.Should().BeFalse();
        plan.NotBefore.Should().Be(new DateTimeOffset(2026, 11, 22, 11, 55, 0, TimeSpan.Zero));
        (plan.NotAfter - plan.NotBefore).Should().Be(TimeSpan.FromDays(90));
    }

    [Fact, Spec("RFC 5280 §4.2.1.6")]
    public void Without_a_subject_the_alternative_names_are_critical()
    {
        var plan = Plan(Csr.ServerProfile, [new("dns", "host.example"), new("ip", "192.0.2.1")], csr: Csr.For(new GeneralName.Dns("host.example"), new GeneralName.Ip(IPAddress.Parse("192.0.2.1"))));

        plan.Subject.ToArray().Should().Equal(0x30, 0);
        plan.Extensions.Single(extension => extension.Oid == Oids.SubjectAltName).Critical.Should().BeTrue();
        Names(plan).Should().Equal(new GeneralName.Dns("host.example"), new GeneralName.Ip(IPAddress.Parse("192.0.2.1")));
    }

    [Fact]
    public void Nothing_of_the_CSR_gets_in_but_its_key()
    {
        var csr = Csr.Make("CN=C02ABC, OU=Wheel, O=Evil", [new GeneralName.Email("root@evil.example"), new GeneralName.Link("urn:evil"), new GeneralName.UserPrincipal("admin@evil")], null,
            new X509BasicConstraintsExtension(true, false, 0, true), new X509Extension(Oids.MicrosoftSid, [5, 0], false));

        var plan = Plan(Csr.DeviceProfile, [Serial], serial: "C02ABC", csr: csr);

        Subject(plan).Should().Be("CN=C02ABC, O=Example");
        Names(plan).Should().HaveCount(2);
        plan.Extensions.Select(extension => extension.Oid).Should().Equal(Oids.KeyUsage, Oids.ExtKeyUsage, Oids.SubjectAltName);
        plan.PublicKey.ToArray().Should().Equal(Csr.Key.ExportSubjectPublicKeyInfo());
    }

    [Theory, Spec("RFC 5280 §4.2.1.4")]
    [InlineData(false, false, "")]
    [InlineData(true, false, "2.25.86460896158151247275097005402158036632")]
    [InlineData(false, true, "2.25.160978087150826425668633275131030469711")]
    [InlineData(true, true, "2.25.86460896158151247275097005402158036632 2.25.160978087150826425668633275131030469711")]
    public void What_was_not_proven_stands_as_a_policy(bool identifier, bool residency, string expected)
    {
        var plan = CertificatePlanner.Plan(Inputs(Csr.DeviceProfile, [Serial], "C02ABC") with { Unproven = identifier, ResidencyUnproven = residency });
        var policies = new List<string>();
        foreach (var extension in plan.Extensions.Where(extension => extension.Oid == Oids.CertificatePolicies))
        {
            var list = new AsnReader(extension.Value, AsnEncodingRules.DER).ReadSequence();
            while (list.HasData)
            {
                policies.Add(list.ReadSequence().ReadObjectIdentifier());
            }
        }

        string.Join(' ', policies).Should().Be(expected);
    }

    [Fact]
    public void A_listed_wish_that_matches_its_pattern_gets_in()
    {
        var profile = Csr.DeviceProfile.Replace("    - uri: urn:device:{{device.serial}}\n", "") + "\n  from-request:\n    - subject.OU: /[A-Z]{2,8}/\n    - subject-alternative-names.uri: 'urn:seat:*'\n    - subject-alternative-names.email: '*@example.com'";
        var csr = Csr.Make("CN=C02ABC, OU=SALES", [new GeneralName.Link("urn:seat:7"), new GeneralName.Link("urn:other"), new GeneralName.Email("a@evil.com"), new GeneralName.Email("a@example.com")]);

        var plan = Plan(profile, [Serial], serial: "C02ABC", csr: csr);

        Subject(plan).Should().Be("CN=C02ABC, O=Example, OU=SALES");
        Names(plan).Should().Equal(new GeneralName.PermanentIdentifier("C02ABC", null), new GeneralName.Link("urn:seat:7"), new GeneralName.Email("a@example.com"));
    }

    [Theory]
    [InlineData("CN=C02ABC, OU=sales")]
    [InlineData("CN=C02ABC, OU=SALES, OU=STAFF")]
    public void A_wish_that_does_not_match_or_stands_twice_is_ignored(string subject)
    {
        var profile = Csr.DeviceProfile + "\n  from-request:\n    - subject.OU: /[A-Z]{2,8}/";

        Subject(Plan(profile, [Serial], serial: "C02ABC", csr: Csr.Make(subject, []))).Should().Be("CN=C02ABC, O=Example");
    }

    [Fact]
    public void A_wish_cannot_claim_an_account_of_a_directory()
    {
        var profile = Csr.DeviceProfile.Replace("    - uri: urn:device:{{device.serial}}\n", "") + "\n  from-request:\n    - subject-alternative-names.uri: '*'";

        Names(Plan(profile, [Serial], serial: "C02ABC", csr: Csr.For(new GeneralName.Link("tag:microsoft.com,2022-09-14:sid:S-1-5-21-1"))))
            .Should().ContainSingle().Which.Should().BeOfType<GeneralName.PermanentIdentifier>();
    }

    [Theory]
    [InlineData("a, O=Evil")]
    [InlineData("a+CN=evil")]
    [InlineData("a\"b")]
    [InlineData("a\\,O=Evil")]
    [InlineData("#0c0141")]
    [InlineData(" a ")]
    [InlineData("{{identifier}}")]
    public void A_value_stays_one_value_of_the_subject(string serial)
    {
        var plan = Plan(Csr.DeviceProfile, [Serial], serial: serial);

        var rdns = new X500DistinguishedName(plan.Subject.ToArray()).EnumerateRelativeDistinguishedNames(reversed: false).ToArray();
        rdns.Should().HaveCount(2);
        rdns[0].GetSingleElementValue().Should().Be("Example");
        rdns[1].GetSingleElementValue().Should().Be(serial);
    }

    [Theory]
    [InlineData("a b", "urn:device:a%20b")]
    [InlineData("a/../b?x#y", "urn:device:a%2F..%2Fb%3Fx%23y")]
    [InlineData("ä", "urn:device:%C3%A4")]
    [InlineData("a:b@c", "urn:device:a%3Ab%40c")]
    public void A_value_is_escaped_in_a_uri(string serial, string uri) =>
        Names(Plan(Csr.DeviceProfile, [Serial], serial: serial)).Should().Contain(new GeneralName.Link(uri));

    [Theory]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\u0085b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123456789")]
    public void A_value_that_the_subject_cannot_hold_refuses(string serial) =>
        Refused("template-value-not-encodable", Csr.DeviceProfile, serial);

    // a theory's data would lose the lone surrogate on its way
    [Fact]
    public void Half_a_character_refuses() => Refused("template-value-not-encodable", Csr.DeviceProfile, "a" + (char)0xd800);

    [Theory]
    [InlineData("dns: \"{{device.serial}}.corp.example\"", "evil#", "is not a valid dns")]
    [InlineData("dns: \"{{device.serial}}.corp.example\"", "www.evil", "must not have '.'")]
    [InlineData("dns: \"{{device.serial}}.corp.example\"", "*", "must not have")]
    [InlineData("email: \"{{device.serial}}@example.com\"", "admin@evil.example", "must not have '@'")]
    [InlineData("upn: \"{{device.serial}}@example.com\"", "admin@evil", "must not have '@'")]
    [InlineData("uri: \"{{device.serial}}:x\"", "tag:microsoft.com,2022-09-14:sid", "is not a valid uri")]
    [InlineData("permanent-identifier: \"{{device.serial}}\"", "A/1.2.3", "must not have '/'")]
    [InlineData("ip: \"{{device.serial}}\"", "host", "is not a valid ip")]
    public void A_value_cannot_change_the_structure_of_a_name(string name, string serial, string detail)
    {
        var profile = Csr.DeviceProfile.Replace("uri: urn:device:{{device.serial}}", name).Replace("CN={{device.serial}}, ", "");

        Refused("template-value-not-encodable", profile, serial).Should().Contain(detail);
    }

    [Fact]
    public void Any_text_gives_a_certificate_that_says_exactly_it_or_a_refusal() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyString>(), text =>
        {
            try
            {
                var plan = Plan(Csr.DeviceProfile, [Serial], serial: text.Get);
                var cn = new X500DistinguishedName(plan.Subject.ToArray()).EnumerateRelativeDistinguishedNames(reversed: false).Last().GetSingleElementValue();
                return cn == text.Get && Names(plan).Count == 2;
            }
            catch (ProblemException)
            {
                return true;
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Extensions_of_the_profile_get_in_as_they_are_written()
    {
        var profile = Csr.DeviceProfile + "\n  extensions:\n    - { oid: 1.2.3.4, critical: true, utf8: 'serial {{device.serial}}' }\n    - { oid: 1.2.3.5, der: '05 00' }\n    - { oid: 1.2.3.6, octets: 'ff:00' }\n    - { oid: 1.2.3.7, ia5: plain }";

        var extensions = Plan(profile, [Serial], serial: "ä").Extensions.Skip(3).Select(extension => (extension.Oid, extension.Critical, Convert.ToHexStringLower(extension.Value.Span)));

        extensions.Should().Equal(("1.2.3.4", true, "0c0973657269616c20c3a4"), ("1.2.3.5", false, "0500"), ("1.2.3.6", false, "0402ff00"), ("1.2.3.7", false, "1605706c61696e"));
    }

    [Fact]
    public void A_key_usage_that_the_key_cannot_do_is_left_out()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=host.example", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();

        Usage(Plan(Csr.ServerProfile, [new("dns", "host.example")], csr: Csr.For(new GeneralName.Dns("host.example")))).Should().Be("03020780");
        Usage(Plan(Csr.ServerProfile, [new("dns", "host.example")], csr: request)).Should().Be("030205a0");

        static string Usage(CertificatePlan plan) => Convert.ToHexStringLower(plan.Extensions[0].Value.Span);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public void The_orders_times_are_kept_exactly()
    {
        var from = new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

        var plan = Plan(Csr.DeviceProfile, [Serial], serial: "C02ABC", notBefore: from, notAfter: from.AddDays(1));

        (plan.NotBefore, plan.NotAfter, plan.ExactNotBefore, plan.ExactNotAfter).Should().Be((from, from.AddDays(1), true, true));
    }

    [Theory, Spec("RFC 8555 §7.4")]
    [InlineData("2026-11-22T11:00:00Z", null)]
    [InlineData("2027-11-22T11:00:00Z", null)]
    [InlineData(null, "2026-11-22T11:00:00Z")]
    [InlineData(null, "2027-02-22T12:00:00Z")]
    [InlineData("2026-12-02T00:00:00Z", "2026-12-01T00:00:00Z")]
    [InlineData(null, "2026-12-01T00:00:00.5Z")]
    public void Times_that_cannot_be_kept_are_refused(string? notBefore, string? notAfter) =>
        FluentActions.Invoking(() => RequestedValidity.Check(Csr.Profile(Csr.DeviceProfile).Certificate, Time(notBefore), Time(notAfter), Now))
            .Should().Throw<ProblemException>().Which.Problem.Reason.Should().Be("validity-not-possible");

    [Theory, Spec("RFC 8555 §7.4")]
    [InlineData(null, null)]
    [InlineData("2026-11-22T12:00:00Z", null)]
    [InlineData(null, "2026-12-01T00:00:00Z")]
    [InlineData("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z")]
    public void Times_that_can_be_kept_are_not(string? notBefore, string? notAfter)
    {
        var template = Csr.Profile(Csr.DeviceProfile).Certificate;

        RequestedValidity.Check(template, Time(notBefore), Time(notAfter), Now);

        // the order may be finalized days later
        var (from, to) = RequestedValidity.Plan(template, Time(notBefore), Time(notAfter), Now.AddDays(5));
        from.Should().BeBefore(to);
        (to - from).Should().BeLessThanOrEqualTo(template.Validity);
    }

    private static DateTimeOffset? Time(string? text) => text is null ? null : DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static CertificatePlan Plan(
        string profile, AcmeIdentifier[] identifiers, string? serial = null, byte[]? csr = null, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null) =>
        CertificatePlanner.Plan(Inputs(profile, identifiers, serial, csr) with { NotBefore = notBefore, NotAfter = notAfter });

    private static CertificateInputs Inputs(string profile, AcmeIdentifier[] identifiers, string? serial, byte[]? csr = null) => new()
    {
        Profile = Csr.Profile(profile),
        Identifiers = identifiers,
        Facts = serial is null ? FactSet.Empty : new FactSet([new Fact("device.serial", new FactValue.Text(serial), true)]),
        Request = CertificateSigningRequest.Read(csr ?? Csr.For()),
        Now = Now,
    };

    private static string Refused(string reason, string profile, string serial)
    {
        var problem = FluentActions.Invoking(() => Plan(profile, [Serial], serial)).Should().Throw<ProblemException>().Which.Problem;
        problem.Reason.Should().Be(reason, problem.Detail);
        return problem.Detail;
    }

    private static string Subject(CertificatePlan plan) => string.Join(", ", new X500DistinguishedName(plan.Subject.ToArray())
        .EnumerateRelativeDistinguishedNames().Select(rdn => $"{rdn.GetSingleElementType().FriendlyName}={rdn.GetSingleElementValue()}"));

    private static IReadOnlyList<GeneralName> Names(CertificatePlan plan) =>
        GeneralName.Read(plan.Extensions.Single(extension => extension.Oid == Oids.SubjectAltName).Value);
}
