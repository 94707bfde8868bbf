using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Every item of the corpus is judged here, or its family is named below as one that waits or is never accepted.</summary>
[Needs("shared")]
public sealed class CorpusTests
{
    /// <summary>Families whose formats come with '2 of 5'.</summary>
    internal static readonly string[] Waiting =
        [];

    /// <summary>Formats that prove nothing for an ACME order: refused by name.</summary>
    private static readonly string[] NeverAccepted =
        ["webauthn-android-safetynet", "webauthn-apple", "webauthn-apple-appattest", "webauthn-fido-u2f", "webauthn-none"];

    private static readonly string[] Judged =
    [
        "android-key", "android-key-acme", "apple-mda", "idevid", "step", "tpm-acme", "tpm-ak-cert", "tpm-ek-cert", "tpm-signed", "webauthn-android-key", "webauthn-packed", "webauthn-tpm",
        "yubikey-piv",
    ];

    /// <summary>Checks that the corpus contradicts itself on; each with the reason.</summary>
    private static readonly HashSet<(string Id, string With)> Contradictions =
    [
        // its extraData is 32 zero bytes: "expected extraData = 32 zero bytes" is the right value for this one
        ("s-tpm-signed-08", "expected extraData = 32 zero bytes"),
    ];

    public static TheoryData<string, int> ChecksOf(string family)
    {
        var data = new TheoryData<string, int>();
        foreach (var item in Corpus.Items.Where(item => item.Family == family))
        {
            for (var i = 0; i < item.Checks.Count(); i++)
            {
                data.Add(item.Id, i);
            }
        }

        return data;
    }

    public static TheoryData<string> ObjectsOf(string[] families) =>
        [.. Corpus.Items.Where(item => families.Contains(item.Family) && item.Has("attestationObject.cbor")).Select(item => item.Id)];

    public static TheoryData<string> NeverAcceptedObjects => ObjectsOf(NeverAccepted);

    [Fact]
    public void Every_family_is_judged_waits_or_is_never_accepted() =>
        Corpus.Items.Select(item => item.Family).Distinct().Should().BeEquivalentTo([.. Judged, .. Waiting, .. NeverAccepted]);

    [Fact]
    public void Every_reason_of_the_table_has_a_class_of_the_corpus() =>
        Reasons.All.Select(reason => reason.Class).Should().BeSubsetOf(Corpus.ReasonClasses);

    [Theory, MemberData(nameof(ChecksOf), "apple-mda")]
    public void Apple_items_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var facts = item.Facts;
        var attested = facts["attested"]!.AsObject();
        var evidence = new Evidence
        {
            AttestationObject = item.Has("attestationObject.cbor") ? item.File("attestationObject.cbor") : AppleObject(item.File("leaf.der")),
            Token = (string?)facts["acme"]?["token"],
            KeyAuthorization = (string?)facts["acme"]?["key_authorization"],
            Identifier = new ExpectedIdentifier("permanent-identifier", (string?)attested["serial_number"] ?? "C02SYNTH0001", null),
            Formats = ["apple"],
            Anchors = item.Anchors,
            Now = check.At,
        };
        switch (check.With)
        {
            case null or "default policy" or "order names any permanent identifier" or "x5c = [leaf] only" or "this anchor trusted; order names serial or UDID":
                break;
            case "real Apple root only":
                evidence = evidence with { Anchors = Corpus.VendorRoots };
                break;
            case "another token":
                evidence = evidence with { Token = "another" };
                break;
            case "order names serial XXXXXXXXXXXX":
                evidence = evidence with { Identifier = new ExpectedIdentifier("permanent-identifier", "XXXXXXXXXXXX", null) };
                break;
            case "finalize with a CSR whose key differs from the leaf key":
                // key-mismatch is found at finalize; what is needed there is the attested key
                AttestationVerifier.Verify(evidence).Device!.PublicKey.IsEmpty.Should().BeFalse();
                return;
            case "parsing only: extract attested properties":
                AppleFactsShouldEqual(AttestationVerifier.Verify(evidence), attested);
                return;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        var verdict = AttestationVerifier.Verify(evidence);
        ShouldBe(verdict, check, VerdictOutcome.Accepted);
        if (check.Accept)
        {
            AppleFactsShouldEqual(verdict, attested);
        }
    }

    [Theory, MemberData(nameof(ChecksOf), "tpm-acme")]
    public void Acme_tpm_items_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var facts = item.Facts;
        var evidence = new Evidence
        {
            AttestationObject = item.File("attestationObject.cbor"),
            Token = (string?)facts["acme"]!["token"],
            KeyAuthorization = (string?)facts["acme"]!["key_authorization"],
            Identifier = new ExpectedIdentifier("permanent-identifier", (string)facts["permanent_identifier"]!, null),
            Formats = ["tpm"],
            Anchors = item.Anchors,
            Now = check.At,
        };
        switch (check.With)
        {
            case null or "this anchor trusted; order names the permanent identifier; CSR key = pubArea key":
                break;
            case "real vendor roots only":
                evidence = evidence with { Anchors = Corpus.VendorRoots };
                break;
            case "another account key":
                evidence = evidence with { KeyAuthorization = evidence.Token + ".another" };
                break;
            case "CSR with the AK key":
                var device = AttestationVerifier.Verify(evidence).Device!;
                var ak = AttestationStatement.Read(evidence.AttestationObject).Certificates()[0];
                device.PublicKey.Span.SequenceEqual(ak.PublicKeyInfo.Span).Should().BeFalse("finalize compares the CSR with the certified key");
                return;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        var verdict = AttestationVerifier.Verify(evidence);
        ShouldBe(verdict, check, VerdictOutcome.Accepted);
        if (check.Accept)
        {
            Convert.ToHexStringLower(SHA256.HashData(verdict.Device!.PublicKey.Span)).Should().Be((string)facts["certified_key_spki_sha256"]!);
        }
    }

    [Theory, MemberData(nameof(ChecksOf), "webauthn-tpm")]
    public void Recorded_WebAuthn_tpm_statements_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var anchors = item.Anchors;
        var clientDataHash = SHA256.HashData(item.File("clientDataJSON.json"));
        switch (check.With)
        {
            case null or "only when the synthetic anchor of this item is trusted":
                break;
            case "real vendor roots only":
                anchors = Corpus.VendorRoots;
                break;
            case "expected client data hash = 32 zero bytes":
                clientDataHash = new byte[32];
                break;
            case { } without when without.StartsWith("trust store without ", StringComparison.Ordinal):
                anchors = Corpus.Without(anchors, without["trust store without ".Length..]);
                break;
            case { } strict when strict.StartsWith("strict RFC 5280 validation by OpenSSL", StringComparison.Ordinal):
                // says what another implementation does
                return;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        var verdict = WebAuthn.Verify(item.File("attestationObject.cbor"), clientDataHash, anchors, check.At);
        if (id == "s-webauthn-tpm-01" && check.Accept)
        {
            // the specification's own vector certifies a key that may leave its TPM: right for WebAuthn, never for us
            verdict.Checks.Where(done => done.Outcome == CheckOutcome.Failed).Should().ContainSingle().Which.Reason.Should().Be(Reasons.TpmKeyAttributes);
            return;
        }

        // WebAuthn's attestation keys name no device, so the identifier cannot be compared
        ShouldBe(verdict, check, VerdictOutcome.Incomplete);
    }

    [Theory, MemberData(nameof(ChecksOf), "tpm-signed")]
    public void Recorded_TPM_quotes_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        if (Contradictions.Contains((id, check.With ?? "")))
        {
            return;
        }

        if (check.With == "used as certInfo of a tpm key attestation")
        {
            var made = TpmParts.AsStatement(item);
            ShouldBe(WebAuthn.Verify(made, new byte[32], item.Anchors, check.At), check, VerdictOutcome.Incomplete);
            return;
        }

        var expected = check.With == "expected extraData = 32 zero bytes" ? new byte[32] : TpmParts.ExtraData(item);
        var reason = TpmParts.Judge(item, expected, check.At);
        (reason?.Class).Should().Be(check.Accept ? null : check.Reason);
    }

    [Theory, MemberData(nameof(ChecksOf), "tpm-ak-cert"), MemberData(nameof(ChecksOf), "tpm-ek-cert")]
    public void Recorded_certificate_chains_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        Certificate.TryRead(item.File("leaf.der"), out var leaf, out var problem).Should().BeTrue(problem);
        var anchors = Corpus.VendorRoots;
        // old endorsement certificates are signed with SHA-1
        var rules = new PathRules { AllowSha1 = true };
        switch (check.With)
        {
            case null:
                break;
            case "roots only, no intermediate store":
                anchors = Corpus.RootsOnly(anchors);
                break;
            case "policy that forbids SHA-1 certificate signatures":
                rules = new PathRules();
                break;
            case "presented as AK certificate of a tpm statement":
                AkCertificate.Read(leaf!).Reason!.Class.Should().Be(check.Reason);
                return;
            case { } without when without.StartsWith("trust store without ", StringComparison.Ordinal):
                anchors = Corpus.Without(anchors, without["trust store without ".Length..]);
                // the item has a root as issuer: with all but the root presented
                rules = rules with { PresentedUpToRoot = item.Json["chain"]!["path"]!.AsArray().Count == 2 };
                break;
            case { } strict when strict.StartsWith("strict RFC 5280 validation by OpenSSL", StringComparison.Ordinal):
                return;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        var path = CertificatePath.Verify([leaf!], anchors, check.At, rules, null);
        if (check.Reason == "chain-incomplete" && check.At > leaf!.NotAfter)
        {
            // both are true of this one; for a whole statement the end of the leaf is said first
            path.Reason.Should().Be(Reasons.ChainExpired);
            path = CertificatePath.Verify([leaf], anchors, leaf.NotAfter, rules, null);
        }

        (path.Reason?.Class).Should().Be(check.Accept ? null : check.Reason, path.Found.Replace("{", "(", StringComparison.Ordinal).Replace("}", ")", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(NeverAcceptedObjects))]
    public void Formats_that_prove_nothing_here_are_refused_by_name(string id)
    {
        var item = Corpus.Item(id);
        var verdict = WebAuthn.VerifyAsAcme(item.File("attestationObject.cbor"), item.Anchors, item.Checks.First().At);

        verdict.Outcome.Should().Be(VerdictOutcome.Refused);
        verdict.Reason.Should().Be(
            item.Family switch
            {
                "webauthn-apple" => Reasons.AppleNotDeviceAttestation,
                "webauthn-none" => Reasons.FormatNone,
                _ => Reasons.FormatUnknown,
            },
            Trial.Explain(verdict));
    }

    private static byte[] AppleObject(byte[] leaf)
    {
        var writer = new System.Formats.Cbor.CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString("fmt");
        writer.WriteTextString("apple");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(1);
        writer.WriteTextString("x5c");
        writer.WriteStartArray(1);
        writer.WriteByteString(leaf);
        writer.WriteEndArray();
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void AppleFactsShouldEqual(Verdict verdict, System.Text.Json.Nodes.JsonObject attested)
    {
        verdict.Fact("device.serial").Should().Be((string?)attested["serial_number"]);
        verdict.Fact("device.udid").Should().Be((string?)attested["udid"]);
        verdict.Fact("device.model-id").Should().Be((string?)attested["software_update_device_id"]);
        verdict.Fact("os.version").Should().Be((string?)attested["os_version"]);
        verdict.Fact("apple.sep-os-version").Should().Be((string?)attested["sepos_version"]);
        verdict.Fact("apple.llb-version").Should().Be((string?)attested["llb_version"]);
        verdict.Fact("apple.secure-boot").Should().Be((string?)attested["secure_boot_status"]);
        verdict.Fact("apple.sip").Should().Be((int)attested["sip_status"]! == 0 ? "true" : "false");
        verdict.Fact("apple.third-party-kexts").Should().Be((int)attested["third_party_kexts_allowed"]! == 0 ? "false" : "true");
        verdict.Check("freshness").Found.Should().Contain(
            verdict.Check("freshness").Outcome == CheckOutcome.Passed ? "SHA-256 of the token" : (string)attested["freshness_code"]!);
    }

    internal static void ShouldBe(Verdict verdict, CorpusCheck check, VerdictOutcome accepted)
    {
        if (check.Accept)
        {
            verdict.Outcome.Should().Be(accepted, Trial.Explain(verdict));
            verdict.Reason.Should().BeNull(Trial.Explain(verdict));
        }
        else
        {
            verdict.Outcome.Should().Be(VerdictOutcome.Refused, Trial.Explain(verdict));
            verdict.Reason!.Class.Should().Be(check.Reason, Trial.Explain(verdict));
        }
    }
}
