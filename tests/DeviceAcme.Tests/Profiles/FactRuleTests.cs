using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>Rules about facts: what they mean, and that nothing but a proven value that fits lets a device through.</summary>
public sealed class FactRuleTests
{
    private static readonly FactSet Mac = new(
    [
        new Fact("device.family", new FactValue.Text("mac"), true),
        new Fact("os.version", new FactValue.Text("14.2.1"), true),
        new Fact("apple.secure-boot", new FactValue.Blank(), true),
        new Fact("apple.sip", new FactValue.Flag(true), true),
        new Fact("os.patch-level", new FactValue.Number(202409), true),
        new Fact("made.at", new FactValue.Instant(new DateTimeOffset(2025, 7, 13, 0, 0, 0, TimeSpan.Zero)), true),
        new Fact("app.name", new FactValue.Text("x"), false),
    ]);

    [Theory]
    [InlineData("device.family: mac")]
    [InlineData("device.family: = mac")]
    [InlineData("device.family: '!= mobile'")]
    [InlineData("device.family: [mobile, mac]")]
    [InlineData("device.family: { not-in: [mobile, tv] }")]
    [InlineData("device.family: { matches: 'm?c' }")]
    [InlineData("device.family: { matches: ['x', '/ma[a-c]/'] }")]
    [InlineData("device.family: { is: present }")]
    [InlineData("device.serial: { is: absent }")]
    [InlineData("apple.secure-boot: { is: blank }")]
    [InlineData("apple.sip: true")]
    [InlineData("os.version: '>= 14.2'")]
    [InlineData("os.version: '>= 14.2.1.0'")]
    [InlineData("os.version: '< 14.10'")]
    [InlineData("os.version: '<= 014.2.1'")]
    [InlineData("os.patch-level: '> 202408'")]
    [InlineData("made.at: '>= 2025-07-13'")]
    [InlineData("made.at: '< 2025-07-13T00:00:01Z'")]
    [InlineData("any: [{ device.family: mobile }, { device.family: mac, os.version: '>= 14' }]")]
    [InlineData("all: [{ device.family: mac }, { apple.sip: true }]")]
    [InlineData("none: [{ device.family: mobile }, { os.version: '< 14' }]")]
    public void A_rule_that_the_facts_meet_holds(string rule) => Judge(rule).Should().OnlyContain(check => check.Outcome == CheckOutcome.Passed);

    [Theory]
    [InlineData("device.family: mobile", "fact-different", "device.family is mac")]
    [InlineData("device.family: Mac", "fact-different", "device.family is mac")]
    [InlineData("device.family: '!= mac'", "fact-different", "device.family is mac")]
    [InlineData("device.family: { not-in: [mac] }", "fact-different", "device.family is mac")]
    [InlineData("device.family: { matches: 'm' }", "fact-different", "device.family is mac")]
    [InlineData("device.family: { is: absent }", "fact-different", "device.family is mac")]
    [InlineData("device.family: { is: blank }", "fact-different", "device.family is mac")]
    [InlineData("os.version: '>= 14.10'", "fact-different", "os.version is 14.2.1")]
    [InlineData("os.version: '> 14.2.1'", "fact-different", "os.version is 14.2.1")]
    [InlineData("device.serial: X", "fact-absent", "device.serial is absent")]
    [InlineData("device.serial: '!= X'", "fact-absent", "device.serial is absent")]
    [InlineData("device.serial: { not-in: [X] }", "fact-absent", "device.serial is absent")]
    [InlineData("device.serial: { is: present }", "fact-absent", "device.serial is absent")]
    [InlineData("none: [{ device.serial: X }]", "fact-absent", "device.serial is absent")]
    [InlineData("apple.secure-boot: Full Security", "fact-blank", "apple.secure-boot is blank")]
    [InlineData("apple.secure-boot: '!= Full Security'", "fact-blank", "apple.secure-boot is blank")]
    [InlineData("none: [{ apple.secure-boot: Full Security }]", "fact-blank", "apple.secure-boot is blank")]
    [InlineData("app.name: x", "fact-unproven", "app.name is not proven")]
    [InlineData("app.name: { is: present }", "fact-unproven", "app.name is not proven")]
    [InlineData("none: [{ app.name: y }]", "fact-unproven", "app.name is not proven")]
    [InlineData("device.family: '> 3'", "fact-not-comparable", "device.family is mac, which cannot be compared with 3")]
    [InlineData("apple.sip: '>= 1'", "fact-not-comparable", "apple.sip is true, which cannot be compared with 1")]
    [InlineData("os.version: '> 2026-01-01'", "fact-not-comparable", "os.version is 14.2.1, which cannot be compared with 2026-01-01")]
    [InlineData("none: [{ device.family: mac }]", "fact-different", "device.family is mac")]
    [InlineData("any: [{ device.family: mobile }, { device.family: tv }]", "fact-different", "device.family is mac")]
    public void Absent_blank_unproven_and_different_are_answers_of_their_own(string rule, string reason, string found)
    {
        var check = Judge(rule).Should().ContainSingle().Subject;

        check.Outcome.Should().Be(CheckOutcome.Failed);
        check.Reason!.Code.Should().Be(reason);
        check.Found.Should().Be(found);
        check.Advice.Should().NotBeNullOrEmpty();
    }

    [Fact]
    public void The_nearest_alternative_gives_the_reason()
    {
        var check = Judge("any: [{ device.family: mac, os.version: '>= 14', apple.secure-boot: Full Security }, { device.family: mobile, os.version: '>= 17.2' }]").Single();

        check.Rule.Should().Be("(device.family = mac and os.version >= 14 and apple.secure-boot = Full Security) or (device.family = mobile and os.version >= 17.2)");
        check.Reason.Should().Be(Reasons.FactBlank);
        check.Found.Should().Be("apple.secure-boot is blank; or device.family is mac");
    }

    [Fact]
    public void A_rule_that_does_not_hold_refuses_genuine_evidence()
    {
        var verdict = DevicePolicy.Judge(Accepted(), Rule("facts: { device.family: mobile }"), ledger: true);

        verdict.Outcome.Should().Be(VerdictOutcome.Refused);
        verdict.Reason.Should().Be(Reasons.FactDifferent);
        verdict.Device.Should().BeNull();
        verdict.Facts.Should().BeSameAs(Mac);
    }

    [Fact]
    public void A_rule_on_trial_is_recorded_and_lets_through()
    {
        var verdict = DevicePolicy.Judge(Accepted(), Rule("observed-facts: { device.family: mobile }"), ledger: true);

        verdict.Outcome.Should().Be(VerdictOutcome.Accepted);
        verdict.Reason.Should().BeNull();
        verdict.Device.Should().NotBeNull();
        verdict.Checks.Should().ContainSingle(check => check.Outcome == CheckOutcome.Observed && check.Reason == Reasons.FactDifferent);
        VerdictJson.Read(VerdictJson.Write(verdict)).Checks.Should().Equal(verdict.Checks);
    }

    [Fact]
    public void Unproven_facts_of_refused_evidence_are_not_judged()
    {
        var refused = new Verdict { Format = "apple", Outcome = VerdictOutcome.Refused, Checks = [], Facts = new FactSet([new Fact("device.family", new FactValue.Text("mac"), false)]) };

        DevicePolicy.Judge(refused, Rule("facts: { device.family: mac }"), ledger: true).Checks.Single().Outcome.Should().Be(CheckOutcome.NotReached);
    }

    [Fact]
    public void Without_rules_the_verdict_stays_as_it_is()
    {
        var verdict = Accepted();

        DevicePolicy.Judge(verdict, Rule("on-failure: challenge"), ledger: true).Should().BeSameAs(verdict);
    }

    [Theory]
    [InlineData("facts: {}", "at least one line")]
    [InlineData("facts: []", "must be a mapping")]
    [InlineData("facts: { anny: [] }", "did you mean 'any'?")]
    [InlineData("facts: { any: [] }", "at least one mapping")]
    [InlineData("facts: { any: { device.family: mac } }", "must be a list")]
    [InlineData("facts: { os.version: '>= x' }", "a number, a version or a time")]
    [InlineData("facts: { os.version: '!=' }", "name the value")]
    [InlineData("facts: { os.version: '' }", "must not be empty")]
    [InlineData("facts: { os.version: [] }", "at least one value")]
    [InlineData("facts: { os.version: { is: presnt } }", "did you mean 'present'?")]
    [InlineData("facts: { os.version: { si: present } }", "did you mean 'is'?")]
    [InlineData("facts: { os.version: {} }", "must have one of")]
    [InlineData("facts: { os.version: { matches: '/(/' } }", "not a regular expression")]
    public void A_mistake_is_named(string section, string message)
    {
        var mistakes = new Mistakes();

        Read(section, mistakes).Should().BeNull();
        mistakes.Errors.Should().Contain(mistake => mistake.Message.Contains(message) && mistake.Key.StartsWith("attestation.facts"), string.Join("\n", mistakes.Errors));
    }

    [Fact]
    public void Facts_without_evidence_are_a_mistake()
    {
        var mistakes = new Mistakes();

        ProfileFile.Parse("p.yaml", "name: p\nidentifiers: { dns: { challenges: [http-01] } }\nattestation: { mode: none, facts: { os.version: x } }\n"
            + "certificate: { subject-alternative-names: [identifiers], keys: [ec-p256], extended-key-usage: [server-auth], validity: 1d }\n", mistakes);
        mistakes.Errors.Should().ContainSingle(mistake => mistake.Message.Contains("nothing would look at them"));
    }

    [Fact]
    public void Versions_are_ordered_by_their_numbers() => Prop.ForAll(
        Gen.Choose(0, 300).Three().Two().ToArbitrary(),
        pair =>
        {
            var ((a, b, c), (d, e, f)) = pair;
            DottedVersion.TryParse($"{a}.{b}.{c}", out var left).Should().BeTrue();
            DottedVersion.TryParse($"{d}.{e}.{f}", out var right).Should().BeTrue();
            Math.Sign(left.CompareTo(right)).Should().Be(Math.Sign((a, b, c).CompareTo((d, e, f))));
        }).QuickCheckThrowOnFailure();

    /// <summary>Why Mac's facts do not meet the rule.</summary>
    internal static Reason? ReasonOf(string rule) => Judge(rule).Single().Reason;

    private static IReadOnlyList<DeviceAcme.Attestation.Check> Judge(string rules) =>
        DevicePolicy.Judge(Accepted(), Rule($"facts: {{ {rules} }}"), ledger: true).Checks;

    private static Verdict Accepted() => new()
    {
        Format = "apple",
        Outcome = VerdictOutcome.Accepted,
        Checks = [],
        Facts = Mac,
        Device = new AttestedDevice { PublicKey = new byte[] { 1 }, Identifier = "x", Binding = FreshnessBinding.Token },
    };

    private static AttestationRule Rule(string section)
    {
        var mistakes = new Mistakes();
        var profile = Read(section, mistakes);
        mistakes.Errors.Should().BeEmpty();
        return profile!.Attestation;
    }

    private static CertificateProfile? Read(string section, Mistakes mistakes) => ProfileFile.Parse(
        "macs.yaml",
        $$$"""
        name: macs
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation:
          mode: required
          formats: [apple]
          anchors: [apple]
          {{{section}}}
        certificate: { subject: "CN={{device.serial}}", keys: [ec-p256], extended-key-usage: [client-auth], validity: 1d }
        """,
        mistakes);
}
