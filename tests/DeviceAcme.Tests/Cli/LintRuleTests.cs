using DeviceAcme.Cli.Apple;
using DeviceAcme.Cli.Apple.Lint;
using DeviceAcme.Cli.Apple.Plist;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Cli.Samples;

namespace DeviceAcme.Tests.Cli;

/// <summary>The table of lint rules: each has a payload that it objects to, and one near to it that it lets pass.</summary>
public sealed class LintRuleTests
{
    private const string SubjectKey = AppleKey.Subject;
    private const string Names = AppleKey.SubjectAltName;

    private static readonly TestCertificate Root = new("Example Root");
    private static readonly FileSignature Signature = new("CN=Signer", Terminal.Now.AddDays(1), null);

    // code, what the rule objects to and at which path, what it lets pass
    private static readonly (string Code, string Path, Func<LintSubject> Wrong, Func<LintSubject> Right)[] Table =
    [
        // the profile around the payload
        ("payload-missing", "PayloadContent", () => Right().WithOuter("PayloadContent", new PlistValue.Array([])), () => Right()),
        ("payload-type-wrong", "PayloadType", () => Right().WithOuter("PayloadType", new PlistValue.Text("Profile Service")), () => Right()),
        ("payload-version-wrong", "PayloadContent[0].PayloadVersion", () => Right().With("PayloadVersion", 2), () => Right()),
        ("payload-identifier-missing", "PayloadIdentifier", () => Right().WithOuter("PayloadIdentifier", null), () => Right()),
        ("payload-uuid-invalid", "PayloadContent[1].PayloadUUID", () => Right().WithPart(AppleKey.WifiPayload, "PayloadUUID", new PlistValue.Text("wifi")), () => Right()),
        ("payload-uuid-duplicate", "PayloadContent[1].PayloadUUID",
            () => Right().WithPart(AppleKey.WifiPayload, "PayloadUUID", Right().AcmePayloads[0].Keys.Find("PayloadUUID")!), () => Right()),
        ("payload-scope-user", "PayloadScope", () => Right().WithOuter("PayloadScope", null), () => Right()),
        ("certificate-reference-unresolved", "PayloadContent[1].PayloadCertificateUUID",
            () => Right().WithPart(AppleKey.WifiPayload, "PayloadCertificateUUID", new PlistValue.Text("11111111-2222-3333-4444-555555555555")), () => Right()),
        ("root-missing", "PayloadContent", () => Right(), () => Right().WithPayload(KeyValuePair.Create<string, PlistValue>("PayloadType", new PlistValue.Text(AppleKey.RootPayload)))),
        ("root-differs", "PayloadContent[2].PayloadContent", () => WithRoot([1, 2, 3]), () => WithRoot(Root.Certificate.RawData)),

        // the signature
        ("signature-invalid", "", () => Signed(Signature with { Fault = "hash differs" }), () => Signed(Signature)),
        ("signer-expired", "", () => Signed(Signature with { NotAfter = Terminal.Now.AddDays(-1) }), () => Signed(Signature)),
        ("variable-in-signed-profile", $"{Acme}.ClientIdentifier", () => Signed(Signature).With("ClientIdentifier", "$SERIALNUMBER"), () => Signed(Signature)),

        // keys and their types
        ("key-missing", $"{Acme}.HardwareBound", () => Right().Without("HardwareBound"), () => Right().Without("Attest")),
        ("key-type-wrong", $"{Acme}.KeySize", () => Right().With("KeySize", "384"), () => Right().With("KeySize", 384)),
        ("key-unknown", $"{Acme}.HardwareBounds", () => Right().With("HardwareBounds", true), () => Right().With("KeyIsExtractable", false)),
        ("key-unknown", "KeyIsExtractable", () => Declarative().With("KeyIsExtractable", false), Declarative),

        // where it goes
        ("directory-url-invalid", $"{Acme}.DirectoryURL", () => Right().With("DirectoryURL", "acme.example/directory"), () => Right()),
        ("directory-url-not-https", $"{Acme}.DirectoryURL", () => Right().With("DirectoryURL", "http://acme.example/acme/apple-device/directory"), () => Right()),
        ("directory-url-other-server", $"{Acme}.DirectoryURL", () => Right().With("DirectoryURL", "https://acme.example:8443/acme/apple-device/directory"), () => Right()),
        ("directory-url-other-profile", $"{Acme}.DirectoryURL", () => Right().With("DirectoryURL", "https://acme.example/acme/other/tkt_AAAAAAAAAAAAAAAAAAAAAA/directory"), () => Right().With("DirectoryURL", "https://acme.example/acme/apple-device/tkt_AAAAAAAAAAAAAAAAAAAAAA/directory")),
        ("directory-url-other-profile", $"{Acme}.DirectoryURL", () => Right().With("DirectoryURL", "https://acme.example/directory"), () => Right().With("DirectoryURL", "https://acme.example/below/acme/apple-device/directory")),

        // who it says it is
        ("client-identifier-empty", $"{Acme}.ClientIdentifier", () => Right().With("ClientIdentifier", ""), () => Right()),
        ("client-identifier-has-space", $"{Acme}.ClientIdentifier", () => Right().With("ClientIdentifier", Serial + " "), () => Right()),
        ("client-identifier-not-allowed", $"{Acme}.ClientIdentifier", () => Right("F17XK1PZJGH5") with { Profile = OnlyC02 }, () => Right() with { Profile = OnlyC02 }),
        ("client-identifier-not-allowed", $"{Acme}.ClientIdentifier", () => Right("no-variable") with { Profile = OnlyC02 }, () => Right("$SERIALNUMBER") with { Profile = OnlyC02 }),
        ("client-identifier-other-fact", $"{Acme}.ClientIdentifier", () => Right("$UDID"), () => Right("$SERIALNUMBER")),
        ("client-identifier-other-management", $"{Acme}.ClientIdentifier", () => Right("$SERIALNUMBER") with { Mdm = MdmService.Find("fleet") }, () => Right("$SERIALNUMBER") with { Mdm = MdmService.Find("jamf") }),
        ("client-identifier-not-ticket", $"{Acme}.ClientIdentifier", () => Right() with { Profile = ByTicket }, () => Right("tkt_AAAAAAAAAAAAAAAAAAAAAA") with { Profile = ByTicket }),
        ("client-identifier-not-ticket", $"{Acme}.ClientIdentifier", () => Right("$SERIALNUMBER") with { Profile = ByTicket }, () => Right("$EXTENSIONATTRIBUTE_12") with { Profile = ByTicket }),
        ("client-identifier-unknown-variable", $"{Acme}.ClientIdentifier", () => Right("$COMPUTERNAME"), () => Right("$SERIALNUMBER")),

        // the key
        ("key-type-unknown", $"{Acme}.KeyType", () => Right().With("KeyType", "EC"), () => Right().With("KeyType", "RSA")),
        ("key-size-rsa", $"{Acme}.KeySize", () => Right().With("KeyType", "RSA").With("KeySize", 2047), () => Right().With("KeyType", "RSA").With("KeySize", 2048)),
        ("key-size-ec", $"{Acme}.KeySize", () => Right().With("KeySize", 512), () => Right().With("KeySize", 521)),
        ("key-size-ec", "KeySize", () => Declarative().With("KeySize", 192), () => Right().With("KeySize", 192)),
        ("key-weak", $"{Acme}.KeySize", () => Right().With("KeyType", "RSA").With("KeySize", 1024), () => Right().With("KeyType", "RSA").With("KeySize", 2048)),
        ("hardware-bound-rsa", $"{Acme}.KeyType", () => Right().With("KeyType", "RSA").With("KeySize", 2048), () => Right().With("KeyType", "RSA").With("HardwareBound", false)),
        ("hardware-bound-size", $"{Acme}.KeySize", () => Right().With("KeySize", 521), () => Right().With("KeySize", 521).With("HardwareBound", false)),
        ("key-not-in-profile", $"{Acme}.KeySize", () => Right().With("KeyType", "RSA").With("KeySize", 2048), () => Right().With("KeySize", 384)),

        // whether there is evidence
        ("attest-without-hardware", $"{Acme}.HardwareBound", () => Right().With("HardwareBound", false), () => Right().With("HardwareBound", false).With("Attest", false)),
        ("attest-before-macos-14", $"{Acme}.Attest", () => On("macos=13.6"), () => On("macos=14")),
        ("hardware-bound-before-macos-14", $"{Acme}.HardwareBound", () => On("macos=13.6").With("Attest", false), () => On("macos=13.6").With("HardwareBound", false)),
        ("attest-before-watchos-10", $"{Acme}.Attest", () => On("watchos=9"), () => On("watchos=10")),
        ("system-too-old", "", () => On("ios=15.7"), () => On("ios=16")),
        ("system-too-old", "", () => On("ios=16") with { File = Declarative().File }, () => On("ios=17") with { File = Declarative().File }),
        ("attest-missing", $"{Acme}.Attest", () => Right().Without("Attest"), () => Right().Without("Attest") with { Profile = Observing }),
        ("attest-unneeded", $"{Acme}.Attest", () => Right() with { Profile = Read("tls-server", text => text) }, () => Right().With("Attest", false) with { Profile = Read("tls-server", text => text) }),
        ("profile-not-for-apple", "", () => Right() with { Profile = Read("android-device", text => text) }, () => Right()),

        // what it wishes for
        ("subject-malformed", $"{Acme}.Subject[0]", () => Right().With(SubjectKey, Texts("CN", Serial)), () => Right()),
        ("subject-malformed", $"{Acme}.Subject[0]", () => Right().With(SubjectKey, new PlistValue.Array([Texts("CN", Serial)])), () => Right()),
        ("subject-name-unknown", $"{Acme}.Subject[0][0]", () => Right().With(SubjectKey, Rdns(("serialNumber", Serial))), () => Right().With(SubjectKey, Rdns(("2.5.4.5", Serial)))),
        ("subject-differs", $"{Acme}.Subject", () => Right().With(SubjectKey, Rdns(("OU", Serial))), () => Right().With(SubjectKey, Rdns(("CN", Serial)))),
        ("subject-differs", $"{Acme}.Subject[1][0]", () => Right().With(SubjectKey, Rdns(("CN", Serial), ("O", "Example"))),
            () => Right().With(SubjectKey, Rdns(("CN", Serial), ("O", "Example"))) with { Profile = WithOrganization }),
        ("subject-alt-name-unknown", $"{Acme}.SubjectAltName.dns", () => Right().With(Names, Name("dns")), () => Right().With(Names, Name("dNSName"))),
        ("subject-alt-name-unused", $"{Acme}.SubjectAltName.rfc822Name", () => Right().With(Names, Name("rfc822Name")), () => Right().With(Names, Name("rfc822Name")) with { Profile = TakingMail }),
        ("usage-flags-unknown", $"{Acme}.UsageFlags", () => Right().With("UsageFlags", 2), () => Right().With("UsageFlags", 5)),
        ("usage-flags-ec-encryption", $"{Acme}.UsageFlags", () => Right().With("UsageFlags", 5), () => Right().With("UsageFlags", 5).With("KeyType", "RSA")),
        ("usage-flags-differ", $"{Acme}.UsageFlags", () => Right().With("UsageFlags", 4), () => Right().With("UsageFlags", 1)),
        ("extended-key-usage-invalid", $"{Acme}.ExtendedKeyUsage[0]", () => Right().With("ExtendedKeyUsage", Texts("clientAuth")), () => Right()),
        ("extended-key-usage-differs", $"{Acme}.ExtendedKeyUsage", () => Right().With("ExtendedKeyUsage", Texts("1.3.6.1.5.5.7.3.1")), () => Right()),
    ];

    private static DeviceAcme.Core.Profiles.CertificateProfile ByTicket { get; } = Read("apple-device", text => text
        .Replace("proves: device.serial", "proves: ticket", StringComparison.Ordinal).Replace("\n    - permanent-identifier: \"{{identifier}}\"", " []", StringComparison.Ordinal));

    private static DeviceAcme.Core.Profiles.CertificateProfile OnlyC02 { get; } = Read("apple-device", text => text.Replace("[\"*\"]", "[\"C02*\"]", StringComparison.Ordinal));

    private static DeviceAcme.Core.Profiles.CertificateProfile Observing { get; } = Read("apple-device", text => text.Replace("mode: required", "mode: observe", StringComparison.Ordinal));

    private static DeviceAcme.Core.Profiles.CertificateProfile WithOrganization { get; } = Read("apple-device", text => text.Replace("CN={{device.serial}}", "CN={{device.serial}}, O=Example", StringComparison.Ordinal));

    private static DeviceAcme.Core.Profiles.CertificateProfile TakingMail { get; } =
        Read("apple-device", text => text.Replace("  identifier-in-certificate: true", "  identifier-in-certificate: true\n  from-request:\n    - subject-alternative-names.email: \"*@example.com\"", StringComparison.Ordinal));

    public static TheoryData<int, string> Rows => new(Table.Select((row, index) => (index, row.Code)));

    [Theory, MemberData(nameof(Rows))]
    public void A_rule_objects_to_what_is_wrong_at_its_place(int row, string code)
    {
        var sample = Table[row];

        var findings = LintRules.Run(sample.Wrong()).Where(finding => finding.Code == code).ToArray();

        findings.Should().NotBeEmpty();
        findings[0].Path.Should().Be(sample.Path);
        findings[0].Expected.Should().NotBeEmpty();
        findings[0].Found.Should().NotBeEmpty();
        findings[0].Severity.Should().Be(LintRules.All.Single(rule => rule.Code == code).Severity);
    }

    [Theory, MemberData(nameof(Rows))]
    public void A_rule_lets_pass_what_is_right(int row, string code) =>
        LintRules.Run(Table[row].Right()).Should().NotContain(finding => finding.Code == code);

    [Fact]
    public void Every_rule_has_a_row_and_a_code_of_its_own()
    {
        LintRules.All.Select(rule => rule.Code).Should().OnlyHaveUniqueItems();
        Table.Select(row => row.Code).Distinct().Should().BeEquivalentTo(LintRules.All.Select(rule => rule.Code));
    }

    [Fact]
    public void Every_rule_stands_in_the_documentation()
    {
        var page = File.ReadAllText(Path.Combine(Testing.RepositoryFiles.Root, "docs", "apple.md"));

        LintRules.All.Where(rule => !page.Contains($"`{rule.Code}`", StringComparison.Ordinal)).Select(rule => rule.Code).Should().BeEmpty();
    }

    [Fact]
    public void The_profile_that_the_documentation_shows_for_Fleet_lets_its_marker_through()
    {
        var page = File.ReadAllText(Path.Combine(Testing.RepositoryFiles.Root, "docs", "apple.md"));
        var lines = page.Split("```yaml")[1].Split("```")[0].Trim().Split('\n').Skip(1);

        var profile = Read("apple-device", text => text.Replace("  identifier-in-certificate: true", string.Join('\n', lines) + "\n  identifier-in-certificate: true", StringComparison.Ordinal));

        profile.Certificate.FromRequest.Should().ContainSingle().Which.Pattern.Matches("fleet-a1b2c3").Should().BeTrue();
    }

    [Fact]
    public void What_is_right_has_no_finding_but_that_the_root_is_elsewhere() =>
        LintRules.Run(Right()).Select(finding => finding.Code).Should().Equal("root-missing");

    private static LintSubject On(string system) => Right() with { Systems = [AppleSystem.Parse(system)] };

    private static LintSubject Signed(FileSignature signature)
    {
        var right = Right();
        return right with { File = right.File with { Signature = signature } };
    }

    private static LintSubject WithRoot(byte[] certificate) => Right()
        .WithPayload(new("PayloadType", new PlistValue.Text(AppleKey.RootPayload)), new("PayloadContent", new PlistValue.Data(certificate))) with
    { Roots = [Root.Certificate] };

    private static PlistValue.Dictionary Name(string kind) => new([new(kind, new PlistValue.Text("mac@example.com"))]);
}
