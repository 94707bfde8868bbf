using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Offline;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Profiles;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

/// <summary>The table of reasons: every row can happen, and is well formed.</summary>
public sealed class ReasonsTests
{
    /// <summary>For each reason one piece of evidence that is refused for it first.</summary>
    private static readonly Dictionary<string, Func<Reason?>> Ways = new(StringComparer.Ordinal)
    {
        ["attestation-missing"] = () => AttestationVerifier.NoAttestation().Reason,
        ["attestation-empty-object"] = () => AttestationVerifier.EmptyAttestation().Reason,
        ["attestation-device-error"] = () => AttestationVerifier.DeviceError("no").Reason,
        ["attestation-too-large"] = () => Object(new byte[70000]),
        ["cbor-malformed"] = () => Object([0xFF]),
        ["cbor-trailing-bytes"] = () => Object([0xA0, 0x00]),
        ["cbor-indefinite-length"] = () => Object([0xBF, 0xFF]),
        ["cbor-non-minimal-length"] = () => Object([0xA1, 0x18, 0x01, 0x00]),
        ["cbor-too-deep"] = () => Object([.. Enumerable.Repeat((byte)0x81, 99), 0x00]),
        ["cbor-too-many-items"] = () => Object([0x99, 0x03, 0xE8, .. new byte[1000]]),
        ["cbor-duplicate-key"] = () => Verify(Apple.With(AppleFault.DuplicateKey)).Reason,
        ["member-missing"] = () => Verify(Apple.With(AppleFault.MissingX5c)).Reason,
        ["member-wrong-type"] = () => Verify(Apple.With(AppleFault.X5cOfText)).Reason,
        ["format-missing"] = () => Object(Convert.FromHexString("a16761747453746d74a0")),
        ["statement-missing"] = () => Object(Convert.FromHexString("a163666d74656170706c65")),
        ["format-unknown"] = () => Verify(Apple.With(AppleFault.UnknownFormat)).Reason,
        ["format-none"] = () => Verify(Packed.With(PackedFault.NoneFormat)).Reason,
        ["format-not-allowed"] = () => AttestationVerifier.Verify(Evidence(Apple.Make()) with { Formats = ["tpm"] }).Reason,
        ["pem-malformed"] = () => Offline(new OfflineFile("chain.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"u8.ToArray())),
        ["authdata-malformed"] = () => Offline(new OfflineFile("credential.cbor", WithAuthenticatorData(new byte[36]))),
        ["key-mismatch"] = () => Offline(new OfflineFile("apple.cbor", Apple.Make().AttestationObject), Android.Make().Chain[0]),
        ["chain-too-long"] = () => Verify(Apple.With(AppleFault.LongChain)).Reason,
        ["certificate-too-large"] = () => Object(
            [.. Convert.FromHexString("a263666d74656170706c656761747453746d74a16378356381594e20"), .. new byte[20000]]),
        ["certificate-malformed"] = () => Verify(Apple.With(AppleFault.LeafNotDer)).Reason,
        ["chain-broken"] = () => Changed(chain => [chain[0], chain[0]]),
        ["chain-incomplete"] = () => Verify(Apple.With(AppleFault.MissingIntermediate)).Reason,
        ["chain-untrusted-root"] = () => Verify(Apple.With(AppleFault.ForeignRoot)).Reason,
        ["chain-signature-invalid"] = () => Verify(Apple.With(AppleFault.WrongLeafSignature)).Reason,
        ["chain-expired"] = () => Verify(Apple.With(AppleFault.ExpiredLeaf)).Reason,
        ["chain-not-yet-valid"] = () => Verify(Apple.With(AppleFault.FutureLeaf)).Reason,
        ["issuer-not-ca"] = () => Verify(Apple.With(AppleFault.IntermediateNotCa)).Reason,
        ["issuer-key-usage"] = () => Issuer(new CertificateOptions("CN=int") { Usage = X509KeyUsageFlags.CrlSign }),
        ["path-length-exceeded"] = () => Root(new CertificateOptions("CN=root") { PathLength = 0 }),
        ["critical-extension-unknown"] = () => Verify(Apple.With(AppleFault.UnknownCriticalExtension)).Reason,
        ["certificate-algorithm-unsupported"] = () => Issuer(new CertificateOptions("CN=int") { Key = RSA.Create(1024) }),
        ["anchor-limited"] = () => Under(new AnchorTerms { Formats = ["tpm"] }),
        ["anchor-distrusted"] = () => Under(new AnchorTerms { Distrusted = new Distrust("leaked", Now) }),
        ["freshness-missing"] = () => Verify(Apple.With(AppleFault.BlankFreshness)).Reason,
        ["freshness-mismatch"] = () => Verify(Tpm.With(TpmFault.WrongExtraData)).Reason,
        ["identifier-missing"] = () => Verify(Apple.With(AppleFault.UserEnrollment)).Reason,
        ["identifier-mismatch"] = () => Verify(Apple.With(AppleFault.WrongSerial)).Reason,
        ["identifier-fact-unknown"] = () => AttestationVerifier.Verify(Evidence(Apple.Make(), "tpm.identifier")).Reason,
        ["key-unsupported"] = () => Verify(Tpm.With(TpmFault.ShortRsaKey)).Reason,
        ["key-malformed"] = () => Verify(Tpm.With(TpmFault.PointNotOnCurve)).Reason,
        ["apple-not-device-attestation"] = () => Verify(Apple.With(AppleFault.WebAuthnApple)).Reason,
        ["apple-property-malformed"] = () => Verify(Apple.With(AppleFault.MalformedSip)).Reason,
        ["apple-leaf-profile"] = AppleLeafThatIsCa,
        ["tpm-version-unsupported"] = () => Verify(Tpm.With(TpmFault.WrongVersion)).Reason,
        ["tpm-structure-malformed"] = () => Verify(Tpm.With(TpmFault.PubAreaTruncated)).Reason,
        ["tpm-magic-wrong"] = () => Verify(Tpm.With(TpmFault.WrongMagic)).Reason,
        ["tpm-attest-type-wrong"] = () => Verify(Tpm.With(TpmFault.QuoteInsteadOfCertify)).Reason,
        ["tpm-name-mismatch"] = () => Verify(Tpm.With(TpmFault.WrongName)).Reason,
        ["tpm-key-attributes"] = () => Verify(Tpm.With(TpmFault.FixedTpmClear)).Reason,
        ["tpm-signature-invalid"] = () => Verify(Tpm.With(TpmFault.WrongSignature)).Reason,
        ["tpm-algorithm-unsupported"] = () => Verify(Tpm.With(TpmFault.Sha1Signature)).Reason,
        ["ak-eku-missing"] = () => Verify(Tpm.With(TpmFault.AkWithoutEku)).Reason,
        ["ak-certificate-profile"] = () => Verify(Tpm.With(TpmFault.AkWithSubject)).Reason,
        ["ek-certificate-missing"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.EmptyChain)),
        ["ek-key-mismatch"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.WrongEkKey)),
        ["ek-eku-missing"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.NoEku)),
        ["ek-certificate-profile"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.SigningUsage)),
        ["ek-vendor-not-accepted"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.WrongVendor)),
        ["ek-key-attributes"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.EkSigns)),
        ["ek-identifier-missing"] = () => EkVerifier.Verify(
            EkTrial.Evidence(EkTrial.Maker.With(EkFault.EmptyChain).Make()) with
            {
                Policy = new EkPolicy { Allow = [Convert.ToHexStringLower(SHA256.HashData(EkTrial.Maker.Make().EkPublicKey))] },
            }).Verdict.Reason,
        ["tpm-key-roca"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.Roca)),
        ["ak-key-attributes"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.RestrictedMissing)),
        ["ak-creation-type-wrong"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.CertifyInsteadOfCreation)),
        ["ak-creation-mismatch"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.OtherCreationData)),
        ["ak-signature-invalid"] = () => EkTrial.Refusal(EkTrial.Maker.With(EkFault.WrongCreationSignature)),
        ["ak-revoked"] = () => RevokedAk(Tpm.Make()),
        ["android-extension-missing"] = () => Verify(Android.With(AndroidFault.MissingExtension)).Reason,
        ["android-chain-extended"] = () => Verify(Android.With(AndroidFault.ForgedDescriptionBelow)).Reason,
        ["android-certificate-revoked"] = () => AndroidWith(Trial.AndroidPolicy with { StatusList = StatusListOf("1") }),
        ["android-status-list-missing"] = () => AndroidWith(new AndroidPolicy()),
        ["android-status-list-stale"] = () => AndroidWith(Trial.AndroidPolicy with { StatusListMaxAge = TimeSpan.FromMinutes(59) }),
        ["android-key-description-malformed"] = () => Verify(Android.With(AndroidFault.TruncatedDescription)).Reason,
        ["android-signature-invalid"] = () => Verify(Android.With(AndroidFault.WrongSignature)).Reason,
        ["android-algorithm-unsupported"] = () => Verify(Android.With(AndroidFault.WrongAlgorithm)).Reason,
        ["android-software-keystore"] = () => Verify(Android.With(AndroidFault.SoftwareKey)).Reason,
        ["android-security-level-too-low"] = () => AndroidWith(Trial.AndroidPolicy with { MinimumSecurityLevel = AndroidSecurityLevel.StrongBox }),
        ["android-key-origin"] = () => Verify(Android.With(AndroidFault.ImportedKey)).Reason,
        ["android-key-use"] = () => Verify(Android.With(AndroidFault.NotForSigning)).Reason,
        ["android-boot-state"] = () => Verify(Android.With(AndroidFault.Unlocked)).Reason,
        ["idevid-certificate-profile"] = () => Verify(Printer.With(IdevidFault.NotForSigning)).Reason,
        ["idevid-signature-invalid"] = () => Verify(Printer.With(IdevidFault.KeyAuthorizationAlone)).Reason,
        ["idevid-algorithm-unsupported"] = () => Verify(Printer.With(IdevidFault.WrongAlgorithm)).Reason,
        ["fact-absent"] = () => FactRuleTests.ReasonOf("device.serial: X"),
        ["fact-blank"] = () => FactRuleTests.ReasonOf("apple.secure-boot: Full Security"),
        ["fact-different"] = () => FactRuleTests.ReasonOf("device.family: mobile"),
        ["fact-not-comparable"] = () => FactRuleTests.ReasonOf("device.family: '> 3'"),
        ["fact-unproven"] = () => FactRuleTests.ReasonOf("app.name: x"),
        ["step-extension-missing"] = () => Verify(YubiKey.With(YubiKeyFault.NoPolicies)).Reason,
        ["step-extension-malformed"] = () => Verify(YubiKey.With(YubiKeyFault.NegativeSerial)).Reason,
        ["step-chain-extended"] = () => Verify(YubiKey.With(YubiKeyFault.ForgedCertificateBelow)).Reason,
        ["step-signature-malformed"] = () => Verify(YubiKey.With(YubiKeyFault.TextSignature)).Reason,
        ["step-signature-invalid"] = () => Verify(YubiKey.With(YubiKeyFault.WrongKeyAuthorization)).Reason,
        ["step-algorithm-unsupported"] = () => Verify(YubiKey.With(YubiKeyFault.Ed25519Key)).Reason,
        ["packed-other-statement"] = () => Verify(Packed.With(PackedFault.MemberOfTpm)).Reason,
        ["packed-self-attestation"] = () => Verify(Packed.With(PackedFault.SelfAttestation)).Reason,
        ["packed-certificate-profile"] = () => Verify(Packed.With(PackedFault.WrongUnit)).Reason,
        ["packed-signature-invalid"] = () => Verify(Packed.With(PackedFault.BrowserCeremony)).Reason,
        ["packed-algorithm-unsupported"] = () => Verify(Packed.With(PackedFault.WrongAlgorithm)).Reason,
    };

    public static TheoryData<string> Codes => [.. Ways.Keys];

    [Theory, MemberData(nameof(Codes))]
    public void Each_reason_is_reached(string code) => (Ways[code]()?.Code).Should().Be(code);

    [Fact]
    public void No_reason_is_without_a_way_to_reach_it() => Reasons.All.Select(reason => reason.Code).Should().BeEquivalentTo(Ways.Keys);

    [Fact]
    public void Codes_are_kebab_case_and_found_again()
    {
        foreach (var reason in Reasons.All)
        {
            reason.Code.Should().MatchRegex("^[a-z0-9]+(-[a-z0-9]+)*$");
            reason.Advice.Should().EndWith(".");
            Reasons.Find(reason.Code).Should().BeSameAs(reason);
        }

        Reasons.All.Select(reason => reason.Code).Should().OnlyHaveUniqueItems();
        Reasons.Find("no-such-reason").Should().BeNull();
    }

    [Fact]
    public void The_documentation_has_the_same_table()
    {
        var rows = File.ReadAllLines(Path.Combine(RepositoryFiles.Root, "docs", "security.md"))
            .SkipWhile(line => line != "## Reasons for refusing evidence").Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal));

        rows.Should().Equal(Reasons.All.Select(reason => $"| `{reason.Code}` | {reason.Class} | {reason.Advice} |"));
    }

    [Fact]
    public void The_formats_are_listed_with_the_facts_that_can_be_ordered()
    {
        AttestationFormats.Names.Should().Equal("apple", "tpm", "android-key", "step", "packed", "deviceacme-idevid");
        AttestationFormats.IdentifierFacts("apple").Should().Equal("device.serial", "device.udid");
        AttestationFormats.IdentifierFacts("tpm").Should().Equal("tpm.permanent-identifier", "tpm.hardware-module", "tpm.identifier");
        AttestationFormats.IdentifierFacts("android-key").Should().Equal("device.serial", "device.imei", "device.second-imei", "device.meid");
        AttestationFormats.IdentifierFacts("step").Should().Equal("device.serial", "step.managed-device");
        AttestationFormats.IdentifierFacts("packed").Should().Equal("device.serial");
        AttestationFormats.IdentifierFacts("deviceacme-idevid").Should().Equal("idevid.hardware-module", "device.serial", "idevid.permanent-identifier");
        AttestationFormats.IdentifierFacts("pear").Should().BeEmpty();
    }

    private static Reason? Offline(OfflineFile file, byte[]? certificate = null) => OfflineVerification.Verify(new OfflineQuestion
    {
        Files = [file],
        Anchors = Anchors,
        Now = Now,
        Android = Trial.AndroidPolicy,
        PublicKey = certificate is null ? null : OfflineVerification.ReadKey(new OfflineFile("other.der", certificate)),
    }).Single().Verdict.Reason;

    private static byte[] WithAuthenticatorData(byte[] data)
    {
        var writer = new System.Formats.Cbor.CborWriter();
        writer.WriteStartMap(3);
        writer.WriteTextString("fmt");
        writer.WriteTextString("apple");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteTextString("authData");
        writer.WriteByteString(data);
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static Reason? RevokedAk(MadeEvidence made)
    {
        var revoked = new HashSet<string> { Convert.ToHexStringLower(SHA256.HashData(made.Chain[0])) };
        return AttestationVerifier.Verify(Evidence(made) with { Policies = [new TpmPolicy { RevokedAttestationKeys = revoked }] }).Reason;
    }

    private static Reason? AndroidWith(AndroidPolicy policy) => AttestationVerifier.Verify(Evidence(Android.Make()) with { Policies = [policy] }).Reason;

    private static Reason? Under(AnchorTerms terms) =>
        AttestationVerifier.Verify(Evidence(Apple.Make()) with { Anchors = Trial.Anchors.WithTerms(_ => null, terms) }).Reason;

    private static Reason? Object(byte[] attestationObject) => AttestationVerifier.Verify(Evidence(attestationObject, "any")).Reason;

    private static Reason? Changed(Func<MadeCertificate[], MadeCertificate[]> change)
    {
        var root = PathMaker.Root(new CertificateOptions("CN=root"));
        var issuer = root.Issue(new CertificateOptions("CN=int"));
        return Judge(root, change([issuer.Issue(CertificateOptions.Leaf()), issuer]));
    }

    private static Reason? Issuer(CertificateOptions options)
    {
        var root = PathMaker.Root(new CertificateOptions("CN=root"));
        var issuer = root.Issue(options);
        return Judge(root, [issuer.Issue(CertificateOptions.Leaf()), issuer]);
    }

    private static Reason? Root(CertificateOptions options)
    {
        var root = PathMaker.Root(options);
        var issuer = root.Issue(new CertificateOptions("CN=int"));
        return Judge(root, [issuer.Issue(CertificateOptions.Leaf()), issuer]);
    }

    private static Reason? Judge(MadeCertificate root, MadeCertificate[] chain) => CertificatePath.Verify(
        [.. chain.Select(made => made.Parsed)], PathMaker.Anchors(root), Now, new PathRules(), null).Reason;

    private static Reason? AppleLeafThatIsCa()
    {
        var token = SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(ChallengeMaterial.Sample.Token));
        var root = PathMaker.Root(new CertificateOptions("CN=root"));
        var leaf = root.Issue(new CertificateOptions("CN=leaf")
        {
            More =
            [
                new X509Extension("1.2.840.113635.100.8.9.1", "SERIAL"u8.ToArray(), false),
                new X509Extension("1.2.840.113635.100.8.11.1", token, false),
            ],
        });
        var writer = new System.Formats.Cbor.CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString("fmt");
        writer.WriteTextString("apple");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(1);
        writer.WriteTextString("x5c");
        writer.WriteStartArray(1);
        writer.WriteByteString(leaf.Der);
        writer.WriteEndArray();
        writer.WriteEndMap();
        writer.WriteEndMap();
        return AttestationVerifier.Verify(Evidence(writer.Encode(), "SERIAL") with { Anchors = PathMaker.Anchors(root) }).Reason;
    }
}
