using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

public sealed class TpmVerifierTests
{
    public static TheoryData<string> RefusedFaults => [.. Enum.GetValues<TpmFault>().Where(fault => Faults.Describe(fault).Classes.Count > 0
        && fault != TpmFault.KeySwap).Select(fault => fault.ToString())];

    [Fact, Spec("device-attest §5")]
    public void A_key_certified_by_its_TPM_is_accepted_with_all_its_facts()
    {
        var made = Tpm.Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
        verdict.Device.Identifier.Should().Be(made.Identifier);
        verdict.Device.Binding.Should().Be(FreshnessBinding.KeyAuthorization);
        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven);
        verdict.Fact("tpm.permanent-identifier").Should().Be(made.Identifier);
        verdict.Fact("tpm.identifier").Should().Be(made.Identifier);
        verdict.Fact("tpm.manufacturer").Should().Be("SIM0");
        verdict.Fact("tpm.manufacturer-id").Should().Be("53494D30");
        verdict.Fact("tpm.manufacturer-registered").Should().Be("false");
        verdict.Fact("tpm.virtual").Should().Be("true", "SIM0 is a simulator's id");
        verdict.Fact("tpm.model").Should().Be("DeviceAcme Simulator");
        verdict.Fact("tpm.firmware-version").Should().Be("00010002");
        verdict.Fact("key.algorithm").Should().Be("EC P-256");
        verdict.Fact("key.protection").Should().Be("virtual-tpm");
    }

    [Fact]
    public void The_checks_stand_in_their_order() =>
        Verify(Tpm).Checks.Select(check => check.Name).Should().Equal(
            "attestation-object", "format", "statement", "attest", "chain", "anchor-validity", "ak-certificate", "signature", "freshness", "name",
            "key-attributes", "key", "identifier");

    [Theory, MemberData(nameof(RefusedFaults))]
    public void Each_named_fault_is_refused_with_its_class(string name)
    {
        var fault = Enum.Parse<TpmFault>(name);
        var verdict = Verify(Tpm.With(fault));

        verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
        Faults.Describe(fault).Classes.Should().Contain(verdict.Reason!.Class, Explain(verdict));
        verdict.Device.Should().BeNull();
    }

    [Theory]
    [InlineData(TpmVariant.PlainSignature, false)]
    [InlineData(TpmVariant.PlainSignature, true)]
    [InlineData(TpmVariant.AlgOfAttestedKey, true)]
    [InlineData(TpmVariant.SizedPubArea, false)]
    [InlineData(TpmVariant.MultiValuedRdn, false)]
    [InlineData(TpmVariant.ShortCoordinates, false)]
    internal void Quirk_each_variant_of_deployed_clients_is_accepted(TpmVariant variant, bool rsa)
    {
        var made = (Tpm with { RsaAttestationKey = rsa }).As(variant).Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
    }

    [Theory]
    [InlineData(384, false)]
    [InlineData(256, true)]
    public void Keys_of_both_usual_curves_are_accepted(int bits, bool rsa)
    {
        var curve = bits == 256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384;
        var made = (Tpm with { RsaAttestationKey = rsa }).Make(ChallengeMaterial.Sample, ECDsa.Create(curve));

        Verify(made).ShouldAccept();
        Verify(made).Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
    }

    [Fact]
    public void An_rsa_key_is_accepted_and_given_as_the_same_SubjectPublicKeyInfo()
    {
        var made = Tpm.Make(ChallengeMaterial.Sample, RSA.Create(2048));

        Verify(made).ShouldAccept();
        Verify(made).Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
        Verify(made).Fact("key.algorithm").Should().Be("RSA 2048");
    }

    [Fact, Spec("device-attest §5")]
    public void A_hash_of_the_token_alone_is_refused_and_named()
    {
        var verdict = Verify(Tpm.With(TpmFault.TokenHashed));

        verdict.ShouldRefuse(Reasons.FreshnessMismatch);
        verdict.Check("freshness").Advice.Should().Contain("token alone");
    }

    [Fact, Spec("device-attest §5")]
    public void An_attestation_key_without_identifier_proves_no_device()
    {
        var verdict = Verify(Tpm.With(TpmFault.MissingIdentifier));

        verdict.ShouldRefuse(Reasons.IdentifierMissing);
        verdict.Check("identifier").Advice.Should().Contain("PermanentIdentifier");
    }

    [Fact]
    public void The_named_fact_alone_is_compared()
    {
        var made = Tpm.Make();

        AttestationVerifier.Verify(Evidence(made, "tpm.permanent-identifier")).ShouldAccept();
        AttestationVerifier.Verify(Evidence(made, "tpm.identifier")).ShouldAccept();
        AttestationVerifier.Verify(Evidence(made, "tpm.hardware-module")).ShouldRefuse(Reasons.IdentifierMissing);
        AttestationVerifier.Verify(Evidence(made, "device.serial")).ShouldRefuse(Reasons.IdentifierFactUnknown);
    }

    [Fact]
    public void A_failed_signature_leaves_the_TPM_proven_and_the_key_unproven()
    {
        var verdict = Verify(Tpm.With(TpmFault.WrongSignature));

        verdict.ShouldRefuse(Reasons.TpmSignatureInvalid);
        verdict.Facts.Find("tpm.manufacturer")!.Proven.Should().BeTrue();
        verdict.Facts.Find("key.protection")!.Proven.Should().BeFalse();
    }

    [Fact]
    public void After_a_wrong_magic_nothing_in_certInfo_is_believed()
    {
        var verdict = Verify(Tpm.With(TpmFault.WrongMagic));

        verdict.ShouldRefuse(Reasons.TpmMagicWrong);
        verdict.Check("freshness").Outcome.Should().Be(CheckOutcome.NotReached);
        verdict.Check("name").Outcome.Should().Be(CheckOutcome.NotReached);
        verdict.Check("chain").Outcome.Should().Be(CheckOutcome.Passed);
    }

    [Fact]
    public void Without_a_key_authorization_the_verdict_is_incomplete()
    {
        var verdict = AttestationVerifier.Verify(Evidence(Tpm.Make()) with { KeyAuthorization = null });

        verdict.Outcome.Should().Be(VerdictOutcome.Incomplete, Explain(verdict));
        verdict.Check("freshness").Outcome.Should().Be(CheckOutcome.NotReached);
    }

    [Fact]
    public void The_endorsement_roots_of_vendors_do_not_certify_attestation_keys() =>
        Verify(Tpm.With(TpmFault.EkCertificateAsAk)).ShouldRefuse(Reasons.AkEkuMissing);
}
