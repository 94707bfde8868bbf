using System.Formats.Cbor;
using System.Text.RegularExpressions;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Attestation;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Architecture;

/// <summary>
/// "A format is one folder and one line of the list": from the POST of a challenge to the certificate nothing else of the product names a
/// format, its verifier or anything of its folder. Besides, a format with reasons of its own has rows in the table of reasons.
/// </summary>
public sealed class FormatTests
{
    private const string List = "src/DeviceAcme.Attestation/AttestationFormats.cs";

    private static readonly string[] Six = ["apple", "tpm", "android-key", "step", "packed", "deviceacme-idevid"];

    /// <summary>What knows formats for another purpose than judging the answer to a challenge, and which of them.</summary>
    private static readonly (string Path, string[] Formats, string Why)[] Outside =
    [
        ("src/DeviceAcme.Attestation/Offline/", Six, "recognizes files of which nobody says what they are: parts of evidence without their statement"),
        ("src/DeviceAcme.Attestation/WebAuthn/", Six, "judges browsers' ceremonies, which are made from something else than ACME's statements"),
        ("src/DeviceAcme.Cli/Verify/", ["android-key"], "gives an offline verification the policy that a profile gives a server"),
        ("src/DeviceAcme.Cli/Reverify/", ["android-key"], "judges stored evidence again under the policy that a profile gives"),
        ("src/DeviceAcme.Cli/Apple/", ["apple"], "writes configuration for Apple's client"),
        ("src/DeviceAcme.Core/Challenges/AndroidPolicyRule.cs", ["android-key"], "fills the policy record of that format from a profile"),
        ("src/DeviceAcme.Server/Workers/AndroidStatusLists.cs", ["android-key"], "keeps the list that the policy record of that format holds"),
        ("src/DeviceAcme.Core/Profiles/CertificateProfile.cs", ["tpm"], "what a profile says of endorsement keys, for the attestation CA"),
        ("src/DeviceAcme.Core/Profiles/EkSection.cs", ["tpm"], "what a profile says of endorsement keys, for the attestation CA"),
        ("src/DeviceAcme.Server/Hosting/Listener.cs", ["tpm"], "the attestation CA's URLs begin with /tpm"),
        ("src/DeviceAcme.Server/Defects/", ["tpm"], "the simulator's kind of device that finds a defect is called so; in test builds alone"),
        ("src/DeviceAcme.Server/Tpm/", ["tpm"], "the attestation CA judges endorsement keys, which are no statement"),
    ];

    private static readonly IReadOnlyList<FormatFolder> Folders = [.. AttestationFormats.Verifiers.Select(verifier => new FormatFolder(
        verifier.Format, verifier.GetType().Name, verifier.GetType().Namespace!, $"src/DeviceAcme.Attestation/{verifier.GetType().Namespace!.Split('.')[^1]}/"))];

    public static TheoryData<string> Formats => [.. AttestationFormats.Names];

    [Fact]
    public void The_six_formats_are_listed() => AttestationFormats.Names.Should().Equal(Six);

    [Theory, MemberData(nameof(Formats))]
    public void A_format_has_a_folder_of_its_own_and_one_line_of_the_list(string format)
    {
        var folder = Folder(format);
        var list = Sources.All.Single(file => file.Path == List);

        Folders.Where(other => other.Path == folder.Path).Should().ContainSingle("a folder holds one format");
        Sources.Below(folder.Path.TrimEnd('/')).Where(file => file.Code.Contains(": IFormatVerifier", StringComparison.Ordinal)).Should().ContainSingle()
            .Which.Name.Should().Be(folder.Verifier);
        list.Code.Split('\n').Where(line => Regex.IsMatch(line, $@"\b{folder.Name}\b|\b{folder.Verifier}\b")).Should().ContainSingle("it is added by one line");
    }

    [Theory, MemberData(nameof(Formats))]
    public void Nothing_else_names_its_verifier_its_folder_or_the_format_itself(string format)
    {
        var folder = Folder(format);
        var offenders = Sources.Below("src")
            .Where(file => file.Path != List && !file.Path.StartsWith(folder.Path, StringComparison.Ordinal) && !Excused(file, format))
            .Where(file => Names(file, folder))
            .Select(file => file.Path);

        offenders.Should().BeEmpty("a format is its folder and one line of the list; what else it needs travels as a FormatPolicy or a profile property that it names");
    }

    [Fact]
    public void What_is_excused_still_names_a_format()
    {
        var idle = Outside.Where(excuse => !Sources.Below("src").Any(file => file.Path.StartsWith(excuse.Path, StringComparison.Ordinal) && Folders.Any(folder => Names(file, folder))));

        idle.Select(excuse => $"{excuse.Path}: {excuse.Why}").Should().BeEmpty();
    }

    [Fact]
    public void The_words_of_a_verifier_named_elsewhere_are_found()
    {
        var folder = Folder("step");

        Names(new SourceFile("src/x.cs", "if (format == \"step\") { }"), folder).Should().BeTrue();
        Names(new SourceFile("src/x.cs", "switch (verifier) { case StepVerifier step: }"), folder).Should().BeTrue();
        Names(new SourceFile("src/x.cs", "using DeviceAcme.Attestation.Step;\n"), folder).Should().BeTrue();
        Names(new SourceFile("src/x.cs", "var fact = Step.SlotCertificate.SerialFact;"), folder).Should().BeTrue();
        Names(new SourceFile("src/x.cs", "// step by step\nvar step = \"one step\";"), folder).Should().BeFalse();
    }

    [Fact]
    public void A_seventh_format_is_one_more_line()
    {
        IReadOnlyList<IFormatVerifier> seven =
        [
            .. AttestationFormats.Verifiers,
            new PearVerifier(),
        ];
        var evidence = Trial.Evidence(PearVerifier.Statement("PEAR1"), "PEAR1") with { Formats = ["pear"] };

        Judge(evidence, AttestationFormats.Verifiers).ShouldRefuse(Reasons.FormatUnknown);
        var verdict = Judge(evidence, seven);
        verdict.ShouldAccept();
        verdict.Format.Should().Be("pear");
        verdict.Device!.Identifier.Should().Be("PEAR1");
        verdict.Fact("device.serial").Should().Be("PEAR1");
        VerdictJson.ReadFacts(VerdictJson.WriteFacts(verdict.Facts)).Find("pear.variety")!.Value.ToString().Should().Be("conference");
        Judge(evidence with { Identifier = evidence.Identifier! with { Value = "PEAR2" } }, seven).ShouldRefuse(Reasons.IdentifierMismatch);
        Judge(evidence with { Policies = [Trial.AndroidPolicy, new PearPolicy("williams")] }, seven).ShouldRefuse(Reasons.FormatNotAllowed);
        Judge(evidence with { Formats = ["apple"] }, seven).ShouldRefuse(Reasons.FormatNotAllowed);
        foreach (var known in new[] { Trial.Apple.Make(), Trial.Tpm.Make(), Trial.Android.Make(), Trial.YubiKey.Make(), Trial.Packed.Make(), Trial.Printer.Make() })
        {
            Judge(Trial.Evidence(known), seven).ShouldAccept();
        }
    }

    [Theory, MemberData(nameof(Formats))]
    public void People_read_what_a_format_proves(string format)
    {
        Read("docs/security.md").Should().Contain($"\n## `{format}`");
        Read("README.md").Should().MatchRegex($@"\n\| [^|]*\(`{format}`[^|]*\|", "'what proves what' has a row for it");
        Read("profiles/README.md").Should().Contain($"`{format}`");
    }

    private static Verdict Judge(Evidence evidence, IReadOnlyList<IFormatVerifier> formats) =>
        AttestationVerifier.Verify(evidence, formats, static (verifier, statement, given, checks) => verifier.Verify(statement, given, checks));

    private static bool Excused(SourceFile file, string format) =>
        Outside.Any(excuse => file.Path.StartsWith(excuse.Path, StringComparison.Ordinal) && excuse.Formats.Contains(format))
        // a format may know another one's parts only where it says so: none does
        && !Folders.Any(folder => file.Path.StartsWith(folder.Path, StringComparison.Ordinal));

    private static bool Names(SourceFile file, FormatFolder folder) =>
        Regex.IsMatch(file.Code, $@"\b{folder.Verifier}\b|\b{Regex.Escape(folder.Namespace)}\b|(?<![\w.]){folder.Name}\.[A-Z]")
        || Literals(file).Contains(folder.Format);

    // a member of JSON may be called like a format
    private static IEnumerable<string> Literals(SourceFile file) =>
        new SourceFile(file.Path, Regex.Replace(file.Text, @"\[JsonPropertyName\(""[^""]*""\)\]", "")).Literals;

    private static FormatFolder Folder(string format) => Folders.Single(folder => folder.Format == format);

    private static string Read(string path) => File.ReadAllText(Path.Combine(RepositoryFiles.Root, path));

    private sealed record FormatFolder(string Format, string Verifier, string Namespace, string Path)
    {
        public string Name => Namespace.Split('.')[^1];
    }

    /// <summary>A format with a policy of its own; it proves nothing, and is nowhere but here.</summary>
    private sealed class PearVerifier : IFormatVerifier
    {
        private static readonly CheckRule Variety = new("variety", "the pear is of the variety that was asked for");

        public string Format => "pear";

        public IReadOnlyList<string> IdentifierFacts { get; } = ["device.serial"];

        public static byte[] Statement(string serial)
        {
            var writer = new CborWriter();
            writer.WriteStartMap(2);
            writer.WriteTextString("fmt");
            writer.WriteTextString("pear");
            writer.WriteTextString("attStmt");
            writer.WriteStartMap(1);
            writer.WriteTextString("serial");
            writer.WriteTextString(serial);
            writer.WriteEndMap();
            writer.WriteEndMap();
            return writer.Encode();
        }

        public Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks)
        {
            const string Conference = "conference";
            if ((evidence.Policy<PearPolicy>()?.Variety ?? Conference) is var asked && asked != Conference)
            {
                checks.Fail(Variety, Reasons.FormatNotAllowed, $"asked is {asked}");
            }

            var facts = new FactSet([new Fact("device.serial", new FactValue.Text(statement.Text("serial")), true), new Fact("pear.variety", new FactValue.Text(Conference), true)]);
            var identifier = CommonChecks.CheckIdentifier(checks, evidence.Identifier, facts, IdentifierFacts, IdentifierFacts, "");
            return checks.Conclude(Format, facts, identifier is null ? null : () => new AttestedDevice
            {
                PublicKey = new byte[] { 1 },
                Identifier = identifier,
                Binding = FreshnessBinding.Token,
            });
        }
    }

    private sealed record PearPolicy(string Variety) : FormatPolicy;
}
