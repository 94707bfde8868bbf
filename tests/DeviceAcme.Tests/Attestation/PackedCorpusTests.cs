using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Packed;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Browser ceremonies of real authenticators, judged by the verifier of ACME statements: only what is signed differs.</summary>
[Needs("shared")]
public sealed class PackedCorpusTests
{
    public static TheoryData<string, int> Ceremonies => CorpusTests.ChecksOf("webauthn-packed");

    public static TheoryData<string> Objects => CorpusTests.ObjectsOf(["webauthn-packed"]);

    [Theory, MemberData(nameof(Ceremonies))]
    public void Recorded_ceremonies_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var anchors = item.Anchors;
        var found = SHA256.HashData(item.File("clientDataJSON.json"));
        var right = found;
        switch (check.With)
        {
            case null or "only when the synthetic anchor of this item is trusted" or "default policy":
                break;
            case "policy that allows self attestation":
                // there is none: such a key vouches for itself
                Judge(item.File("attestationObject.cbor"), found, right, anchors, check.At).ShouldRefuse(Reasons.PackedSelfAttestation);
                return;
            case "real vendor roots only":
                anchors = Corpus.VendorRoots;
                break;
            case "expected client data hash = 32 zero bytes":
                right = new byte[32];
                break;
            case { } without when without.StartsWith("trust store without ", StringComparison.Ordinal):
                anchors = Corpus.Without(anchors, without["trust store without ".Length..]);
                break;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        // WebAuthn orders no device, so the identifier cannot be compared
        CorpusTests.ShouldBe(Judge(item.File("attestationObject.cbor"), found, right, anchors, check.At), check, VerdictOutcome.Incomplete);
    }

    [Theory, MemberData(nameof(Objects))]
    public void No_ceremony_of_a_browser_answers_a_challenge(string id)
    {
        var item = Corpus.Item(id);
        var verdict = WebAuthn.VerifyAsAcme(item.File("attestationObject.cbor"), item.Anchors, item.Checks.First().At);

        verdict.Outcome.Should().Be(VerdictOutcome.Refused);
        verdict.Checks.Select(check => check.Reason).Should().Contain(
            reason => reason == Reasons.PackedSelfAttestation || reason == Reasons.PackedSignatureInvalid, Trial.Explain(verdict));
    }

    [Fact]
    public void The_AAGUID_of_a_recorded_certificate_is_a_fact()
    {
        var item = Corpus.Item("s-webauthn-packed-08");
        var hash = SHA256.HashData(item.File("clientDataJSON.json"));

        var verdict = Judge(item.File("attestationObject.cbor"), hash, hash, item.Anchors, item.Checks.First().At);

        verdict.Fact("packed.aaguid").Should().Be(new Guid(Convert.FromHexString((string)item.Facts["aaguid"]!), bigEndian: true).ToString());
        verdict.Fact("device.manufacturer").Should().Be("AuthenTrend");
        verdict.Fact("packed.common-name").Should().Be("ATKey.Pro SN 01C00000");
        verdict.Facts.Find("device.serial").Should().BeNull();
    }

    /// <summary>A statement over authData and the hash of client data that were recorded, which should have the right hash.</summary>
    internal static Verdict Judge(byte[] attestationObject, byte[] clientDataHash, byte[] right, AnchorSet anchors, DateTimeOffset at)
    {
        var evidence = new Evidence { AttestationObject = attestationObject, Formats = ["packed"], Format = "packed", Anchors = anchors, Now = at };
        AttestationStatement statement;
        try
        {
            statement = AttestationStatement.Read(attestationObject);
        }
        catch (MalformedEvidenceException)
        {
            return AttestationVerifier.Verify(evidence);
        }

        return statement.Format == "packed"
            ? new PackedVerifier().Verify(
                statement, evidence, new CheckList(), PackedExpectation.WebAuthn(WebAuthn.AuthData(attestationObject), clientDataHash, right))
            : AttestationVerifier.Verify(evidence);
    }
}
