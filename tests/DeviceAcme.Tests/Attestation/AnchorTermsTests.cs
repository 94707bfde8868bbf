using DeviceAcme.Attestation;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Attestation.Trial;

namespace DeviceAcme.Tests.Attestation;

/// <summary>What anchors may vouch for, and what evidence below them is worth.</summary>
public sealed class AnchorTermsTests
{
    private static readonly MadeCertificate Root = PathMaker.Root(new CertificateOptions("CN=root"));
    private static readonly MadeCertificate Issuer = Root.Issue(new CertificateOptions("CN=int"));
    private static readonly Distrust Leaked = new("the key leaked", Now);

    /// <summary>For each format evidence that is good, and the formats that its anchors are then limited to.</summary>
    private static readonly Dictionary<string, Func<MadeEvidence>> Formats = new(StringComparer.Ordinal)
    {
        ["apple"] = () => Apple.Make(),
        ["tpm"] = () => Tpm.Make(),
        ["android-key"] = () => Android.Make(),
        ["deviceacme-idevid"] = () => Printer.Make(),
    };

    public static TheoryData<string> FormatNames => [.. Formats.Keys];

    [Theory, MemberData(nameof(FormatNames))]
    public void Every_format_honours_a_limit_to_formats(string format)
    {
        var made = Formats[format]();

        Judge(made, new AnchorTerms { Formats = [format] }).ShouldAccept();
        var refused = Judge(made, new AnchorTerms { Formats = ["ek"] });
        refused.ShouldRefuse(Reasons.AnchorLimited);
        refused.Check("chain").Found.Should().Contain($"is limited to format ek; this is {format}");
        refused.Facts.All.Where(fact => fact.Name.StartsWith("device.", StringComparison.Ordinal) || fact.Name.StartsWith("tpm.", StringComparison.Ordinal)).Should().OnlyContain(fact => !fact.Proven);
    }

    [Fact]
    public void A_limit_to_profiles_is_honoured_and_asked_for_offline()
    {
        var terms = new AnchorTerms { Profiles = ["apple-device"] };

        Judge(Apple.Make(), terms, "apple-device").ShouldAccept();
        var other = Judge(Apple.Make(), terms, "other");
        other.ShouldRefuse(Reasons.AnchorLimited);
        other.Check("chain").Found.Should().Contain("is limited to profile apple-device; this is other");
        var offline = Judge(Apple.Make(), terms);
        offline.Outcome.Should().Be(VerdictOutcome.Incomplete);
        offline.Check("anchor-terms").Outcome.Should().Be(CheckOutcome.NotReached);
    }

    [Fact]
    public void Facts_of_the_anchor_stand_in_place_of_those_of_the_evidence()
    {
        var facts = new Dictionary<string, FactValue>
        {
            ["assurance.level"] = new FactValue.Text("virtual"),
            ["key.protection"] = new FactValue.Text("virtual-tpm"),
            ["tpm.virtual"] = new FactValue.Flag(true),
        };

        var verdict = Judge(Tpm.Make(), new AnchorTerms { Facts = facts });

        verdict.ShouldAccept();
        verdict.Fact("assurance.level").Should().Be("software", "the simulator says so, and an anchor raises no level");
        verdict.Fact("key.protection").Should().Be("virtual-tpm");
        verdict.Facts.Find("tpm.virtual")!.Should().Be(new Fact("tpm.virtual", new FactValue.Flag(true), true));
        verdict.Check("anchor-terms").Found.Should().Contain("assurance.level at most virtual");
        verdict.Check("anchor-validity").Found.Should().ContainAny(Trial.Anchors.Anchors.Select(anchor => anchor.Fingerprint[..16]));
    }

    [Fact]
    public void A_level_of_assurance_is_a_ceiling()
    {
        var terms = new AnchorTerms { Facts = Level("hardware") };
        var said = new FactSet([new Fact("assurance.level", new FactValue.Text("software"), true)]);

        said.Under(terms).Find("assurance.level")!.Value.ToString().Should().Be("software");
        new FactSet([new Fact("assurance.level", new FactValue.Text("hardware"), true)])
            .Under(new AnchorTerms { Facts = Level("virtual") }).Find("assurance.level")!.Value.ToString().Should().Be("virtual");
        terms.Below(new AnchorTerms { Facts = Level("virtual") }).Facts["assurance.level"].ToString().Should().Be("virtual");
    }

    [Fact]
    public void Evidence_below_a_broken_chain_gets_no_facts_of_an_anchor()
    {
        var verdict = AttestationVerifier.Verify(Evidence(Apple.With(AppleFault.ForeignRoot).Make()) with
        {
            Anchors = Trial.Anchors.WithTerms(_ => null, new AnchorTerms { Facts = Level("virtual") }),
        });

        verdict.ShouldRefuse(Reasons.ChainUntrustedRoot);
        verdict.Facts.Find("assurance.level").Should().BeNull();
    }

    [Fact]
    public void Expired_certificates_are_the_anchors_to_judge()
    {
        var made = Apple.With(AppleFault.ExpiredLeaf).Make();

        Judge(made, new AnchorTerms { Expired = ExpiredCertificates.Enforce }).ShouldRefuse(Reasons.ChainExpired);
        var excused = Judge(made, new AnchorTerms { Expired = ExpiredCertificates.Ignore });
        excused.ShouldAccept();
        excused.Check("chain").Found.Should().Contain("expired and tolerated");
    }

    [Fact]
    public void One_anchors_leniency_is_not_anothers()
    {
        var lenient = PathMaker.Root(new CertificateOptions("CN=lenient"));
        var anchors = PathMaker.Anchors(Root, lenient).WithTerms(
            anchor => anchor.Subject == "CN=lenient" ? (new AnchorTerms { Expired = ExpiredCertificates.Ignore }, null) : null, AnchorTerms.Unlimited);
        var leaf = CertificateOptions.Leaf() with { NotAfter = Now.AddDays(-1) };
        var issuer = new CertificateOptions("CN=int") { NotAfter = Now.AddDays(-1) };

        Path(anchors, lenient.Issue(leaf)).Reason.Should().BeNull();
        Path(anchors, Root.Issue(leaf)).Reason.Should().Be(Reasons.ChainExpired);
        var lenientIssuer = lenient.Issue(issuer);
        Path(anchors, lenientIssuer.Issue(CertificateOptions.Leaf()), lenientIssuer).Reason.Should().BeNull();
        var strictIssuer = Root.Issue(issuer);
        Path(anchors, strictIssuer.Issue(CertificateOptions.Leaf()), strictIssuer).Reason.Should().Be(Reasons.ChainExpired);
    }

    [Fact]
    public void An_intermediate_can_be_distrusted_also_where_the_device_presents_it_and_under_every_certificate_of_its_key()
    {
        var reissued = Root.Issue(new CertificateOptions("CN=int") { Key = Issuer.Key, NotAfter = Now.AddDays(77) });
        var anchors = PathMaker.Anchors(Root, Issuer).WithTerms(
            anchor => anchor.IsRoot ? null : (new AnchorTerms { Distrusted = Leaked }, null), AnchorTerms.Unlimited);

        var path = Path(anchors, Issuer.Issue(CertificateOptions.Leaf()), Issuer);
        path.Reason.Should().Be(Reasons.AnchorDistrusted);
        path.Found.Should().Contain("CN=int").And.Contain("the key leaked").And.Contain("2026-11-21");
        Path(anchors, Issuer.Issue(CertificateOptions.Leaf()), reissued).Reason.Should().Be(Reasons.AnchorDistrusted);
        Path(anchors, Root.Issue(CertificateOptions.Leaf())).Reason.Should().BeNull();
    }

    [Fact]
    public void An_intermediate_can_be_limited_and_limits_are_met_on_the_whole_path()
    {
        var anchors = PathMaker.Anchors(Root, Issuer).WithTerms(
            anchor => anchor.IsRoot ? (new AnchorTerms { Formats = ["tpm", "ek"], Facts = Level("virtual") }, null) : (new AnchorTerms { Formats = ["ek"] }, null),
            AnchorTerms.Unlimited);
        var leaf = Issuer.Issue(CertificateOptions.Leaf());

        Path(anchors, new AnchorUse("tpm", null), leaf).Reason.Should().Be(Reasons.AnchorLimited);
        Path(anchors, new AnchorUse("ek", null), leaf).Terms.Facts.Should().ContainKey("assurance.level");
        Path(anchors, new AnchorUse("tpm", null), Root.Issue(CertificateOptions.Leaf())).Reason.Should().BeNull();
    }

    [Fact]
    public void A_use_that_was_not_named_meets_no_limit()
    {
        var anchors = PathMaker.Anchors(Root).WithTerms(_ => null, new AnchorTerms { Formats = ["apple"] });

        CertificatePath.Verify([Root.Issue(CertificateOptions.Leaf()).Parsed], anchors, Now, new PathRules(), null).Reason.Should().Be(Reasons.AnchorLimited);
    }

    [Fact]
    public void A_reissued_root_does_not_escape_the_terms_of_its_key()
    {
        var reissued = PathMaker.Root(new CertificateOptions("CN=root") { Key = Root.Key, NotAfter = Now.AddYears(9) });
        var anchors = PathMaker.Anchors(Root, reissued);
        var one = anchors.Anchors.Single(anchor => anchor.NotAfter < Now.AddYears(8)).Fingerprint;
        var limited = anchors.WithTerms(anchor => anchor.Fingerprint == one ? (new AnchorTerms { Formats = ["ek"] }, null) : null, AnchorTerms.Unlimited);

        Path(limited, new AnchorUse("tpm", null), Root.Issue(CertificateOptions.Leaf())).Reason.Should().Be(Reasons.AnchorLimited);
    }

    [Fact]
    public void A_certificate_of_two_folders_may_do_what_either_of_them_permits_and_distrust_counts_in_both()
    {
        var set = PathMaker.Anchors(Root);
        var both = AnchorSet.Combine(
            set.WithTerms(_ => null, new AnchorTerms { Formats = ["ek"] }), set.WithTerms(_ => null, new AnchorTerms { Formats = ["tpm"] }));
        var leaf = Root.Issue(CertificateOptions.Leaf());

        both.Anchors.Should().HaveCount(2);
        Path(both, new AnchorUse("ek", null), leaf).Reason.Should().BeNull();
        Path(both, new AnchorUse("tpm", null), leaf).Reason.Should().BeNull();
        Path(both, new AnchorUse("apple", null), leaf).Reason.Should().Be(Reasons.AnchorLimited);
        var distrusted = AnchorSet.Combine(both, set.WithTerms(_ => null, new AnchorTerms { Distrusted = Leaked }));
        Path(distrusted, new AnchorUse("ek", null), leaf).Reason.Should().Be(Reasons.AnchorDistrusted);
    }

    [Fact]
    public void The_hash_covers_what_changes_a_judgement()
    {
        var set = PathMaker.Anchors(Root);
        string Hash(AnchorTerms terms) => set.WithTerms(_ => (terms, "elsewhere"), AnchorTerms.Unlimited).Hash;
        AnchorTerms[] different =
        [
            new() { Formats = ["apple"] }, new() { Formats = ["apple", "tpm"] }, new() { Profiles = ["apple"] }, new() { Facts = Level("virtual") },
            new() { Facts = Level("software") }, new() { Expired = ExpiredCertificates.Ignore }, new() { HardwareType = "1.2.3" },
            new() { IssuerHosts = ["a.example"] }, new() { Distrusted = Leaked },
        ];

        different.Select(Hash).Append(set.Hash).Should().OnlyHaveUniqueItems();
        Hash(AnchorTerms.Unlimited).Should().Be(set.Hash);
        Hash(new AnchorTerms { Formats = ["tpm", "apple"] }).Should().Be(Hash(new AnchorTerms { Formats = ["apple", "tpm"] }));
        Hash(new AnchorTerms { Distrusted = new Distrust("other words", Now.AddDays(1)) }).Should().Be(Hash(new AnchorTerms { Distrusted = Leaked }));
    }

    private static Dictionary<string, FactValue> Level(string level) => new() { ["assurance.level"] = new FactValue.Text(level) };

    private static Verdict Judge(MadeEvidence made, AnchorTerms terms, string? profile = null) => AttestationVerifier.Verify(
        Evidence(made) with { Profile = profile, Anchors = Trial.Anchors.WithTerms(_ => null, terms) });

    private static PathResult Path(AnchorSet anchors, params MadeCertificate[] chain) => Path(anchors, new AnchorUse("tpm", null), chain);

    private static PathResult Path(AnchorSet anchors, AnchorUse use, params MadeCertificate[] chain) =>
        CertificatePath.Verify([.. chain.Select(made => made.Parsed)], anchors, Now, new PathRules(), null, use);
}
