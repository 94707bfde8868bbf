using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Recorded endorsement certificates of real TPMs, and of cloud machines.</summary>
[Needs("shared")]
public sealed class EkCorpusTests
{
    private const string Google = "474F4F47";

    public static TheoryData<string, int> Checks => CorpusTests.ChecksOf("tpm-ek-cert");

    public static TheoryData<string> AttestationCertificates =>
        [.. Corpus.Items.Where(item => item.Family == "tpm-ak-cert").Select(item => item.Id)];

    [Theory, MemberData(nameof(Checks))]
    public void Recorded_certificates_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var evidence = Evidence(item.File("leaf.der"), check.At);
        switch (check.With)
        {
            case null:
                break;
            case "roots only, no intermediate store":
                evidence = evidence with { Anchors = Corpus.RootsOnly(evidence.Anchors) };
                break;
            case "policy that forbids SHA-1 certificate signatures":
                evidence = evidence with { AllowSha1 = false };
                break;
            case { } without when without.StartsWith("trust store without ", StringComparison.Ordinal):
                evidence = evidence with { Anchors = Corpus.Without(evidence.Anchors, without["trust store without ".Length..]) };
                break;
            default:
                // as an attestation certificate, and by OpenSSL's own strictness: judged elsewhere
                return;
        }

        var verdict = EkVerifier.Verify(evidence).Verdict;
        if (check.Accept)
        {
            verdict.Outcome.Should().Be(VerdictOutcome.Incomplete, Trial.Explain(verdict));
            FactsShouldEqual(verdict, item);
            return;
        }

        verdict.Outcome.Should().Be(VerdictOutcome.Refused);
        // a certificate alone, whose issuer is a root, does not tell whether the root or an intermediate is missing
        string[] classes = check.Reason == "chain-untrusted-root" && item.Json["chain"]!["path"]!.AsArray().Count == 2
            ? ["chain-untrusted-root", "chain-incomplete"]
            : [check.Reason];
        classes.Should().Contain(verdict.Reason!.Class, Trial.Explain(verdict));
    }

    [Fact]
    public void Virtual_TPMs_of_Google_are_refused_where_no_profile_names_Google()
    {
        var evidence = Evidence(Corpus.Item("s-tpm-ek-cert-01").File("leaf.der"), Trial.Now);

        EkVerifier.Verify(evidence with { Policy = EkPolicy.Strict }).ShouldRefuse(Reasons.EkVendorNotAccepted);
        var verdict = EkVerifier.Verify(evidence).Verdict;
        verdict.Fact("tpm.virtual").Should().Be("true");
        verdict.Fact(AssuranceLevel.Fact).Should().Be(AssuranceLevel.Virtual);
        verdict.Fact("gce.project-id").Should().Be("google.com:wuale-gcp-testing");
        verdict.Fact("gce.project-number").Should().Be("117478743145");
        verdict.Fact("gce.instance-id").Should().Be("218557372616137117");
        verdict.Fact("gce.instance-name").Should().Be("cs-debug-pca");
        verdict.Fact("gce.zone").Should().Be("us-central1-a");
    }

    [Theory, MemberData(nameof(AttestationCertificates))]
    public void Recorded_certificates_of_attestation_keys_are_not_taken_for_endorsement_certificates(string id)
    {
        var verdict = EkVerifier.Verify(Evidence(Corpus.Item(id).File("leaf.der"), Trial.Now)).Verdict;

        verdict.Outcome.Should().Be(VerdictOutcome.Refused);
        verdict.Check("ek-certificate").Reason.Should().Match<Reason>(reason => reason == Reasons.EkEkuMissing || reason == Reasons.EkCertificateProfile);
    }

    [Fact]
    public void The_key_of_an_old_certificate_has_the_hash_that_its_TPM_would_have()
    {
        // its SubjectPublicKeyInfo names id-RSAES-OAEP: clients read rsaEncryption from the TPM
        var item = Corpus.Item("s-tpm-ek-cert-10");
        var evidence = Evidence(item.File("leaf.der"), item.Checks.First(check => check.Accept).At);
        var key = EkVerifier.Verify(evidence).EndorsementKey!.PublicKey;

        EkVerifier.Verify(evidence with { PublicKey = key }).Verdict.Check("ek-key").Outcome.Should().Be(CheckOutcome.Passed);
        EkVerifier.Verify(evidence).Verdict.Fact("ek.public-key-sha256").Should().Be((string)item.Facts["spki_sha256"]!);
        EkVerifier.Verify(evidence).Verdict.Fact("tpm.specification").Should().Be("1.2 level 2 revision 116");
    }

    /// <summary>A certificate alone, judged as far as that goes; the vendors are those of the corpus.</summary>
    internal static EkEvidence Evidence(byte[] certificate, DateTimeOffset now) => new()
    {
        Certificates = [certificate],
        Policy = new EkPolicy { Vendors = [EkPolicy.RegisteredVendors, Google] },
        Anchors = Corpus.VendorRoots,
        Now = now,
        AllowSha1 = true,
    };

    private static void FactsShouldEqual(Verdict verdict, CorpusItem item)
    {
        var described = item.Facts["tpm_san"]!.AsObject();
        verdict.Fact("ek.certificate-sha256").Should().Be((string)item.Facts["leaf"]!["sha256"]!);
        verdict.Fact("tpm.manufacturer").Should().Be((string)item.Facts["vendor"]!);
        if (described.Count > 0)
        {
            verdict.Fact("tpm.manufacturer-id").Should().Be(((string)described["manufacturer"]!)[3..]);
            verdict.Fact("tpm.model").Should().Be((string)described["model"]!);
            verdict.Fact("tpm.firmware-version").Should().Be(((string)described["version"]!)[3..]);
            verdict.Fact("tpm.specification").Should().NotBeNull();
            verdict.Fact(AssuranceLevel.Fact).Should().Be(AssuranceLevel.Hardware);
        }

        verdict.Fact("ek.public-key-sha256").Should().Be((string)item.Facts["spki_sha256"]!);
        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven);
    }
}
