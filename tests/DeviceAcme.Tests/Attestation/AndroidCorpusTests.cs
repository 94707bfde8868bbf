using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>The Android half of the corpus: 33 chains of real phones, browser ceremonies, and synthetic ACME statements.</summary>
[Needs("shared")]
public sealed class AndroidCorpusTests
{
    /// <summary>Issuances of Google's RSA root other than the longest-lived one, which the corpus takes its windows from.</summary>
    private static readonly string[] OtherIssuances = ["1ef1a04b", "ab664117", "c1984a3e"];

    /// <summary>Most recordings are of unlocked test devices and older than any status list that we have.</summary>
    private static readonly AndroidPolicy Recorded = new() { RequireVerifiedBoot = false, AcceptWithoutStatusList = true };

    public static TheoryData<string, int> Chains => CorpusTests.ChecksOf("android-key");

    public static TheoryData<string, int> Statements => CorpusTests.ChecksOf("android-key-acme");

    public static TheoryData<string, int> Ceremonies => CorpusTests.ChecksOf("webauthn-android-key");

    public static TheoryData<string> Described => [.. Corpus.Items.Where(item => item.Family == "android-key" && item.Facts["key_description"] is not null).Select(item => item.Id)];

    [Theory, MemberData(nameof(Chains))]
    public void Recorded_chains_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var policy = Recorded;
        byte[]? challenge = null;
        ExpectedIdentifier? identifier = null;
        var skip = 0;
        switch (check.With)
        {
            case null:
                break;
            case "policy requiring a locked bootloader and verified boot":
                policy = policy with { RequireVerifiedBoot = true };
                break;
            case "policy requiring StrongBox":
                policy = policy with { MinimumSecurityLevel = AndroidSecurityLevel.StrongBox };
                break;
            case "expected challenge = 32 zero bytes":
                challenge = new byte[32];
                break;
            case "leaf removed from the chain":
                skip = 1;
                break;
            case "an order that names a permanent identifier":
                identifier = new ExpectedIdentifier("permanent-identifier", "any", "device.serial");
                break;
            case { } strict when strict.StartsWith("strict RFC 5280 validation by OpenSSL", StringComparison.Ordinal):
                // says what another implementation does
                return;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        CorpusTests.ShouldBe(Judge(item, item, check.At, policy, challenge, identifier, skip), check, VerdictOutcome.Incomplete);
    }

    [Theory, MemberData(nameof(Described))]
    public void Recorded_descriptions_are_read_as_expected(string id)
    {
        var item = Corpus.Item(id);
        var expected = item.Facts["key_description"]!.AsObject();
        var description = KeyDescription.Read(Certificates(item)[0].Find(KeyDescription.Oid)!.Value);

        description.AttestationVersion.Should().Be((int)expected["attestationVersion"]!);
        description.AttestationSecurityLevel.ToString().Should().Be((string)expected["attestationSecurityLevel"]!);
        description.KeyMintVersion.Should().Be((int)expected["keymasterVersion"]!);
        description.KeyMintSecurityLevel.ToString().Should().Be((string)expected["keymasterSecurityLevel"]!);
        Convert.ToHexStringLower(description.AttestationChallenge.Span).Should().Be((string)expected["attestationChallenge"]!);
        Convert.ToHexStringLower(description.UniqueId.Span).Should().Be((string)expected["uniqueId"]!);
        ShouldEqual(description.SoftwareEnforced, expected["softwareEnforced"]!.AsObject());
        ShouldEqual(description.HardwareEnforced, expected["teeEnforced"]!.AsObject());
    }

    [Fact]
    public void A_phone_that_attests_its_IMEI_is_accepted_by_it_and_by_no_serial_number()
    {
        var item = Corpus.Item("s-android-key-22");
        var at = item.Checks.First(check => check.Accept).At;

        var verdict = Judge(item, item, at, Recorded, null, new ExpectedIdentifier("permanent-identifier", "351163520096208", null));

        verdict.Check("identifier").Outcome.Should().Be(CheckOutcome.Passed);
        verdict.Fact("device.imei").Should().Be("351163520096208");
        verdict.Fact("device.second-imei").Should().Be("351163520096216");
        verdict.Fact("device.model").Should().Be("Pixel 8a");
        verdict.Fact("os.version").Should().Be("14.0.0");
        Judge(item, item, at, Recorded, null, new ExpectedIdentifier("permanent-identifier", "351163520096208", "device.serial"))
            .ShouldRefuse(Reasons.IdentifierMissing);
    }

    [Fact]
    public void An_expired_factory_chain_is_accepted_and_named_where_the_profile_tolerates_it()
    {
        var item = Corpus.Item("s-android-key-04");
        var at = item.Checks.First().At;

        Judge(item, item, at).ShouldRefuse(Reasons.ChainExpired);
        var verdict = Judge(item, item, at, Recorded with { TolerateExpired = true });

        verdict.Reason.Should().BeNull(Trial.Explain(verdict));
        verdict.Check("chain").Found.Should().Contain("expired and tolerated");
    }

    [Theory, MemberData(nameof(Statements))]
    public void Acme_statements_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var acme = item.Facts["acme"]!;
        var evidence = new Evidence
        {
            AttestationObject = item.File("attestationObject.cbor"),
            Token = (string?)acme["token"],
            KeyAuthorization = (string?)acme["key_authorization"],
            Identifier = new ExpectedIdentifier("permanent-identifier", "SYNTH00001", null),
            Formats = ["android-key"],
            Anchors = item.Anchors,
            Now = check.At,
            Policies = [new AndroidPolicy { AcceptWithoutStatusList = true }],
        };
        evidence = check.With switch
        {
            "this anchor trusted; order names SYNTH00001" or "this anchor trusted" => evidence,
            "real Google roots only" => evidence with { Anchors = Corpus.VendorRoots },
            "another token" => evidence with { Token = "another", KeyAuthorization = "another.thumbprint" },
            _ => throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'"),
        };

        CorpusTests.ShouldBe(AttestationVerifier.Verify(evidence), check, VerdictOutcome.Accepted);
    }

    [Theory, MemberData(nameof(Ceremonies))]
    public void Recorded_ceremonies_get_the_expected_verdict(string id, int number)
    {
        var item = Corpus.Item(id);
        var check = item.Checks.ElementAt(number);
        var anchors = check.Reason == "chain-not-yet-valid" ? LongestLived(item.Anchors) : item.Anchors;
        var clientDataHash = SHA256.HashData(item.File("clientDataJSON.json"));
        switch (check.With)
        {
            case null:
                break;
            case "real vendor roots only":
                anchors = Corpus.VendorRoots;
                break;
            case "expected client data hash = 32 zero bytes":
                clientDataHash = new byte[32];
                break;
            case { } without when without.StartsWith("trust store without ", StringComparison.Ordinal):
                anchors = Corpus.Without(LongestLived(anchors), without["trust store without ".Length..]);
                break;
            default:
                throw new InvalidOperationException($"{id}: nobody knows how to judge with '{check.With}'");
        }

        var verdict = WebAuthn.Verify(item.File("attestationObject.cbor"), clientDataHash, anchors, check.At);
        if (id == "s-webauthn-android-key-04" && check.Reason is ("software-keystore" or "nonce-mismatch"))
        {
            // its root allows no intermediate below it, and there is one: said first, and the corpus' reason beside it
            verdict.ShouldRefuse(Reasons.PathLengthExceeded);
            verdict.Checks.Select(done => done.Reason?.Class).Should().Contain(check.Reason);
            return;
        }

        // WebAuthn orders no device, so the identifier cannot be compared
        CorpusTests.ShouldBe(verdict, check, VerdictOutcome.Incomplete);
    }

    /// <summary>Judges the chain of an item as a statement without <c>sig</c>, since nobody kept the keys.</summary>
    /// <param name="origin">The item that the challenge is taken from; itself, or what a variant was made from.</param>
    internal static Verdict Judge(
        CorpusItem item, CorpusItem origin, DateTimeOffset at, AndroidPolicy? policy = null, byte[]? challenge = null,
        ExpectedIdentifier? identifier = null, int skip = 0)
    {
        var recorded = (string?)origin.Facts["key_description"]?["attestationChallenge"];
        var made = AttestationStatement.Read(Statement(Ders(item).Skip(skip)));
        var evidence = new Evidence
        {
            AttestationObject = Array.Empty<byte>(),
            Identifier = identifier,
            Formats = ["android-key"],
            Anchors = LongestLived(Corpus.VendorRoots),
            Now = at,
            Policies = [policy ?? Recorded],
        };
        return new AndroidKeyVerifier().Verify(
            made, evidence, new CheckList(),
            new AndroidExpectation("the recorded challenge", challenge ?? (recorded is null ? null : Convert.FromHexString(recorded)), null));
    }

    private static AnchorSet LongestLived(AnchorSet set) => OtherIssuances.Aggregate(set, Corpus.Without);

    private static List<Certificate> Certificates(CorpusItem item) => Ders(item).ConvertAll(der =>
    {
        Certificate.TryRead(der, out var certificate, out var problem).Should().BeTrue(problem);
        return certificate!;
    });

    // as a client would: each block between BEGIN and the next BEGIN, whatever is in it
    internal static List<byte[]> Ders(CorpusItem item) => [.. Encoding.Latin1.GetString(item.File("chain.pem"))
        .Split("-----BEGIN CERTIFICATE-----", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Select(block =>
        {
            var end = block.IndexOf("-----END", StringComparison.Ordinal);
            var base64 = end < 0 ? "no end line" : block[..end];
            var der = new byte[base64.Length];
            return Convert.TryFromBase64String(base64.ReplaceLineEndings(""), der, out var length) ? der[..length] : Encoding.Latin1.GetBytes(base64);
        })];

    private static byte[] Statement(IEnumerable<byte[]> chain)
    {
        var certificates = chain.ToList();
        var writer = new CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString("fmt");
        writer.WriteTextString("android-key");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(1);
        writer.WriteTextString("x5c");
        writer.WriteStartArray(certificates.Count);
        certificates.ForEach(der => writer.WriteByteString(der));
        writer.WriteEndArray();
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void ShouldEqual(AuthorizationList list, JsonObject expected)
    {
        var names = list.Tags.Select(tag => NameOf(tag, expected)).Concat(list.Unknown.Select(tag => $"{tag}"));
        names.Should().BeEquivalentTo(expected.Select(pair => pair.Key));
        foreach (var tag in list.Tags)
        {
            var value = expected[NameOf(tag, expected)]!;
            if (tag == AndroidTag.RootOfTrust)
            {
                Convert.ToHexStringLower(list.RootOfTrust!.VerifiedBootKey.Span).Should().Be((string)value["verifiedBootKey"]!);
                list.RootOfTrust.DeviceLocked.Should().Be((bool)value["deviceLocked"]!);
                list.RootOfTrust.State.ToString().Should().Be((string)value["verifiedBootState"]!);
                var hash = list.RootOfTrust.VerifiedBootHash is { } found ? Convert.ToHexStringLower(found) : null;
                hash.Should().Be((string?)value["verifiedBootHash"]);
            }
            else if (tag == AndroidTag.AttestationApplicationId)
            {
                list.Application!.Packages.Select(package => (package.Name, package.Version)).Should().BeEquivalentTo(
                    value["packages"]!.AsArray().Select(package => ((string)package!["package"]!, (long)package["version"]!)));
                list.Application.SignatureDigests.Select(digest => Convert.ToHexStringLower(digest.Span)).Should().BeEquivalentTo(
                    value["signatureDigests"]!.AsArray().Select(digest => (string)digest!));
            }
            else if (value is JsonArray numbers)
            {
                list.Numbers(tag).Should().Equal(numbers.Select(number => (long)number!));
            }
            else if (value.GetValueKind() == System.Text.Json.JsonValueKind.Number)
            {
                list.Number(tag).Should().Be((long)value);
            }
            else if (value.GetValueKind() == System.Text.Json.JsonValueKind.String)
            {
                (list.Text(tag) ?? Convert.ToHexStringLower(list.Octets(tag)!)).Should().Be((string)value!);
            }
        }
    }

    private static string NameOf(AndroidTag tag, JsonObject expected)
    {
        var name = char.ToLowerInvariant(tag.ToString()[0]) + tag.ToString()[1..];
        return expected.ContainsKey($"{(int)tag}") ? $"{(int)tag}" : name;
    }
}
