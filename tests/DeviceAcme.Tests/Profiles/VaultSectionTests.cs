using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>The parts of a profile that rule the vault: <c>evidence:</c>, <c>anomalies:</c>, <c>attestation.privacy</c>.</summary>
public sealed class VaultSectionTests
{
    private const string Text = """
        name: apple-device
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation: { mode: required, formats: [apple], anchors: [apple], PRIVACY }
        certificate:
          subject: CN=a device
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    [Theory]
    [InlineData("", 400, 400)]
    [InlineData("evidence: { keep: 400d }", 400, 400)]
    [InlineData("evidence: { keep: 10y }", 3650, 3650)]
    [InlineData("evidence: { keep: 30d, verdicts: 2y }", 30, 730)]
    [InlineData("evidence: { keep: verdict-only }", null, 400)]
    [InlineData("evidence: { keep: verdict-only, verdicts: 30d }", null, 30)]
    [InlineData("evidence: { verdicts: 500d }", 400, 500)]
    [InlineData("evidence: { keep: none }", null, null)]
    public void Retention_is_read(string section, int? statements, int? verdicts)
    {
        var retention = Read(section, out var mistakes)!.Evidence;

        mistakes.Should().BeEmpty();
        retention.Statements?.TotalDays.Should().Be(statements);
        (retention.Statements is null).Should().Be(statements is null);
        retention.Verdicts?.TotalDays.Should().Be(verdicts);
        (retention.Verdicts is null).Should().Be(verdicts is null);
    }

    [Theory]
    [InlineData("evidence: { keep: forever }", "evidence.keep: must be a time such as 400d, verdict-only or none, found 'forever'")]
    [InlineData("evidence: { keep: verdicts-only }", "did you mean 'verdict-only'")]
    [InlineData("evidence: { keep: 0d }", "evidence.keep: must be more than 0")]
    [InlineData("evidence: { keep: [1d] }", "evidence.keep: must be text")]
    [InlineData("evidence: { kept: 1d }", "evidence.kept: is not a known property; did you mean 'keep'")]
    [InlineData("evidence: { keep: 30d, verdicts: 10d }", "evidence.verdicts: must not be shorter than keep")]
    [InlineData("evidence: { keep: none, verdicts: 10d }", "evidence.verdicts: keep is none")]
    [InlineData("evidence: 400d", "evidence: must be a mapping")]
    [InlineData("anomalies: { shared-keys: refuse }", "anomalies.shared-keys: is not a known property; did you mean 'shared-key'")]
    [InlineData("anomalies: { shared-key: warn }", "anomalies.shared-key: must be one of record, alert, refuse, found 'warn'")]
    [InlineData("anomalies: refuse", "anomalies: must be a mapping")]
    public void A_mistake_names_its_place(string section, string message)
    {
        Read(section, out var mistakes).Should().BeNull();

        mistakes.Should().ContainSingle().Which.Should().Contain(message);
    }

    [Fact]
    public void Anomalies_are_answered_as_the_profile_says_and_else_as_usual()
    {
        var rules = Read("anomalies: { shared-key: record, shared-serial: refuse }", out _)!.Anomalies;

        AnomalyKinds.All.ToDictionary(kind => kind.Name, rules.Of).Should().Equal(new Dictionary<string, AnomalyResponse>
        {
            ["shared-key"] = AnomalyResponse.Record,
            ["shared-serial"] = AnomalyResponse.Refuse,
            ["shared-ek"] = AnomalyResponse.Alert,
            ["replayed-certificate"] = AnomalyResponse.Refuse,
        });
    }

    [Theory]
    [InlineData("on-failure: challenge", "Full")]
    [InlineData("privacy: full", "Full")]
    [InlineData("privacy: reason", "Reason")]
    [InlineData("privacy: none", "None")]
    public void Privacy_is_read(string property, string expected) => Read("", out _, property)!.Attestation.Privacy.ToString().Should().Be(expected);

    private static CertificateProfile? Read(string section, out IReadOnlyList<string> mistakes, string privacy = "privacy: full")
    {
        var found = new Mistakes();
        var profile = ProfileFile.Parse("apple-device.yaml", Text.Replace("PRIVACY", privacy, StringComparison.Ordinal) + $"\n{section}\n", found);
        mistakes = [.. found.Errors.Select(mistake => mistake.ToString())];
        return profile;
    }
}
