using System.Formats.Cbor;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Idevid;
using DeviceAcme.Attestation.Packed;
using DeviceAcme.Attestation.Step;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Whatever arrives: it is refused with a reason, and nothing is thrown.</summary>
public sealed class AttestationPropertyTests
{
    private static readonly MadeEvidence AppleEvidence = Apple.Make();
    private static readonly MadeEvidence TpmEvidence = Tpm.Make();
    private static readonly MadeEvidence PrinterEvidence = Printer.Make();
    private static readonly MadeEvidence ModuleEvidence = Module.Make();
    private static readonly MadeEvidence AndroidEvidence = (Android with { PresentsRoot = false }).Make();

    private static readonly MadeEvidence YubiKeyEvidence = YubiKey.Make();
    private static readonly MadeEvidence PackedEvidence = Packed.Make();

    /// <summary>What was remembered of good chains must not help bad ones.</summary>
    private static readonly VerifiedIntermediates Known = new();

    [Fact]
    public void No_flipped_bit_of_an_Apple_attestation_is_accepted() => FlipBits(AppleEvidence);

    [Fact]
    public void No_flipped_bit_of_a_TPM_attestation_is_accepted() => FlipBits(TpmEvidence);

    [Fact]
    public void No_flipped_bit_of_an_Android_attestation_is_accepted() => FlipBits(AndroidEvidence);

    [Fact]
    public void No_flipped_bit_of_a_printers_statement_is_accepted() => FlipBits(PrinterEvidence);

    [Fact]
    public void No_flipped_bit_of_an_IoT_modules_statement_is_accepted() => FlipBits(ModuleEvidence);

    [Fact]
    public void No_flipped_bit_of_a_YubiKey_attestation_is_accepted() => FlipBits(YubiKeyEvidence);

    [Fact]
    public void No_flipped_bit_of_a_packed_attestation_is_accepted() => FlipBits(PackedEvidence);

    [Fact]
    public void No_cut_or_lengthened_attestation_is_accepted()
    {
        foreach (var made in new[] { AppleEvidence, TpmEvidence, AndroidEvidence, PrinterEvidence, ModuleEvidence, YubiKeyEvidence, PackedEvidence })
        {
            for (var length = 0; length < made.AttestationObject.Length; length += 7)
            {
                Refused(made, made.AttestationObject[..length]);
            }

            Refused(made, [.. made.AttestationObject, .. made.AttestationObject]);
        }
    }

    [Fact]
    public void Random_octets_are_refused() =>
        Prop.ForAll<byte[]>(octets => AttestationVerifier.Verify(Trial.Evidence(octets, "any")).Outcome == VerdictOutcome.Refused)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Spliced_attestations_are_refused() =>
        Prop.ForAll<byte[], uint, uint>((splice, at, which) =>
        {
            MadeEvidence[] all = [AppleEvidence, TpmEvidence, PrinterEvidence, ModuleEvidence, YubiKeyEvidence, PackedEvidence];
            var made = all[which % (uint)all.Length];
            var octets = made.AttestationObject.ToArray();
            var start = (int)(at % (uint)octets.Length);
            for (var i = 0; i < splice.Length && start + i < octets.Length; i++)
            {
                octets[start + i] = splice[i];
            }

            return octets.AsSpan().SequenceEqual(made.AttestationObject)
                || AttestationVerifier.Verify(Trial.Evidence(made) with { AttestationObject = octets }).Outcome == VerdictOutcome.Refused;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Random_members_of_statements_are_refused() =>
        Prop.ForAll<byte[], byte[], byte[]>((first, second, third) =>
            AttestationVerifier.Verify(Trial.Evidence(TpmObject(first, second, third), "any")).Outcome == VerdictOutcome.Refused)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Random_octets_never_escape_a_parser_as_anything_but_malformed_evidence() =>
        Prop.ForAll<byte[], byte[]>((octets, more) =>
        {
            byte[] named = [0xFF, 0x54, 0x43, 0x47, 0x80, 0x17, .. octets];
            byte[] rsa = [0, 1, 0, 11, .. octets];
            byte[] ecc = [0, 35, 0, 11, 0, 4, 0, 114, 0, 0, 0, 16, 0, 16, 0, 3, .. octets];
            byte[] der = [0x30, (byte)Math.Min(octets.Length, 127), .. octets];
            foreach (var input in new[] { octets, named, rsa, ecc, der, [.. der, .. more] })
            {
                Malformed(() => StrictCbor.Read(input));
                Malformed(() => TpmsAttest.Read(input));
                Malformed(() => TpmtPublic.Read(input).PublicKeyInfo());
                Malformed(() => TpmtSignature.Read(input, -7, KeyKind.Ec));
                Malformed(() => KeyDescription.Read(input));
                StatusList.TryParse(input, Now, out _, out _);
                Certificate.TryRead(input, out _, out _);
                SubjectPublicKey.TryRead(input, out _, out _);
                VerificationKey.Read(input).Verify(SignatureAlgorithm.Ecdsa(System.Security.Cryptography.HashAlgorithmName.SHA256), octets, more);
                DistinguishedName.Show(input);
                AnchorSet.Parse([("random", input)]);
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));

    [Fact]
    public void Certificates_with_any_octet_changed_are_read_or_named_as_broken()
    {
        foreach (var der in AppleEvidence.Chain.Concat(TpmEvidence.Chain).Concat(YubiKeyEvidence.Chain).Concat(PackedEvidence.Chain)
            .Append(PrinterEvidence.Chain[0]).Append(ModuleEvidence.Chain[0]))
        {
            for (var i = 0; i < der.Length; i++)
            {
                foreach (var change in new byte[] { 0x01, 0x80, 0xFF })
                {
                    var changed = der.ToArray();
                    changed[i] ^= change;
                    if (!Certificate.TryRead(changed, out var certificate, out _))
                    {
                        continue;
                    }

                    // what could be read must also be describable and judgeable
                    certificate.SubjectText.Should().NotBeNull();
                    AkCertificate.Read(certificate).Found.Should().NotBeNull();
                    BirthCertificate.Read(certificate, "1.2.3").Found.Should().NotBeNull();
                    CertificateConstraints.TryRead(certificate, out _, out _);
                    VerificationKey.Read(certificate.PublicKeyInfo);
                    Malformed(() => SlotCertificate.ReadYubiKey(certificate, certificate));
                    PackedCertificate.Violation(certificate);
                }
            }
        }
    }

    private static void FlipBits(MadeEvidence made)
    {
        AttestationVerifier.Verify(Trial.Evidence(made) with { VerifiedIntermediates = Known }).ShouldAccept();
        for (var i = 0; i < made.AttestationObject.Length; i++)
        {
            var flipped = made.AttestationObject.ToArray();
            flipped[i] ^= (byte)(1 << (i % 8));
            Refused(made, flipped);
        }
    }

    private static void Refused(MadeEvidence made, byte[] attestationObject)
    {
        var verdict = AttestationVerifier.Verify(Trial.Evidence(made) with { AttestationObject = attestationObject, VerifiedIntermediates = Known });
        if (verdict.Outcome != VerdictOutcome.Refused || verdict.Reason is null)
        {
            verdict.Outcome.Should().Be(VerdictOutcome.Refused, Explain(verdict));
        }
    }

    private static void Malformed(Action parse)
    {
        try
        {
            parse();
        }
        catch (MalformedEvidenceException malformed)
        {
            Reasons.Find(malformed.Reason.Code).Should().BeSameAs(malformed.Reason);
        }
    }

    private static byte[] TpmObject(byte[] signature, byte[] certInfo, byte[] pubArea)
    {
        var writer = new CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString("fmt");
        writer.WriteTextString("tpm");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(6);
        writer.WriteTextString("ver");
        writer.WriteTextString("2.0");
        writer.WriteTextString("alg");
        writer.WriteInt32(-7);
        writer.WriteTextString("x5c");
        writer.WriteStartArray(1);
        writer.WriteByteString(TpmEvidence.Chain[0]);
        writer.WriteEndArray();
        writer.WriteTextString("sig");
        writer.WriteByteString(signature);
        writer.WriteTextString("certInfo");
        writer.WriteByteString([0xFF, 0x54, 0x43, 0x47, 0x80, 0x17, .. certInfo]);
        writer.WriteTextString("pubArea");
        writer.WriteByteString(pubArea);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }
}
