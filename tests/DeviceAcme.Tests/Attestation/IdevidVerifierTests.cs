using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Idevid;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

public sealed class IdevidVerifierTests
{
    private const string Chip = "CHIP-SIMPRINTER01/" + IdevidVendor.PrinterType;

    public static TheoryData<string> RefusedFaults =>
        [.. Enum.GetValues<IdevidFault>().Where(fault => fault != IdevidFault.KeySwap).Select(fault => fault.ToString())];

    [Fact, Spec("device-attest §5")]
    public void A_printer_is_accepted_with_all_its_facts()
    {
        var made = Printer.Make();
        var verdict = Verify(made);

        verdict.ShouldAccept();
        verdict.Format.Should().Be("deviceacme-idevid");
        verdict.Device!.PublicKey.ToArray().Should().Equal(made.Key.ExportSubjectPublicKeyInfo());
        verdict.Device.Identifier.Should().Be(Chip);
        verdict.Device.Binding.Should().Be(FreshnessBinding.KeyAuthorization);
        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven);
        verdict.Facts.All.ToDictionary(fact => fact.Name, fact => fact.Value.ToString()).Should().Equal(new Dictionary<string, string>
        {
            ["attestation.certificate-sha256"] = Convert.ToHexStringLower(SHA256.HashData(made.Chain[0])),
            ["device.manufacturer"] = "DeviceAcme Simulator (never trust in production)",
            ["device.serial"] = "SIMPRINTER01",
            ["idevid.common-name"] = "Simulated Printer",
            ["idevid.hardware-module"] = Chip,
            ["idevid.hardware-serial"] = "CHIP-SIMPRINTER01",
            ["idevid.hardware-source"] = "certificate",
            ["idevid.hardware-type"] = IdevidVendor.PrinterType,
            ["idevid.issuer"] = "CN=DeviceAcme Simulator Printer Manufacturing CA 1, O=DeviceAcme Simulator (never trust in production), C=ZZ",
            ["idevid.key-algorithm"] = "RSA 2048",
            ["idevid.not-after"] = "9999-12-31T23:59:59Z",
            ["idevid.subject-serial-number"] = "SIMPRINTER01",
            ["key.algorithm"] = "EC P-256",
            ["key.protection"] = "origin-only",
        });
    }

    [Fact]
    public void The_checks_stand_in_their_order() => Verify(Printer).Checks.Select(check => check.Name).Should().Equal(
        "attestation-object", "format", "statement", "chain", "anchor-validity", "birth-certificate", "key", "signature", "freshness", "identifier");

    [Fact]
    public void An_expired_module_without_HardwareModuleName_is_accepted_where_its_anchor_says_so()
    {
        var verdict = Verify(Module);

        verdict.ShouldAccept();
        verdict.Device!.Identifier.Should().Be("SIMMODULE001/" + IdevidVendor.ModuleType);
        verdict.Fact("idevid.hardware-source").Should().Be("anchor");
        verdict.Fact("idevid.hardware-serial").Should().Be("SIMMODULE001");
        verdict.Fact("idevid.key-algorithm").Should().Be("EC P-256");
        verdict.Check("chain").Found.Should().Contain("expired and tolerated");
    }

    [Fact]
    public void What_one_anchor_excuses_another_does_not_and_neither_does_the_profile()
    {
        var made = Module.Make();
        var strict = Trial.Anchors.WithTerms(_ => null, new AnchorTerms { HardwareType = IdevidVendor.ModuleType });
        var typeless = Trial.Anchors.WithTerms(_ => null, new AnchorTerms { Expired = ExpiredCertificates.Ignore });
        var lenient = Trial.AndroidPolicy with { TolerateExpired = true };

        AttestationVerifier.Verify(Evidence(made) with { Anchors = strict }).ShouldRefuse(Reasons.ChainExpired);
        AttestationVerifier.Verify(Evidence(made) with { Anchors = strict, Policies = [lenient] }).ShouldRefuse(Reasons.ChainExpired);
        var named = AttestationVerifier.Verify(Evidence(made) with { Anchors = typeless });
        named.ShouldRefuse(Reasons.IdentifierMissing);
        named.Check("identifier").Advice.Should().Contain("anchor's terms");
    }

    [Fact]
    public void The_type_in_the_certificate_counts_over_the_anchors() =>
        AttestationVerifier.Verify(Evidence(Printer.Make()) with
        {
            Anchors = Trial.Anchors.WithTerms(_ => null, new AnchorTerms { HardwareType = "1.2.3" }),
        }).ShouldAccept();

    [Fact]
    public void A_certificate_without_end_has_not_ended_in_the_last_second_of_9999() =>
        AttestationVerifier.Verify(Evidence(Printer.Make()) with { Now = new DateTimeOffset(9999, 12, 31, 23, 59, 58, TimeSpan.Zero) })
            .Check("chain").Reason.Should().Be(Reasons.ChainExpired, "the manufacturing CA has ended, the birth certificate has not");

    [Fact]
    public void A_permanent_identifier_may_be_the_serial_number()
    {
        var evidence = Evidence(Printer.Make());

        AttestationVerifier.Verify(evidence with { Identifier = new ExpectedIdentifier("permanent-identifier", "SIMPRINTER01", null) }).ShouldAccept();
        AttestationVerifier.Verify(evidence with { Identifier = new ExpectedIdentifier("permanent-identifier", "SIMPRINTER01", "device.serial") }).ShouldAccept();
        AttestationVerifier.Verify(evidence with { Identifier = new ExpectedIdentifier("permanent-identifier", "SIMPRINTER02", null) })
            .ShouldRefuse(Reasons.IdentifierMismatch);
    }

    [Theory, MemberData(nameof(RefusedFaults))]
    public void Each_named_fault_is_refused_with_its_class(string name)
    {
        var fault = Enum.Parse<IdevidFault>(name);
        foreach (var maker in new[] { Printer, Module })
        {
            // the module's anchor excuses what these two get wrong
            var anchors = fault is IdevidFault.ExpiredBirthCertificate or IdevidFault.ExpiredIntermediate
                ? Trial.Anchors.WithTerms(_ => null, new AnchorTerms { HardwareType = IdevidVendor.ModuleType })
                : Trial.Anchors;
            var verdict = AttestationVerifier.Verify(Evidence(maker.With(fault).Make()) with { Anchors = anchors });

            verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
            Faults.Describe(fault).Classes.Should().Contain(verdict.Reason!.Class, Explain(verdict));
            verdict.Device.Should().BeNull();
        }
    }

    [Fact]
    public void What_a_key_swap_attests_is_the_other_key()
    {
        var made = Printer.With(IdevidFault.KeySwap).Make();

        Verify(made).ShouldAccept();
        Verify(made).Device!.PublicKey.ToArray().Should().NotEqual(made.Key.ExportSubjectPublicKeyInfo());
    }

    [Theory, InlineData(2048), InlineData(3072)]
    public void New_RSA_keys_are_accepted(int bits)
    {
        using var key = RSA.Create(bits);

        Verify(Module.Make(ChallengeMaterial.Sample, key)).ShouldAccept();
    }

    [Fact]
    public void New_keys_of_all_three_curves_are_accepted_and_so_is_a_presented_root()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);

        Verify(Printer.Make(ChallengeMaterial.Sample, p384)).ShouldAccept();
        Verify(Module.Make(ChallengeMaterial.Sample, p521)).ShouldAccept();
        Verify(Printer with { PresentsRoot = true }).ShouldAccept();
    }

    [Fact]
    public void A_signature_over_the_key_authorization_alone_is_named() =>
        Verify(Module.With(IdevidFault.KeyAuthorizationAlone)).Check("signature").Advice.Should().Contain("without the new key");

    [Fact]
    public void Without_a_challenge_the_verdict_is_incomplete_and_the_new_key_unproven()
    {
        var verdict = AttestationVerifier.Verify(Evidence(Printer.Make()) with { Token = null, KeyAuthorization = null });

        verdict.Outcome.Should().Be(VerdictOutcome.Incomplete);
        verdict.Facts.Find("device.serial")!.Proven.Should().BeTrue();
        verdict.Facts.Find("key.protection")!.Proven.Should().BeFalse();
    }

    [Theory, InlineData("secure-element", true), InlineData("software", false), InlineData("origin-only", false)]
    public void Only_an_operator_can_say_more_of_the_new_keys_protection(string said, bool proven)
    {
        var terms = new AnchorTerms { Facts = new Dictionary<string, FactValue> { ["key.protection"] = new FactValue.Text(said) } };
        var verdict = AttestationVerifier.Verify(Evidence(Printer.Make()) with { Anchors = Trial.Anchors.WithTerms(_ => null, terms) });

        verdict.ShouldAccept();
        verdict.Fact("key.protection").Should().Be(said);
        verdict.Check("anchor-terms").Found.Should().Contain($"key.protection is {said}");
        KeyProtection.IsProven(verdict.Facts).Should().Be(proven);
        KeyProtection.IsProven(FactSet.Empty).Should().BeFalse("a format that says nothing proves nothing");
    }

    [Fact]
    public void Facts_below_a_broken_chain_are_unproven() =>
        Verify(Printer.With(IdevidFault.ForeignRoot)).Facts.All.Should().OnlyContain(fact => !fact.Proven);

    [Theory]
    [InlineData("PID:ISR4451-X/K9 SN:FOC242130W1", "FOC242130W1", "ISR4451-X/K9", null)]
    [InlineData("MXQ1234567, BaseMAC 98F2B3-AABBCC", "MXQ1234567", null, "98F2B3-AABBCC")]
    [InlineData("Wt1234", "Wt1234", null, null)]
    [InlineData("PID:A B SN:C", "PID:A B SN:C", null, null)]
    [InlineData("PID:A SN:C\n", "PID:A SN:C\n", null, null)]
    [InlineData("", "", null, null)]
    public void Two_vendors_serial_numbers_are_taken_apart(string text, string serial, string? product, string? mac) =>
        SubjectSerialNumber.Read(text).Should().Be(new SubjectSerialNumber(serial, product, mac));

    [Fact]
    public void What_is_signed_has_97_octets_and_changes_with_everything_in_it() =>
        Prop.ForAll<string, byte[], byte[]>((text, key, other) =>
        {
            var keyAuthorization = string.Concat((text ?? "").Where(char.IsAscii));
            var binding = IdevidBinding.Of(keyAuthorization, key);
            return binding.Length == 97
                && binding.AsSpan().SequenceEqual(IdevidMaker.Binding(keyAuthorization, key))
                && binding.AsSpan(0, 33).SequenceEqual(Encoding.ASCII.GetBytes(IdevidBinding.Context + "\0"))
                && (key.AsSpan().SequenceEqual(other) || !binding.AsSpan().SequenceEqual(IdevidBinding.Of(keyAuthorization, other)))
                && !binding.AsSpan().SequenceEqual(IdevidBinding.Of(keyAuthorization + "x", key));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void No_other_key_challenge_or_signature_goes_with_a_statement() =>
        Prop.ForAll<byte[], byte[], NonEmptyString>((key, signature, keyAuthorization) =>
        {
            var made = Module.Make();
            var evidence = Evidence(made);
            return AttestationVerifier.Verify(evidence with { KeyAuthorization = keyAuthorization.Get }).Outcome == VerdictOutcome.Refused
                && AttestationVerifier.Verify(evidence with { AttestationObject = Statement(made, key, null) }).Outcome == VerdictOutcome.Refused
                && AttestationVerifier.Verify(evidence with { AttestationObject = Statement(made, null, signature) }).Outcome == VerdictOutcome.Refused;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    private static byte[] Statement(MadeEvidence made, byte[]? key, byte[]? signature) => AttestationObject.Write("deviceacme-idevid", writer =>
    {
        writer.WriteStartMap(4);
        writer.WriteTextString("alg");
        writer.WriteInt32(-7);
        writer.WriteTextString("sig");
        writer.WriteByteString(signature ?? Module.Device.Sign(IdevidMaker.Binding(ChallengeMaterial.Sample.KeyAuthorization, made.PublicKey)));
        writer.WriteTextString("x5c");
        writer.WriteCertificates(made.Chain);
        writer.WriteTextString("key");
        writer.WriteByteString(key ?? made.PublicKey);
        writer.WriteEndMap();
    });
}
