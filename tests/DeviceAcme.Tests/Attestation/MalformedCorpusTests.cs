using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>The broken half of the corpus: each variant is refused with its class, and nothing is thrown.</summary>
[Needs("shared")]
public sealed class MalformedCorpusTests
{
    /// <summary>Families whose variants need a verifier of '2 of 5', or of a format that no ACME order can use (webauthn-apple).</summary>
    private static readonly string[] Waiting = [.. CorpusTests.Waiting, "webauthn-apple"];

    private static readonly string[] Judged = ["android-key", "apple-mda", "idevid", "step", "tpm-acme", "tpm-ek-cert", "tpm-signed", "webauthn-packed", "webauthn-tpm", "yubikey-piv"];

    public static TheoryData<string> JudgedVariants =>
        [.. Corpus.Variants.Where(variant => Judged.Contains(Corpus.Item(variant.Base).Family)).Select(variant => variant.Id)];

    public static TheoryData<string> WaitingObjects => [.. Corpus.Variants.Where(variant =>
        Waiting.Contains(Corpus.Item(variant.Base).Family) && variant.Has("attestationObject.cbor")).Select(variant => variant.Id)];

    [Fact]
    public void Every_variant_is_judged_or_its_family_waits() => Corpus.Variants.Select(variant => Corpus.Item(variant.Base).Family).Distinct()
        .Should().BeSubsetOf([.. Judged, .. Waiting]);

    [Theory, MemberData(nameof(JudgedVariants))]
    public void Each_variant_is_refused_with_its_class(string id)
    {
        var variant = Corpus.Variant(id);
        var origin = Corpus.Item(variant.Base);
        var reason = origin.Family switch
        {
            "webauthn-tpm" => WebAuthn.Verify(
                variant.File("attestationObject.cbor"), SHA256.HashData(variant.File("clientDataJSON.json")), origin.Anchors, variant.Expected.At).Reason,
            "webauthn-packed" => Ceremony(variant, origin),
            "yubikey-piv" => StepCorpusTests.Judge(AndroidCorpusTests.Ders(variant), Corpus.VendorRoots, variant.Expected.At, null).Reason,
            "step" => AttestationVerifier.Verify(StepCorpusTests.Order(variant, origin, variant.Expected.At)).Reason,
            "apple-mda" or "tpm-acme" => AttestationVerifier.Verify(Order(variant, origin)).Reason,
            "android-key" => AndroidCorpusTests.Judge(variant, origin, variant.Expected.At).Reason,
            "idevid" => IdevidCorpusTests.Judge(variant.Certificates("chain.pem"), origin.Anchors, variant.Expected.At).Reason,
            "tpm-ek-cert" => EkVerifier.Verify(EkCorpusTests.Evidence(variant.File("leaf.der"), variant.Expected.At)).Verdict.Reason,
            "tpm-signed" => TpmParts.Judge(variant, TpmParts.ExtraData(origin), variant.Expected.At),
            _ => throw new InvalidOperationException($"{id}: nobody knows how to judge {origin.Family}"),
        };

        reason.Should().NotBeNull($"{id} must be refused as {variant.Expected.Reason}");
        variant.Expected.Classes.Should().Contain(reason!.Class, $"{reason.Code} is what {id} was refused for");
    }

    [Theory, MemberData(nameof(WaitingObjects))]
    public void Objects_of_waiting_families_are_refused_and_nothing_is_thrown(string id)
    {
        var variant = Corpus.Variant(id);

        WebAuthn.VerifyAsAcme(variant.File("attestationObject.cbor"), Corpus.Item(variant.Base).Anchors, variant.Expected.At)
            .Outcome.Should().Be(VerdictOutcome.Refused);
    }

    private static Evidence Order(CorpusItem variant, CorpusItem origin)
    {
        var facts = origin.Facts;
        return new Evidence
        {
            AttestationObject = variant.File("attestationObject.cbor"),
            Token = (string?)facts["acme"]!["token"],
            KeyAuthorization = (string?)facts["acme"]!["key_authorization"],
            Identifier = new ExpectedIdentifier(
                "permanent-identifier", (string?)facts["permanent_identifier"] ?? (string)facts["attested"]!["serial_number"]!, null),
            Formats = ["apple", "tpm"],
            Anchors = origin.Anchors,
            Now = variant.Expected.At,
        };
    }

    private static Reason? Ceremony(CorpusItem variant, CorpusItem origin)
    {
        var hash = SHA256.HashData(variant.File("clientDataJSON.json"));
        return PackedCorpusTests.Judge(variant.File("attestationObject.cbor"), hash, hash, origin.Anchors, variant.Expected.At).Reason;
    }
}
