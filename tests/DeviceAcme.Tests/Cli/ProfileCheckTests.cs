using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme profile check</c>: mistakes with their lines, the profile's own tests, and the lint of its certificates.</summary>
public sealed class ProfileCheckTests : IDisposable
{
    private const string Good = """
        name: good
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation:
          mode: required
          formats: [apple]
          anchors: [apple]
          facts:
            os.version: ">= 14.2"
            device.family: [mac, mobile]
          observed-facts:
            apple.secure-boot: Full Security
        certificate:
          subject: CN={{device.serial}}
          subject-alternative-names: [identifiers]
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        tests:
          - name: a Mac of today
            facts: { os.version: "15.1", device.family: mac, apple.secure-boot: Full Security }
            verdict: accepted
          - name: an old Mac
            facts: { os.version: "13.6", device.family: mac }
            verdict: refused
            reason: fact-different
          - { name: no version, facts: { device.family: mac }, verdict: refused, reason: fact-absent }
          - { name: blank, facts: { os.version: "", device.family: mac }, verdict: refused, reason: fact-blank }
          - { name: unproven, facts: { device.family: mac }, unproven: { os.version: "15.1" }, verdict: refused, reason: fact-unproven }
          - { name: relaxed boot, facts: { os.version: "15.1", device.family: mac, apple.secure-boot: Medium Security }, verdict: accepted, observed: fact-different }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-check-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_shipped_profiles_are_right() =>
        (await Check(Terminal.Profiles)).ShouldExit(0).Output.Should().Contain("0 errors");

    [Fact]
    public async Task Tests_of_a_profile_run() =>
        (await Check(Write(Good))).ShouldExit(0).Output.Should().Be("1 profile, 6 tests, 0 errors, 0 warnings\n");

    [Theory]
    [InlineData("os.version: \"15.1\", device.family: mac, apple.secure-boot: Full", "os.version: \"13\", device.family: mac, apple.secure-boot: Full", ":20:", "'a Mac of today': expected accepted, found refused (fact-different): os.version >= 14.2, where os.version is 13")]
    [InlineData("verdict: refused\n    reason: fact-different", "verdict: accepted", ":23:", "'an old Mac': expected accepted, found refused")]
    [InlineData("refused, reason: fact-absent", "refused, reason: fact-blank", ":27:", "expected refused (fact-blank), found refused (fact-absent)")]
    [InlineData("observed: fact-different", "observed: fact-absent", ":30:", "expected the observed rules to record fact-absent, found fact-different")]
    public async Task A_test_that_fails_is_named_with_its_line(string before, string after, string line, string message) =>
        (await Check(Write(Good.Replace(before, after, StringComparison.Ordinal)))).ShouldExit(1).Output.Should().Contain(line).And.Contain(message).And.Contain("1 error");

    [Fact]
    public async Task Every_mistake_of_every_file_is_told_with_file_and_line()
    {
        Write(Good.Replace("verdict: accepted\n", "verdict: maybe\n", StringComparison.Ordinal).Replace("reason: fact-blank", "reason: fact-blnk", StringComparison.Ordinal));
        Write(Good.Replace("name: good", "name: other", StringComparison.Ordinal).Replace("ec-p256", "ec-p257", StringComparison.Ordinal), "other");

        var output = (await Check(_folder.FullName)).ShouldExit(1).Output;

        output.Should().Contain("good.yaml:22: tests[0].verdict: must be one of accepted, refused, found 'maybe'")
            .And.Contain("tests[3].reason: 'fact-blnk' is not a reason that a rule about facts gives")
            .And.Contain("other.yaml:16: certificate.keys[0]: 'ec-p257' is not a known key type");
    }

    [Fact]
    public async Task Machines_get_the_same_as_JSON()
    {
        var file = Write(Good.Replace("verdict: refused\n    reason: fact-different", "verdict: accepted", StringComparison.Ordinal));

        using var json = JsonDocument.Parse((await Check(file, "--json")).ShouldExit(1).Output);

        json.RootElement.GetProperty("errors").GetInt32().Should().Be(1);
        var finding = json.RootElement.GetProperty("findings")[0];
        (finding.GetProperty("code").GetString(), finding.GetProperty("file").GetString(), finding.GetProperty("line").GetInt32()).Should().Be(("test", file, 23));
    }

    [Theory]
    [InlineData("extended-key-usage: [client-auth]", "extended-key-usage: [client-auth]\n  key-usage: [key-encipherment]", "nothing of key-usage is left", 1)]
    [InlineData("extended-key-usage: [client-auth]", "extended-key-usage: [code-signing]\n  key-usage: [key-agreement]", "code-signing needs a key usage of digital-signature", 1)]
    [InlineData("[client-auth]", "[server-auth]", "a TLS server is known by a dns or ip name", 0)]
    [InlineData("[client-auth]", "[email-protection]", "known by an email name", 0)]
    [InlineData("[client-auth]", "[smartcard-logon]", "known by a upn name", 0)]
    [InlineData("[client-auth]", "[time-stamping]", "RFC 3161", 1)]
    [InlineData("validity: 90d", "validity: 7d\n  no-rev-avail: true", "looks for a CRL and ignores noRevAvail", 0)]
    [InlineData("[client-auth]\n  validity: 90d", "[server-auth]\n  validity: 3y", "longer than 825 days", 0)]
    public async Task Certificates_that_a_profile_gives_are_linted(string before, string after, string message, int code) =>
        (await Check(Write(Good.Replace(before, after, StringComparison.Ordinal)))).ShouldExit(code).Output.Should().Contain(message);

    [Fact]
    public async Task A_life_beyond_that_of_the_CA_is_told()
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder.FullName, "data", "ca", "default"));
        using var ca = new TestCertificate("Short CA");
        File.Copy(ca.CertificateFile, Path.Combine(data.FullName, "certificate.pem"));

        (await Check(Write(Good.Replace("validity: 90d", "validity: 99y", StringComparison.Ordinal)), "--data", Path.Combine(_folder.FullName, "data")))
            .ShouldExit(0).Output.Should().Contain("it lives longer than its CA");
    }

    [Fact]
    public async Task What_is_not_there_is_wrong_use() => (await Check(Path.Combine(_folder.FullName, "none"))).ShouldExit(2);

    private static Task<Answer> Check(string path, params string[] more) => Terminal.Type(["profile", "check", path, .. more]);

    private string Write(string text, string name = "good")
    {
        var file = Path.Combine(_folder.FullName, $"{name}.yaml");
        File.WriteAllText(file, text);
        return file;
    }
}
