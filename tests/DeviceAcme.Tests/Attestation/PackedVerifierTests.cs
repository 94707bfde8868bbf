using System.Formats.Asn1;
using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Packed;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

public sealed class PackedVerifierTests
{
    private static readonly string[] AllFacts =
    [
        "attestation.certificate-sha256", "device.manufacturer", "device.serial", "key.algorithm", "key.protection", "packed.aaguid",
        "packed.common-name", "packed.firmware",
    ];

    public static TheoryData<string> RefusedFaults =>
        [.. Enum.GetValues<PackedFault>().Where(fault => fault != PackedFault.KeySwap).Select(fault => fault.ToString())];

    [Fact, Spec("device-attest §5")]
    public void A_statement_of_the_certificates_own_key_is_accepted_with_all_its_facts()
    {
        var made = Packed.Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Format.Should().Be("packed");
        verdict.Device!.PublicKey.ToArray().Should().Equal(made.PublicKey);
        verdict.Device.Identifier.Should().Be("51a000000001");
        verdict.Device.Binding.Should().Be(FreshnessBinding.KeyAuthorization);
        verdict.Facts.All.Select(fact => fact.Name).Should().Equal(AllFacts);
        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven);
        verdict.Fact("packed.aaguid").Should().MatchRegex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$");
        verdict.Fact("packed.firmware").Should().Be("50403");
        verdict.Fact("packed.common-name").Should().Be("DeviceAcme Simulator Authenticator");
        verdict.Fact("key.algorithm").Should().Be("EC P-256");
    }

    [Fact]
    public void The_checks_stand_in_their_order() =>
        Verify(Packed).Checks.Select(check => check.Name).Should().Equal(
            "attestation-object", "format", "statement", "chain", "anchor-validity", "attestation-certificate", "key", "signature", "freshness", "identifier");

    [Theory, MemberData(nameof(RefusedFaults))]
    public void Each_named_fault_is_refused_with_its_class(string name)
    {
        var fault = Enum.Parse<PackedFault>(name);
        var verdict = Verify(Packed.With(fault));

        verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
        Faults.Describe(fault).Classes.Should().Contain(verdict.Reason!.Class, Explain(verdict));
        verdict.Device.Should().BeNull();
    }

    [Fact]
    public void The_attested_key_is_the_signer_and_no_other()
    {
        var made = Packed.With(PackedFault.KeySwap).Make();

        Verify(made).ShouldAccept();
        Verify(made).Device!.PublicKey.ToArray().Should().NotEqual(made.Key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void RSA_and_P384_keys_are_accepted()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Verify(Packed.Make(ChallengeMaterial.Sample, rsa)).ShouldAccept();
        Verify(Packed.Make(ChallengeMaterial.Sample, ec)).ShouldAccept();
    }

    [Fact]
    public void Nobody_is_told_that_the_key_cannot_leave() => Verify(Packed).Fact("key.protection").Should().Be(KeyProtection.OriginOnly);

    [Fact]
    public void Self_attestation_and_none_are_refused_for_reasons_of_their_own()
    {
        Verify(Packed.With(PackedFault.SelfAttestation)).ShouldRefuse(Reasons.PackedSelfAttestation);
        Verify(Packed.With(PackedFault.NoneFormat)).ShouldRefuse(Reasons.FormatNone);
    }

    [Fact]
    public void A_ceremony_of_a_browser_is_no_answer_to_a_challenge()
    {
        var verdict = Verify(Packed.With(PackedFault.BrowserCeremony));

        verdict.ShouldRefuse(Reasons.PackedSignatureInvalid);
        verdict.Check("attestation-object").Found.Should().Contain("authData ignored");
    }

    [Fact]
    public void Serial_numbers_of_any_octets_are_hex_so_that_no_two_are_one()
    {
        Prop.ForAll<byte[], byte[]>((one, two) =>
        {
            if (one.Length is 0 or > 64 || two.Length is 0 or > 64 || one.SequenceEqual(two))
            {
                return true;
            }

            var made = (Packed with { Serial = one }).Make();
            return AttestationVerifier.Verify(Evidence(made)).Outcome == VerdictOutcome.Accepted
                && AttestationVerifier.Verify(Evidence(made.AttestationObject, Convert.ToHexStringLower(two))).Reason == Reasons.IdentifierMismatch;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public void Certificates_with_any_subject_and_extensions_are_described_or_named_as_broken()
    {
        var ca = Vendors.Authenticator.Ca;
        Prop.ForAll<byte[], byte[], byte>((value, other, which) =>
        {
            (string Oid, byte[] Good)[] good =
                [("1.3.6.1.4.1.45724.1.1.2", [0x04, 0x01, 0x07]), ("1.3.6.1.4.1.45724.1.1.4", [0x04, 0x10, .. new byte[16]]), ("1.3.6.1.4.1.45724.1.1.5", [0x02, 0x01, 0x05])];
            var subject = Der.Sequence(writer =>
            {
                foreach (var (oid, text) in new[] { ("2.5.4.6", "ZZ"), ("2.5.4.10", "first"), ("2.5.4.10", "second"), ("2.5.4.11", "Authenticator Attestation"), ("2.5.4.3", "name") })
                {
                    // one of the attributes is no text, or empty
                    using var set = writer.PushSetOf();
                    using var attribute = writer.PushSequence();
                    writer.WriteObjectIdentifier(oid);
                    if (text == "first" && which % 3 > 0)
                    {
                        writer.WriteOctetString(other);
                    }
                    else
                    {
                        writer.WriteCharacterString(UniversalTagNumber.UTF8String, which % 7 == 6 && text == "name" ? "" : text);
                    }
                }
            });
            Certificate.TryRead(
                ca.Issue(new CertificateFields
                {
                    Serial = 1,
                    Subject = subject,
                    PublicKey = ca.Key.PublicKey,
                    NotBefore = Now.AddDays(-1),
                    NotAfter = Now.AddDays(1),
                    Extensions = [ExtensionFields.EndEntity(), .. good.Select((one, i) => new ExtensionFields(one.Oid, false, i == which / 3 % 4 ? value : one.Good))],
                }),
                out var certificate, out var problem).Should().BeTrue(problem);
            if (PackedCertificate.Violation(certificate!) is { } violation)
            {
                return violation.Length > 0;
            }

            try
            {
                return PackedCertificate.Facts(certificate!).Single(fact => fact.Name == "device.manufacturer").Value.ToString() == (which % 3 > 0 ? "second" : "first");
            }
            catch (AsnContentException broken)
            {
                return broken.Message.Length > 0;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Facts_below_a_chain_that_is_not_good_are_unproven() =>
        Verify(Packed.With(PackedFault.ForeignRoot)).Facts.Find("device.serial")!.Proven.Should().BeFalse();
}
