using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Step;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

public sealed class StepVerifierTests
{
    private static readonly string[] AllFacts =
    [
        "attestation.certificate-sha256", "device.serial", "key.algorithm", "key.protection", "yubikey.cspn", "yubikey.fips", "yubikey.firmware",
        "yubikey.form-factor", "yubikey.pin-policy", "yubikey.slot", "yubikey.touch-policy",
    ];

    public static TheoryData<string> RefusedFaults =>
        [.. Enum.GetValues<YubiKeyFault>().Where(fault => fault != YubiKeyFault.KeySwap).Select(fault => fault.ToString())];

    [Fact, Spec("device-attest §5")]
    public void A_genuine_attestation_of_a_YubiKey_is_accepted_with_all_its_facts()
    {
        var made = YubiKey.Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Format.Should().Be("step");
        verdict.Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
        verdict.Device.Identifier.Should().Be("31000001");
        verdict.Device.Binding.Should().Be(FreshnessBinding.KeyAuthorization);
        verdict.Facts.All.Select(fact => fact.Name).Should().Equal(AllFacts);
        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven);
        verdict.Fact("device.serial").Should().Be("31000001");
        verdict.Fact("yubikey.firmware").Should().Be("5.4.3");
        verdict.Fact("yubikey.pin-policy").Should().Be("once");
        verdict.Fact("yubikey.touch-policy").Should().Be("never");
        verdict.Fact("yubikey.form-factor").Should().Be("usb-a-keychain");
        verdict.Fact("yubikey.fips").Should().Be("false");
        verdict.Fact("yubikey.cspn").Should().Be("false");
        verdict.Fact("yubikey.slot").Should().Be("9a");
        verdict.Fact("key.algorithm").Should().Be("EC P-256");
        verdict.Fact("key.protection").Should().Be("yubikey");
    }

    [Fact]
    public void The_checks_stand_in_their_order() =>
        Verify(YubiKey).Checks.Select(check => check.Name).Should().Equal(
            "attestation-object", "format", "statement", "attestation-certificate", "chain", "anchor-validity", "slot-certificate", "key", "signature",
            "freshness", "identifier");

    [Theory, MemberData(nameof(RefusedFaults))]
    public void Each_named_fault_is_refused_with_its_class(string name)
    {
        var fault = Enum.Parse<YubiKeyFault>(name);
        var verdict = Verify(YubiKey.With(fault));

        verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
        Faults.Describe(fault).Classes.Should().Contain(verdict.Reason!.Class, Explain(verdict));
        verdict.Device.Should().BeNull();
    }

    [Fact]
    public void What_a_key_swap_attests_is_the_other_key()
    {
        var made = YubiKey.With(YubiKeyFault.KeySwap).Make();

        Verify(made).ShouldAccept();
        Verify(made).Device!.PublicKey.ToArray().Should().NotEqual(made.Key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void RSA_and_P384_keys_are_accepted_with_SHA256()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Verify(YubiKey.Make(ChallengeMaterial.Sample, rsa)).ShouldAccept();
        Verify(YubiKey.Make(ChallengeMaterial.Sample, ec)).ShouldAccept();
    }

    [Fact]
    public void An_Ed25519_key_is_refused_as_an_algorithm_and_never_as_a_broken_one()
    {
        var verdict = Verify(YubiKey.With(YubiKeyFault.Ed25519Key));

        verdict.ShouldRefuse(Reasons.StepAlgorithmUnsupported);
        verdict.Reason!.Class.Should().Be("unsupported-algorithm");
        verdict.Check("key").Found.Should().Contain("Ed25519");
        verdict.Check("key").Advice.Should().Contain("no Ed25519");
        verdict.Check("signature").Outcome.Should().Be(CheckOutcome.NotReached);
    }

    [Fact]
    public void A_managed_device_is_known_by_its_CA_and_nobody_says_where_its_key_is()
    {
        var made = (YubiKey with { Device = YubiKeyDevice.Five() with { ManagedId = "device-7" } }).Make();
        var verdict = AttestationVerifier.Verify(Evidence(made.AttestationObject, "device-7"));

        verdict.ShouldAccept();
        verdict.Facts.All.Select(fact => fact.Name).Should().Equal("attestation.certificate-sha256", "key.algorithm", "key.protection", "step.managed-device");
        KeyProtection.IsProven(verdict.Facts).Should().BeFalse();
        AttestationVerifier.Verify(Evidence(made.AttestationObject, "31000001")).ShouldRefuse(Reasons.IdentifierMismatch);
    }

    [Fact]
    public void Firmware_4_whose_attestation_certificate_is_no_CA_is_accepted_and_another_key_without_CA_is_not()
    {
        var old = YubiKey with { Device = new YubiKeyDevice { Serial = 5970478, Firmware = [4, 3, 5], FormFactor = null } };
        var verdict = Verify(old);

        verdict.ShouldAccept();
        verdict.Facts.Find("yubikey.form-factor").Should().BeNull("firmware 4 says nothing of it");
        Verify(old.With(YubiKeyFault.IssuedByAnotherApplication)).ShouldRefuse(Reasons.IssuerNotCa);
        Verify(old.With(YubiKeyFault.ForgedCertificateBelow)).ShouldRefuse(Reasons.StepChainExtended);
        Verify(old.With(YubiKeyFault.ForgedManagedDevice)).Outcome.Should().Be(VerdictOutcome.Refused);
    }

    [Fact]
    public void The_newer_hierarchy_is_accepted_with_intermediates_of_the_set_or_of_the_client_and_without_them_says_what_helps()
    {
        var maker = YubiKey with { Device = YubiKeyDevice.Five() with { Firmware = [5, 7, 4] } };
        var roots = Corpus.RootsOnly(Anchors);

        Verify(maker).ShouldAccept();
        AttestationVerifier.Verify(Evidence((maker with { PresentsIntermediates = true }).Make()) with { Anchors = roots }).ShouldAccept();
        var verdict = AttestationVerifier.Verify(Evidence(maker.Make()) with { Anchors = roots });
        verdict.ShouldRefuse(Reasons.ChainUntrustedRoot);
        verdict.Check("chain").Advice.Should().Contain("5.7.4").And.Contain("intermediates");
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Certifications_stand_in_the_attestation_certificate(bool fips, bool cspn)
    {
        var verdict = Verify(YubiKey with { Device = YubiKeyDevice.Five() with { Fips = fips, Cspn = cspn } });

        verdict.Fact("yubikey.fips").Should().Be(fips ? "true" : "false");
        verdict.Fact("yubikey.cspn").Should().Be(cspn ? "true" : "false");
    }

    [Fact]
    public void The_FIPS_series_is_known_by_its_form_factor_too()
    {
        var verdict = Verify(YubiKey with { Device = YubiKeyDevice.Five() with { FormFactor = 0x83 } });

        verdict.Fact("yubikey.fips").Should().Be("true");
        verdict.Fact("yubikey.form-factor").Should().Be("usb-c-keychain");
    }

    [Fact]
    public void A_policy_that_nobody_knows_yet_is_a_fact_and_no_refusal()
    {
        var verdict = Verify(YubiKey with { Device = YubiKeyDevice.Five() with { PinPolicy = 9, TouchPolicy = 7, FormFactor = 0x0F } });

        verdict.ShouldAccept();
        verdict.Fact("yubikey.pin-policy").Should().Be("unknown-9");
        verdict.Fact("yubikey.touch-policy").Should().Be("unknown-7");
        verdict.Fact("yubikey.form-factor").Should().Be("unknown-15");
    }

    [Fact]
    public void A_signature_over_the_token_is_named()
    {
        var verdict = Verify(YubiKey.With(YubiKeyFault.SignedToken));

        verdict.Check("signature").Advice.Should().Contain("token alone");
        verdict.Check("freshness").Outcome.Should().Be(CheckOutcome.NotReached);
    }

    [Fact]
    public void Facts_below_a_chain_that_is_not_good_are_unproven()
    {
        Verify(YubiKey.With(YubiKeyFault.ForeignRoot)).Facts.Find("device.serial")!.Proven.Should().BeFalse();
        Verify(YubiKey.With(YubiKeyFault.ForgedCertificateBelow)).Facts.Find("device.serial")!.Proven.Should().BeFalse();
    }

    [Fact]
    public void A_YubiKey_that_hides_its_serial_number_is_told_how_to_show_it() =>
        Verify(YubiKey.With(YubiKeyFault.NoSerial)).Check("identifier").Advice.Should().Contain("make it visible");

    [Fact]
    public void Without_a_challenge_a_verdict_is_incomplete()
    {
        var verdict = AttestationVerifier.Verify(Evidence(YubiKey.Make()) with { KeyAuthorization = null, Token = null });

        verdict.Outcome.Should().Be(VerdictOutcome.Incomplete, Explain(verdict));
        verdict.Check("signature").Outcome.Should().Be(CheckOutcome.NotReached);
        verdict.Check("freshness").Outcome.Should().Be(CheckOutcome.NotReached);
    }

    [Fact]
    public void Extensions_of_any_octets_are_read_or_named_as_malformed()
    {
        var arc = DeviceAcme.Simulator.Vendors.YubiKeyVendor.Arc;
        Prop.ForAll<byte[], byte[], byte>((value, other, which) =>
        {
            string[] oids = ["3", "7", "8", "9"];
            var extensions = oids.Select((oid, i) => (arc + oid, i == which % 4 ? value : i == which / 4 % 4 ? other : Good(oid)));
            var leaf = PathMaker.Root(new CertificateOptions("CN=YubiKey PIV Attestation 9a")
            {
                More = [.. extensions.Select(extension => new System.Security.Cryptography.X509Certificates.X509Extension(extension.Item1, extension.Item2, false))],
            }).Parsed;
            var managed = new CertificateExtension(SlotCertificate.ManagedDevice, false, value);
            foreach (var read in new[] { () => SlotCertificate.ReadYubiKey(leaf, leaf), () => SlotCertificate.ReadManagedDevice(managed) })
            {
                try
                {
                    read().Should().NotBeEmpty();
                }
                catch (MalformedEvidenceException malformed)
                {
                    malformed.Reason.Should().Be(Reasons.StepExtensionMalformed);
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static byte[] Good(string oid) => oid switch
    {
        "3" => [5, 4, 3],
        "7" => [2, 1, 7],
        "8" => [2, 1],
        _ => [1],
    };
}
