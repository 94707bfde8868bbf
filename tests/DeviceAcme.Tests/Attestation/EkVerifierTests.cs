using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Offline;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Attestation.EkTrial;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Endorsement keys, their certificates and attestation keys: valid by default, one thing changed.</summary>
public sealed class EkVerifierTests
{
    public static TheoryData<string> RefusedFaults =>
        [.. Enum.GetValues<EkFault>().Where(fault => Faults.Describe(fault).Classes.Count > 0).Select(fault => fault.ToString())];

    public static TheoryData<string> Variants => [.. Enum.GetNames<EkVariant>()];

    [Theory]
    [InlineData("EcP256", false)]
    [InlineData("EcP384", true)]
    [InlineData("Rsa2048", false)]
    [InlineData("Rsa2048", true)]
    public void A_good_TPM_is_accepted_once_it_returned_the_secret(string kind, bool rsaAttestationKey)
    {
        var made = (Maker with { Kind = Enum.Parse<EkKind>(kind), RsaAttestationKey = rsaAttestationKey }).Make();
        var judgement = EkVerifier.Verify(Evidence(made));
        judgement.ShouldWaitForActivation();

        var secret = RandomNumberGenerator.GetBytes(32);
        var credential = judgement.EndorsementKey!.MakeCredential(judgement.AttestationKey!.Name, secret, RandomNumberGenerator.GetBytes);
        made.Activate(credential.CredentialBlob.ToArray(), credential.EncryptedSecret.ToArray()).Should().Equal(secret);

        var activated = EkVerifier.Verify(Evidence(made) with { Activated = true });
        activated.Verdict.ShouldAccept();
        activated.Verdict.Device!.PublicKey.ToArray().Should().Equal(made.AttestationKey.ExportSubjectPublicKeyInfo());
        activated.Verdict.Device.Identifier.Should().Be($"{Convert.ToHexStringLower(SHA256.HashData(made.Certificates[0]))}/2.23.133.12.1");
        activated.Verdict.Device.Binding.Should().Be(FreshnessBinding.Activation);
        VerdictJson.Read(VerdictJson.Write(activated.Verdict)).Device!.Binding.Should().Be(FreshnessBinding.Activation);
    }

    [Theory, MemberData(nameof(Variants))]
    public void What_real_TPMs_do_differently_is_accepted(string variant)
    {
        var made = Maker.As(Enum.Parse<EkVariant>(variant)).Make();
        var judgement = EkVerifier.Verify(Evidence(made));

        judgement.ShouldWaitForActivation();
        judgement.Verdict.Fact("tpm.manufacturer").Should().Be("SIM0");
        judgement.Verdict.Fact("tpm.model").Should().Be("DeviceAcme Simulator");
        judgement.Verdict.Fact("tpm.firmware-version").Should().Be("00010002");
        judgement.Verdict.Fact(AssuranceLevel.Fact).Should().Be(AssuranceLevel.Software);
    }

    [Theory, MemberData(nameof(RefusedFaults))]
    public void Each_fault_is_refused_for_its_class(string name)
    {
        var fault = Enum.Parse<EkFault>(name);
        var judgement = Judge(Maker.With(fault));

        judgement.Verdict.Outcome.Should().Be(VerdictOutcome.Refused, Trial.Explain(judgement.Verdict));
        Faults.Describe(fault).Classes.Should().Contain(judgement.Verdict.Reason!.Class, Trial.Explain(judgement.Verdict));
        judgement.EndorsementKey.Should().BeNull();
    }

    [Fact]
    public void An_attestation_key_in_another_TPM_cannot_be_activated()
    {
        var made = Maker.With(EkFault.OtherTpm).Make();
        var judgement = EkVerifier.Verify(Evidence(made));
        judgement.ShouldWaitForActivation();

        var credential = judgement.EndorsementKey!.MakeCredential(judgement.AttestationKey!.Name, new byte[32], RandomNumberGenerator.GetBytes);
        made.Activate(credential.CredentialBlob.ToArray(), credential.EncryptedSecret.ToArray()).Should().BeNull();
    }

    [Fact]
    public void An_empty_list_is_accepted_only_for_a_key_that_the_profile_names()
    {
        var evidence = Evidence(Maker.With(EkFault.EmptyChain).Make());
        EkVerifier.Verify(evidence).ShouldRefuse(Reasons.EkCertificateMissing);

        var hash = Convert.ToHexStringLower(SHA256.HashData(evidence.PublicKey!.Value.Span));
        var named = Policy with { Allow = [hash] };
        EkVerifier.Verify(evidence with { Policy = named }).ShouldRefuse(Reasons.EkIdentifierMissing);
        var accepted = EkVerifier.Verify(evidence with { Policy = named with { Identifier = EkIdentifier.PublicKey } });
        accepted.ShouldWaitForActivation();
        accepted.Identifier.Should().Be($"{hash}/2.23.133.12.1");
    }

    [Fact]
    public void Neither_key_nor_certificate_is_refused() =>
        EkVerifier.Verify(Evidence(Maker.With(EkFault.EmptyChain).Make()) with { PublicKey = null }).ShouldRefuse(Reasons.EkCertificateMissing);

    [Fact]
    public void A_named_key_needs_no_chain_but_what_its_certificate_says_stays_unproven()
    {
        var evidence = Evidence(Maker.With(EkFault.ForeignRoot, EkFault.WrongVendor).Make());
        EkVerifier.Verify(evidence).ShouldRefuse(Reasons.ChainUntrustedRoot);

        var hash = Convert.ToHexStringLower(SHA256.HashData(evidence.PublicKey!.Value.Span));
        var accepted = EkVerifier.Verify(evidence with { Policy = new EkPolicy { Allow = [hash], Identifier = EkIdentifier.PublicKey } });
        accepted.ShouldWaitForActivation();
        accepted.Verdict.Facts.Find("tpm.manufacturer")!.Proven.Should().BeFalse();
        accepted.Verdict.Facts.Find("ek.public-key-sha256")!.Proven.Should().BeTrue();

        // else one key would have as many identifiers as its owner writes certificates
        EkVerifier.Verify(evidence with { Policy = new EkPolicy { Allow = [hash] } }).ShouldRefuse(Reasons.EkIdentifierMissing);
    }

    [Fact]
    public void A_named_key_gets_no_identifier_from_a_certificate_that_is_for_something_else()
    {
        // the vendor issued it, but not for an endorsement key
        var evidence = Evidence(Maker.With(EkFault.NoEku).Make());
        var hash = Convert.ToHexStringLower(SHA256.HashData(evidence.PublicKey!.Value.Span));

        EkVerifier.Verify(evidence with { Policy = Policy with { Allow = [hash] } }).ShouldRefuse(Reasons.EkIdentifierMissing);
    }

    [Fact]
    public void A_named_certificate_needs_no_chain_and_is_believed()
    {
        var evidence = Evidence(Maker.With(EkFault.ForeignRoot).Make());
        var hash = Convert.ToHexStringLower(SHA256.HashData(evidence.Certificates[0].Span));
        var accepted = EkVerifier.Verify(evidence with { Policy = new EkPolicy { Allow = [hash] } });

        accepted.ShouldWaitForActivation();
        accepted.Identifier.Should().Be($"{hash}/2.23.133.12.1");
        accepted.Verdict.Facts.Find("tpm.manufacturer")!.Proven.Should().BeTrue();
    }

    [Fact]
    public void A_named_key_that_can_be_computed_stays_refused()
    {
        var evidence = Evidence(Maker.With(EkFault.Roca).Make());
        var hash = Convert.ToHexStringLower(SHA256.HashData(evidence.PublicKey!.Value.Span));

        EkVerifier.Verify(evidence with { Policy = new EkPolicy { Allow = [hash] } }).ShouldRefuse(Reasons.TpmKeyRoca);
    }

    [Fact]
    public void The_certificate_of_another_key_does_not_help_a_named_one()
    {
        var evidence = Evidence(Maker.With(EkFault.WrongEkKey).Make());
        var hash = Convert.ToHexStringLower(SHA256.HashData(evidence.PublicKey!.Value.Span));

        EkVerifier.Verify(evidence with { Policy = new EkPolicy { Allow = [hash] } }).ShouldRefuse(Reasons.EkKeyMismatch);
    }

    [Fact]
    public void Software_vendors_are_refused_where_the_profile_does_not_name_them()
    {
        var evidence = Evidence(Maker.Make());
        EkVerifier.Verify(evidence with { Policy = EkPolicy.Strict }).ShouldRefuse(Reasons.EkVendorNotAccepted);
        EkVerifier.Verify(evidence with { Policy = new EkPolicy { Vendors = ["registered", "00001014"] } }).ShouldRefuse(Reasons.EkVendorNotAccepted);
        EkVerifier.Verify(evidence with { Policy = new EkPolicy { Vendors = ["registered", SimulatorVendor] } }).ShouldWaitForActivation();
    }

    [Theory]
    [InlineData("registered", "registered")]
    [InlineData("IFX", "49465800")]
    [InlineData("id:00001014", "00001014")]
    [InlineData("id:ffffF1d0", "FFFFF1D0")]
    [InlineData("00001014", null)]
    [InlineData("Infineon", null)]
    [InlineData("", null)]
    public void Vendors_are_written_by_name_or_id(string text, string? vendor)
    {
        EkPolicy.TryReadVendor(text, out var read).Should().Be(vendor is not null);
        read.Should().Be(vendor ?? "");
    }

    [Fact]
    public void The_key_is_taken_from_the_certificate_where_the_client_sends_none()
    {
        var evidence = Evidence(Maker.Make()) with { PublicKey = null };
        var judgement = EkVerifier.Verify(evidence);

        judgement.ShouldWaitForActivation();
        judgement.EndorsementKey!.PublicKey.ToArray().Should().Equal(Maker.Make().EkPublicKey);
    }

    [Fact]
    public void Two_different_keys_are_refused()
    {
        var evidence = Evidence(Maker.As(EkVariant.WithPublicArea).Make());
        var other = new FakeTpm(Trial.Vendors.Tpm, "another").EndorsementKey(EkKind.EcP256).PublicKey;

        EkVerifier.Verify(evidence with { PublicKey = other }).ShouldRefuse(Reasons.EkKeyMismatch);
    }

    [Theory]
    [InlineData("EcP256", "SHA256", 128)]
    [InlineData("EcP384", "SHA384", 256)]
    [InlineData("Rsa2048", "SHA256", 128)]
    public void The_template_is_that_of_the_public_area_or_the_usual_one(string kind, string hash, int aesBits)
    {
        var maker = Maker with { Kind = Enum.Parse<EkKind>(kind) };
        foreach (var judgement in new[] { Judge(maker), Judge(maker.As(EkVariant.WithPublicArea)) })
        {
            judgement.EndorsementKey!.NameAlgorithm.Should().Be(hash);
            judgement.EndorsementKey.AesBits.Should().Be(aesBits);
        }
    }

    [Fact]
    public void Expired_certificates_are_a_choice_of_the_profile()
    {
        var evidence = Evidence(Maker.With(EkFault.Expired).Make());
        EkVerifier.Verify(evidence).ShouldRefuse(Reasons.ChainExpired);
        EkVerifier.Verify(evidence with { Policy = Policy with { TolerateExpired = true } }).ShouldWaitForActivation();
    }

    [Fact]
    public void A_chain_that_was_not_sent_is_found_in_the_anchor_set()
    {
        var evidence = Evidence(Maker.With(EkFault.MissingIntermediate).Make());
        EkVerifier.Verify(evidence).ShouldRefuse(Reasons.ChainIncomplete);

        var ca = AnchorSet.Parse([("ca", Trial.Vendors.Tpm.VendorCa.Certificate)]);
        EkVerifier.Verify(evidence with { Anchors = AnchorSet.Combine(Trial.Anchors, ca) }).ShouldWaitForActivation();
    }

    [Fact]
    public void An_on_die_chain_is_uploaded_in_any_order()
    {
        // Intel's: a root, platform CAs, and CAs in the chip itself, whose certificates the client reads from NV memory
        var authorities = new List<MadeCertificate> { PathMaker.Root(new CertificateOptions("CN=OnDie CA RootCA")) };
        foreach (var name in new[] { "CN=CSME Intermediate CA", "CN=ODCA 2 CSME P", "CN=ROM CA", "CN=Kernel PTT" })
        {
            authorities.Add(authorities[^1].Issue(new CertificateOptions(name)));
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var description = DeviceAcme.Simulator.Vendors.TpmVendor.AlternativeName(null, manufacturer: "id:494E5443");
        var ek = authorities[^1].Issue(new CertificateOptions("CN=EK")
        {
            IsCa = false,
            Usage = X509KeyUsageFlags.KeyAgreement,
            Key = key,
            More =
            [
                new X509EnhancedKeyUsageExtension(new OidCollection { new Oid("2.23.133.8.1") }, critical: false),
                new X509Extension(description.Oid, description.Value, description.Critical),
            ],
        });
        var evidence = new EkEvidence
        {
            Certificates = [.. authorities.Skip(1).Append(ek).OrderBy(made => Convert.ToHexString(SHA256.HashData(made.Der))).Select(made => new ReadOnlyMemory<byte>(made.Der))],
            PublicKey = key.ExportSubjectPublicKeyInfo(),
            Anchors = PathMaker.Anchors(authorities[0]),
            Now = Trial.Now,
        };

        var verdict = EkVerifier.Verify(evidence).Verdict;

        verdict.Outcome.Should().Be(VerdictOutcome.Incomplete, Trial.Explain(verdict));
        verdict.Check("statement").Found.Should().StartWith("5 certificates");
        verdict.Fact("tpm.manufacturer").Should().Be("INTC");
        verdict.Fact(AssuranceLevel.Fact).Should().Be(AssuranceLevel.Hardware);
        EkVerifier.Verify(evidence with { Certificates = [ek.Der] }).ShouldRefuse(Reasons.ChainIncomplete);
    }

    [Fact]
    public void Anchors_that_may_not_vouch_for_endorsement_keys_do_not()
    {
        var limited = Trial.Anchors.WithTerms(_ => null, new AnchorTerms { Formats = ["tpm"] });
        EkVerifier.Verify(Evidence(Maker.Make()) with { Anchors = limited }).ShouldRefuse(Reasons.AnchorLimited);

        var permitted = Trial.Anchors.WithTerms(_ => null, new AnchorTerms { Formats = ["ek"], Profiles = ["linux-tpm"] });
        EkVerifier.Verify(Evidence(Maker.Make()) with { Anchors = permitted, Profile = "other" }).ShouldRefuse(Reasons.AnchorLimited);
        EkVerifier.Verify(Evidence(Maker.Make()) with { Anchors = permitted, Profile = "linux-tpm" }).Verdict.Outcome.Should().Be(VerdictOutcome.Incomplete);
    }

    [Fact]
    public void A_certificate_alone_is_never_accepted()
    {
        var evidence = Evidence(Maker.Make()) with { PublicKey = null, AttestationKey = null };
        foreach (var judgement in new[] { EkVerifier.Verify(evidence), EkVerifier.Verify(evidence with { Activated = true }) })
        {
            judgement.Verdict.Outcome.Should().Be(VerdictOutcome.Incomplete);
            judgement.EndorsementKey.Should().NotBeNull();
            judgement.AttestationKey.Should().BeNull();
        }
    }

    [Fact]
    public void An_expected_identifier_is_compared()
    {
        var evidence = Evidence(Maker.Make());
        var identifier = EkVerifier.Verify(evidence).Identifier!;
        ExpectedIdentifier Expect(string value) => new("permanent-identifier", value, null);

        EkVerifier.Verify(evidence with { Identifier = Expect(identifier) }).Verdict.Outcome.Should().Be(VerdictOutcome.Incomplete);
        EkVerifier.Verify(evidence with { Identifier = Expect(identifier.ToUpperInvariant()) }).ShouldRefuse(Reasons.IdentifierMismatch);
    }

    [Fact, Spec("device-attest §5")]
    public void An_endorsement_certificate_is_no_attestation_certificate()
    {
        // the same certificate in a statement: tpm has its own rules
        Trial.Verify(Trial.Tpm.With(TpmFault.EkCertificateAsAk)).ShouldRefuse(Reasons.AkEkuMissing);
    }

    [Theory]
    [InlineData("NvWrapped")]
    [InlineData("NvPadded")]
    [InlineData("OnePiece")]
    public void What_was_read_from_NV_memory_is_judged_without_a_server(string variant)
    {
        var made = Maker.As(Enum.Parse<EkVariant>(variant)).Make();
        var judged = OfflineVerification.Verify(new OfflineQuestion
        {
            Files = [.. made.Certificates.Select((certificate, number) => new OfflineFile($"nv-{number}", certificate))],
            Anchors = Trial.Anchors,
            Now = Trial.Now,
            Android = Trial.AndroidPolicy,
        });

        var verdict = judged.Should().ContainSingle().Subject.Verdict;
        verdict.Format.Should().Be("ek");
        verdict.Outcome.Should().Be(VerdictOutcome.Incomplete, Trial.Explain(verdict));
        verdict.Fact("tpm.manufacturer").Should().Be("SIM0");
    }

    [Fact]
    public void A_certificate_that_is_signed_with_ECDSA_has_two_forms_and_its_key_one()
    {
        // r and n - s sign what r and s sign: whoever has the certificate can write the other one
        var evidence = Evidence(Maker.Make());
        var twin = Twin(evidence.Certificates[0]);
        var first = EkVerifier.Verify(evidence);
        var second = EkVerifier.Verify(evidence with { Certificates = [twin, evidence.Certificates[1]] });
        second.ShouldWaitForActivation();
        second.Identifier.Should().NotBe(first.Identifier);

        var byKey = Policy with { Identifier = EkIdentifier.PublicKey };
        EkVerifier.Verify(evidence with { Policy = byKey }).Identifier
            .Should().Be(EkVerifier.Verify(evidence with { Policy = byKey, Certificates = [twin, evidence.Certificates[1]] }).Identifier);
    }

    private static byte[] Twin(ReadOnlyMemory<byte> certificate)
    {
        var outer = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence();
        var (signed, algorithm) = (outer.ReadEncodedValue().ToArray(), outer.ReadEncodedValue().ToArray());
        var signature = new AsnReader(outer.ReadBitString(out _), AsnEncodingRules.DER).ReadSequence();
        var (r, s) = (signature.ReadInteger(), signature.ReadInteger());
        var mirrored = new AsnWriter(AsnEncodingRules.DER);
        using (mirrored.PushSequence())
        {
            mirrored.WriteInteger(r);
            mirrored.WriteInteger(EllipticCurve.P256.Order - s);
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(signed);
            writer.WriteEncodedValue(algorithm);
            writer.WriteBitString(mirrored.Encode());
        }

        return writer.Encode();
    }
}
