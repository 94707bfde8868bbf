using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

public sealed class AppleVerifierTests
{
    private static readonly string[] AllFacts =
    [
        "apple.llb-version", "apple.secure-boot", "apple.sep-os-version", "apple.sip", "apple.third-party-kexts", "attestation.certificate-sha256",
        "device.family", "device.family-source", "device.model-id", "device.serial", "device.udid", "key.algorithm", "key.protection", "os.version",
    ];

    public static TheoryData<string> RefusedFaults => [.. Enum.GetValues<AppleFault>().Where(fault => Faults.Describe(fault).Classes.Count > 0
        && fault != AppleFault.KeySwap).Select(fault => fault.ToString())];

    [Fact, Spec("device-attest §5")]
    public void A_genuine_attestation_of_a_Mac_is_accepted_with_all_its_facts()
    {
        var made = Apple.Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Format.Should().Be("apple");
        verdict.Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
        verdict.Device.Identifier.Should().Be(made.Identifier);
        verdict.Device.Binding.Should().Be(FreshnessBinding.Token);
        verdict.Facts.All.Select(fact => fact.Name).Should().Equal(AllFacts);
        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven);
        verdict.Fact("device.udid").Should().Be("00006030-000A51D200000001");
        verdict.Fact("os.version").Should().Be("15.5");
        verdict.Fact("device.family").Should().Be("mac");
        verdict.Fact("device.family-source").Should().Be("properties that only Macs have");
        verdict.Fact("apple.secure-boot").Should().Be("Full Security");
        verdict.Fact("apple.sip").Should().Be("true", "0 means that SIP is on");
        verdict.Fact("apple.third-party-kexts").Should().Be("false", "0 means none");
        verdict.Fact("key.algorithm").Should().Be("EC P-384");
        verdict.Fact("key.protection").Should().Be("secure-enclave");
    }

    [Fact]
    public void The_checks_stand_in_their_order() =>
        Verify(Apple).Checks.Select(check => check.Name).Should().Equal(
            "attestation-object", "format", "statement", "properties", "chain", "anchor-validity", "leaf", "freshness", "key", "identifier");

    [Theory, MemberData(nameof(RefusedFaults))]
    public void Each_named_fault_is_refused_with_its_class(string name)
    {
        var fault = Enum.Parse<AppleFault>(name);
        var verdict = Verify(Apple.With(fault));

        verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
        Faults.Describe(fault).Classes.Should().Contain(verdict.Reason!.Class, Explain(verdict));
        verdict.Device.Should().BeNull();
    }

    [Fact, Spec("device-attest §5")]
    public void A_challenge_for_another_token_is_refused_and_says_what_helps()
    {
        var verdict = Verify(Apple.With(AppleFault.WrongChallenge));

        verdict.ShouldRefuse(Reasons.FreshnessMismatch);
        verdict.Check("freshness").Advice.Should().Contain("delivered again").And.Contain("new key");
        verdict.Check("chain").Outcome.Should().Be(CheckOutcome.Passed);
        verdict.Check("identifier").Outcome.Should().Be(CheckOutcome.Passed);
    }

    [Fact, Spec("device-attest §5")]
    public void A_missing_freshness_value_is_a_failure_even_without_a_token_to_compare()
    {
        var made = Apple.With(AppleFault.MissingFreshness).Make();

        Verify(made).ShouldRefuse(Reasons.FreshnessMissing);
        AttestationVerifier.Verify(Evidence(made) with { Token = null }).ShouldRefuse(Reasons.FreshnessMissing);
    }

    [Fact]
    public void A_hash_of_the_key_authorization_is_refused_and_named() =>
        Verify(Apple.With(AppleFault.KeyAuthorizationHashed)).Check("freshness").Advice.Should().Contain("token alone");

    [Fact]
    public void The_freshness_value_of_the_worked_example_is_accepted() =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes("evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA")))
            .Should().Be("7ea0aaa69214e71e02cebb18bb86773609b730209baabf60e43d4999979ff139");

    [Fact]
    public void Quirk_User_Enrollment_leaves_serial_and_udid_out()
    {
        var made = Apple.With(AppleFault.UserEnrollment).Make();

        Verify(made).ShouldRefuse(Reasons.IdentifierMissing);
        Verify(made).Check("identifier").Advice.Should().Contain("User Enrollment");
    }

    [Fact]
    public void Quirk_a_blank_property_is_neither_absent_nor_different()
    {
        var verdict = Verify(Apple with { Device = AppleDevice.Mac() with { OsVersion = "", SecureBoot = null } });

        verdict.ShouldAccept();
        verdict.Facts.Find("os.version")!.Value.Should().BeOfType<FactValue.Blank>();
        verdict.Facts.Find("apple.secure-boot").Should().BeNull();
        verdict.Check("properties").Found.Should().Contain("blank: os.version");
    }

    [Fact]
    public void Quirk_an_iPhone_has_no_Mac_only_properties()
    {
        var verdict = Verify(Apple with { Device = AppleDevice.IPhone() });

        verdict.ShouldAccept();
        verdict.Fact("device.family").Should().Be("mobile");
        verdict.Fact("device.family-source").Should().Be("model identifier");
    }

    [Theory]
    [InlineData("iPad13,4", null)]
    [InlineData("J514sAP", "mac")]
    [InlineData("iPhone", "mac")]
    [InlineData("Mac14,2", "mac")]
    public void A_family_with_contradicting_or_without_hints_is_absent_with_Mac_properties_it_is_a_Mac(string model, string? family) =>
        Verify(Apple with { Device = AppleDevice.Mac() with { Model = model } }).Facts.Find("device.family")?.Value.ToString().Should().Be(family);

    [Fact]
    public void Quirk_the_order_may_name_the_udid_where_the_profile_names_no_fact()
    {
        var made = Apple.Make();
        var byUdid = Evidence(made) with { Identifier = new ExpectedIdentifier("permanent-identifier", AppleDevice.Mac().Udid!, null) };

        AttestationVerifier.Verify(byUdid).ShouldAccept();
        AttestationVerifier.Verify(byUdid).Device!.Identifier.Should().Be(AppleDevice.Mac().Udid);
    }

    [Fact]
    public void The_named_fact_alone_is_compared()
    {
        var made = Apple.Make();

        AttestationVerifier.Verify(Evidence(made, "device.serial")).ShouldAccept();
        AttestationVerifier.Verify(Evidence(made, "device.udid")).ShouldRefuse(Reasons.IdentifierMismatch);
        AttestationVerifier.Verify(Evidence(made, "tpm.permanent-identifier")).ShouldRefuse(Reasons.IdentifierFactUnknown);
        AttestationVerifier.Verify(Evidence(made, "os.version")).ShouldRefuse(Reasons.IdentifierFactUnknown);
    }

    [Theory, Spec("device-attest §3.2")]
    [InlineData("c02sim000001")]
    [InlineData("C02SIM000001 ")]
    [InlineData(" C02SIM000001")]
    [InlineData("C02SIM000001\0")]
    [InlineData("Ｃ02SIM000001")]
    [InlineData("C02SIM000001/1.2.3")]
    [InlineData("")]
    public void Identifiers_are_compared_octet_for_octet(string ordered) =>
        AttestationVerifier.Verify(Evidence(Apple.Make()) with { Identifier = new ExpectedIdentifier("permanent-identifier", ordered, null) })
            .ShouldRefuse(Reasons.IdentifierMismatch);

    [Fact]
    public void WebAuthns_own_apple_format_is_named_as_such()
    {
        var verdict = Verify(Apple.With(AppleFault.WebAuthnApple));

        verdict.ShouldRefuse(Reasons.AppleNotDeviceAttestation);
        verdict.Check("properties").Found.Should().Contain("1.2.840.113635.100.8.2").And.Contain("WebAuthn");
        verdict.Check("identifier").Outcome.Should().Be(CheckOutcome.NotReached);
    }

    [Fact, Needs("shared")]
    public void App_Attest_is_named_as_such()
    {
        var item = Corpus.Item("s-webauthn-apple-appattest-01");
        var verdict = WebAuthn.VerifyAsAcme(item.File("attestationObject.cbor"), item.Anchors, item.Checks.First().At);

        verdict.ShouldRefuse(Reasons.FormatUnknown);
        verdict.Check("format").Advice.Should().Contain("App Attest");
    }

    [Fact]
    public void Below_a_failed_chain_the_facts_are_unproven_and_the_independent_checks_still_run()
    {
        var verdict = Verify(Apple.With(AppleFault.ForeignRoot));

        verdict.ShouldRefuse(Reasons.ChainUntrustedRoot);
        verdict.Facts.All.Should().HaveCount(AllFacts.Length).And.OnlyContain(fact => !fact.Proven);
        verdict.Check("anchor-validity").Outcome.Should().Be(CheckOutcome.NotReached);
        verdict.Check("freshness").Outcome.Should().Be(CheckOutcome.Passed);
        verdict.Check("identifier").Outcome.Should().Be(CheckOutcome.Passed);
    }

    [Fact]
    public void Several_faults_are_all_recorded()
    {
        var verdict = Verify(Apple.With(AppleFault.WrongChallenge, AppleFault.WrongSerial, AppleFault.ExpiredLeaf));

        verdict.Checks.Where(check => check.Outcome == CheckOutcome.Failed).Select(check => check.Reason)
            .Should().Equal(Reasons.ChainExpired, Reasons.FreshnessMismatch, Reasons.IdentifierMismatch);
        verdict.Reason.Should().Be(Reasons.ChainExpired);
    }

    [Fact]
    public void Without_a_binding_the_verdict_is_incomplete_and_names_no_device()
    {
        var made = Apple.Make();
        foreach (var evidence in new[] { Evidence(made) with { Token = null }, Evidence(made) with { Identifier = null } })
        {
            var verdict = AttestationVerifier.Verify(evidence);
            verdict.Outcome.Should().Be(VerdictOutcome.Incomplete, Explain(verdict));
            verdict.Device.Should().BeNull();
            verdict.Reason.Should().BeNull();
            verdict.Checks.Should().ContainSingle(check => check.Outcome == CheckOutcome.NotReached);
        }
    }

    [Fact]
    public void A_key_swap_is_the_business_of_finalize_and_the_attested_key_is_there_to_compare()
    {
        var made = Apple.With(AppleFault.KeySwap).Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Device!.PublicKey.ToArray().Should().NotEqual(((ECDsa)made.Key).ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void A_key_that_no_Secure_Enclave_has_is_refused() =>
        AttestationVerifier.Verify(Evidence(Apple.Make(ChallengeMaterial.Sample, ECDsa.Create(ECCurve.NamedCurves.nistP521))))
            .ShouldRefuse(Reasons.KeyUnsupported);
}
