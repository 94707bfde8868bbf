using System.Formats.Cbor;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Step;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>The YubiKey half of the corpus: slot certificates of real YubiKeys from firmware 4.3.3 to 5.7.4, and synthetic ACME statements.</summary>
[Needs("shared")]
public sealed class StepCorpusTests
{
    /// <summary>
    /// This YubiKey of 2014 has no serial number, and its chain ends at Yubico's U2F root, which allows no intermediate and has one: right for
    /// those who do not look, and never for us (the corpus says so of strict verifiers). The root does not ship.
    /// </summary>
    private const string EndsAtU2f = "s-yubikey-piv-03";

    public static TheoryData<string, int> Chains => CorpusTests.ChecksOf("yubikey-piv");

    public static TheoryData<string, int> Statements => CorpusTests.ChecksOf("step");

    public static TheoryData<string> Recorded => [.. Corpus.Items.Where(item => item.Family == "yubikey-piv").Select(item => item.Id)];

    [Theory, MemberData(nameof(Chains))]
    public void Recorded_chains_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var anchors = Corpus.VendorRoots;
        var chain = Chain(item);
        ExpectedIdentifier? identifier = null;
        switch (check.With)
        {
            case null:
                break;
            case "f9 certificate of another YubiKey":
                chain = [chain[0], OtherAttestationCertificate(item, check.At)];
                break;
            case "a CSR with another key":
                // found at finalize; what is needed there is the attested key
                var attested = X509CertificateLoader.LoadCertificate(item.File("slot.der")).PublicKey.ExportSubjectPublicKeyInfo();
                var request = CertificateRequest.LoadSigningRequest(item.File("request.csr.der"), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.SkipSignatureValidation);
                request.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(attested);
                return;
            case { } without when without.StartsWith("trust store without ", StringComparison.Ordinal):
                anchors = WithoutKey(anchors, without["trust store without ".Length..]);
                break;
            case { } serial when serial.StartsWith("expected device serial ", StringComparison.Ordinal):
                identifier = new ExpectedIdentifier("permanent-identifier", serial["expected device serial ".Length..], null);
                break;
            case { } strict when strict.StartsWith("strict RFC 5280 validation by OpenSSL", StringComparison.Ordinal):
                // says what another implementation does
                return;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        var verdict = Judge(chain, anchors, check.At, identifier);
        if (id == EndsAtU2f && (check.Accept || identifier is not null))
        {
            verdict.ShouldRefuse(Reasons.PathLengthExceeded);
            verdict.Check("identifier").Reason.Should().Be(identifier is null ? null : Reasons.IdentifierMissing);
            return;
        }

        // nothing in a recorded chain is fresh
        CorpusTests.ShouldBe(verdict, check, VerdictOutcome.Incomplete);
    }

    [Theory, MemberData(nameof(Recorded))]
    public void Recorded_slot_certificates_are_read_as_expected(string id)
    {
        var item = Corpus.Item(id);
        var facts = item.Facts;
        var verdict = Judge(Chain(item), Corpus.VendorRoots, new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), null);

        verdict.Fact("yubikey.firmware").Should().Be((string)facts["firmware"]!);
        verdict.Fact("device.serial").Should().Be(((long?)facts["device_serial"])?.ToString(CultureInfo.InvariantCulture));
        verdict.Fact("yubikey.pin-policy").Should().Be((string)facts["pin_policy"]!);
        verdict.Fact("yubikey.touch-policy").Should().Be((string)facts["touch_policy"]!);
        verdict.Fact("yubikey.slot").Should().Be((string)facts["slot"]!);
        verdict.Fact("yubikey.form-factor").Should().Be(((string?)facts["form_factor"])?.ToLowerInvariant().Replace(' ', '-'));
        if (facts["fips_bit"] is { } fips)
        {
            verdict.Fact("yubikey.fips").Should().Be((bool)fips ? "true" : "false");
        }

        verdict.Facts.All.Should().OnlyContain(fact => fact.Proven == (item.Has("f9.der") && id != EndsAtU2f), "one recording lacks the attestation certificate");
    }

    [Fact]
    public void Firmware_certified_by_ANSSI_says_so_in_its_attestation_certificate() =>
        Judge(Chain(Corpus.Item("s-yubikey-piv-04")), Corpus.VendorRoots, new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), null)
            .Fact("yubikey.cspn").Should().Be("true");

    [Fact]
    public void With_the_shipped_roots_alone_older_firmware_is_accepted_and_newer_wants_the_published_intermediates()
    {
        var shipped = AnchorSet.Parse(Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "profiles", "trust", "step"), "*.pem")
            .Select(file => (Path.GetFileName(file), (ReadOnlyMemory<byte>)File.ReadAllBytes(file))));
        var at = new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

        shipped.Anchors.Should().HaveCount(2);
        Judge(Chain(Corpus.Item("s-yubikey-piv-05")), shipped, at, null).Check("chain").Outcome.Should().Be(CheckOutcome.Passed);
        var newer = Corpus.Item("s-yubikey-piv-07");
        var verdict = Judge(Chain(newer), shipped, at, null);
        verdict.ShouldRefuse(Reasons.ChainUntrustedRoot);
        verdict.Check("chain").Advice.Should().Contain("5.7.4");
        List<byte[]> sent = [.. Chain(newer), Published("int-Yubico-PIV-Attestation-B-1-2d55b799.pem"), Published("int-Yubico-Attestation-Intermediate-B-1-d4cc3f45.pem")];
        Judge(sent, shipped, at, null).Check("chain").Outcome.Should().Be(CheckOutcome.Passed);
    }

    [Fact]
    public void The_newer_root_vouches_for_other_applications_too_and_none_of_them_is_taken_for_PIV()
    {
        // attested keys of a YubiHSM or of OpenPGP end at the same root; their certificates have other extensions
        var other = Published("int-Yubico-FIDO-Attestation-B-1-4eadda86.pem");

        Judge([other], Corpus.VendorRoots, new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), null).ShouldRefuse(Reasons.StepExtensionMissing);
    }

    [Theory, MemberData(nameof(Statements))]
    public void Acme_statements_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var evidence = Order(item, item, check.At);
        evidence = check.With switch
        {
            "this anchor trusted; order names the device serial" => evidence,
            "real Yubico roots only" => evidence with { Anchors = Corpus.VendorRoots },
            "another account key (thumbprint)" => evidence with { KeyAuthorization = evidence.Token + ".another" },
            "order names another serial" => evidence with { Identifier = evidence.Identifier! with { Value = "1" } },
            _ => throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'"),
        };

        CorpusTests.ShouldBe(AttestationVerifier.Verify(evidence), check, VerdictOutcome.Accepted);
    }

    /// <summary>An order that names the serial number of an item, answered with what a variant of it sent.</summary>
    internal static Evidence Order(CorpusItem sent, CorpusItem origin, DateTimeOffset at) => new()
    {
        AttestationObject = sent.File("attestationObject.cbor"),
        Token = (string?)origin.Facts["acme"]!["token"],
        KeyAuthorization = (string?)origin.Facts["acme"]!["key_authorization"],
        Identifier = new ExpectedIdentifier("permanent-identifier", ((long)origin.Facts["device_serial"]!).ToString(CultureInfo.InvariantCulture), null),
        Formats = ["step"],
        Anchors = origin.Anchors,
        Now = at,
    };

    /// <summary>Judges a chain without a signature, since nobody kept the keys.</summary>
    internal static Verdict Judge(IReadOnlyList<byte[]> chain, AnchorSet anchors, DateTimeOffset at, ExpectedIdentifier? identifier)
    {
        var evidence = new Evidence
        {
            AttestationObject = Array.Empty<byte>(),
            Identifier = identifier,
            Formats = ["step"],
            Format = "step",
            Anchors = anchors,
            Now = at,
        };
        return new StepVerifier().Verify(AttestationStatement.Read(Statement(chain)), evidence, new CheckList(), StepExpectation.Chain);
    }

    private static List<byte[]> Chain(CorpusItem item) => [item.File("slot.der"), .. item.Has("f9.der") ? [item.File("f9.der")] : Array.Empty<byte[]>()];

    private static byte[] OtherAttestationCertificate(CorpusItem item, DateTimeOffset at)
    {
        var own = X509CertificateLoader.LoadCertificate(item.File("f9.der"));
        return Corpus.Items.Where(other => other.Family == "yubikey-piv" && other.Has("f9.der")).Select(other => other.File("f9.der"))
            .Concat(Forged(own))
            .First(der => X509CertificateLoader.LoadCertificate(der) is var other && other.Subject == own.Subject && other.NotBefore <= at.LocalDateTime && !other.PublicKey.EncodedKeyValue.RawData.SequenceEqual(own.PublicKey.EncodedKeyValue.RawData));
    }

    // where no other recording has the name: a key that its owner put there
    private static IEnumerable<byte[]> Forged(X509Certificate2 own)
    {
        using var key = RSA.Create(2048);
        using var root = RSA.Create(2048);
        var request = new CertificateRequest(own.SubjectName, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        using var made = request.Create(own.IssuerName, X509SignatureGenerator.CreateForRSA(root, RSASignaturePadding.Pkcs1), own.NotBefore, own.NotAfter, [1, 2, 3]);
        yield return made.RawData;
    }

    // the root was issued several times with one key
    private static AnchorSet WithoutKey(AnchorSet set, string fingerprintPrefix)
    {
        var key = set.Anchors.Single(anchor => anchor.Fingerprint.StartsWith(fingerprintPrefix, StringComparison.Ordinal)).Certificate.PublicKeyInfo;
        return set.Anchors.Where(anchor => anchor.Certificate.PublicKeyInfo.Span.SequenceEqual(key.Span))
            .Aggregate(set, (rest, anchor) => Corpus.Without(rest, anchor.Fingerprint));
    }

    private static byte[] Published(string file) =>
        X509Certificate2.CreateFromPem(File.ReadAllText(RepositoryFiles.Shared("vendor-roots/yubico/" + file))).RawData;

    private static byte[] Statement(IReadOnlyList<byte[]> chain)
    {
        var writer = new CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString("fmt");
        writer.WriteTextString("step");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(1);
        writer.WriteTextString("x5c");
        writer.WriteStartArray(chain.Count);
        foreach (var der in chain)
        {
            writer.WriteByteString(der);
        }

        writer.WriteEndArray();
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }
}
