using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme profile show | render | diff</c>.</summary>
public sealed class ProfileRenderTests : IDisposable
{
    private static readonly string Apple = Path.Combine(Terminal.Profiles, "apple-device.yaml");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-render-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_sample_shows_the_certificate()
    {
        var output = (await Profile("render", Apple, "--fact", "device.serial=C02ABC", "--identifier", "permanent-identifier=C02ABC")).ShouldExit(0).Output;

        output.Should().MatchRegex("(?m)^subject +CN=C02ABC$")
            .And.MatchRegex("(?m)^subject alternative names +permanent-identifier C02ABC$")
            .And.MatchRegex("(?m)^extended key usage +client-auth$")
            .And.MatchRegex("(?m)^key usage ! +digital-signature$")
            .And.MatchRegex("(?m)^valid to +2026-07-30T11:55:00Z$")
            .And.Contain("preview: not issued by any CA");
    }

    [Fact]
    public async Task Nothing_that_is_shown_was_signed_by_a_CA()
    {
        var pem = (await Profile("render", Apple, "--pem")).ShouldExit(0).Output;

        using var certificate = X509Certificate2.CreateFromPem(pem);
        certificate.Issuer.Should().Be("CN=preview: not issued by any CA");
        certificate.Subject.Should().Be("CN=SAMPLE-0001");
    }

    [Fact]
    public async Task A_template_that_cannot_be_filled_is_told_as_the_client_would_be_told() =>
        (await Profile("render", Apple, "--fact", $"device.serial={new string('a', 65)}")).ShouldExit(1).Error.Should().Contain("refused (template-value-not-encodable)");

    [Fact]
    public async Task Stored_evidence_gives_the_certificate_of_its_facts()
    {
        var output = (await Profile("render", Apple, "--evidence", Evidence("C02REAL", "15.1"))).ShouldExit(0).Output;

        output.Should().MatchRegex("(?m)^subject +CN=C02REAL$").And.NotContain("SAMPLE");
        output.Should().Contain("(key residency not proven)", "this evidence says nothing of where the key lives");
    }

    [Fact]
    public async Task Rules_of_the_profile_judge_stored_evidence_again()
    {
        var strict = Path.Combine(_folder.FullName, "apple-device.yaml");
        File.WriteAllText(strict, File.ReadAllText(Apple).Replace("on-failure: challenge ", "facts: { os.version: \">= 16\" }\n  on-failure: challenge ", StringComparison.Ordinal));

        (await Profile("render", strict, "--evidence", Evidence("C02REAL", "15.1"))).ShouldExit(1).Error.Should().Contain("would be refused (fact-different): os.version is 15.1");
        (await Profile("render", strict, "--evidence", Evidence("C02REAL", "16.0"))).ShouldExit(0);
    }

    [Fact]
    public async Task Another_key_type_is_the_profiles() =>
        (await Profile("render", Apple, "--key", "rsa-2048")).ShouldExit(2).Error.Should().Contain("the profile certifies ec-p256, ec-p384");

    [Theory]
    [InlineData("apple-device")]
    [InlineData("windows-tpm")]
    [InlineData("tls-server")]
    [InlineData("iot-idevid")]
    public async Task A_profile_is_shown_with_its_defaults(string name)
    {
        var output = (await Profile("show", Path.Combine(Terminal.Profiles, $"{name}.yaml"))).ShouldExit(0).Output;

        output.Should().MatchRegex($"(?m)^profile +{name}$").And.MatchRegex("(?m)^backdate +5m$").And.MatchRegex("(?m)^validity +90d$");
    }

    [Fact]
    public async Task A_diff_tells_values_and_not_layout()
    {
        var changed = Path.Combine(_folder.FullName, "apple-device.yaml");
        File.WriteAllText(changed, "# another comment\n" + File.ReadAllText(Apple).Replace("validity: 90d", "validity: 30d", StringComparison.Ordinal)
            .Replace("issuer: default", "evidence: { keep: none }", StringComparison.Ordinal));

        (await Profile("diff", Apple, changed)).ShouldExit(3).Output.Should().Be("- certificate.validity: 90d\n+ certificate.validity: 30d\n- issuer: default\n+ evidence.keep: none\n");
        (await Profile("diff", Apple, Apple)).ShouldExit(0).Output.Should().BeEmpty();
        using var json = JsonDocument.Parse((await Profile("diff", Apple, changed, "--json")).ShouldExit(3).Output);
        json.RootElement[0].GetProperty("after").GetString().Should().Be("30d");
    }

    private static Task<Answer> Profile(params string[] arguments) => Terminal.Type(["profile", .. arguments]);

    private string Evidence(string serial, string version)
    {
        var verdict = new Verdict
        {
            Format = "apple",
            Outcome = VerdictOutcome.Accepted,
            Checks = [new Check("chain", "the chain holds", CheckOutcome.Passed)],
            Facts = new FactSet([new Fact("device.serial", new FactValue.Text(serial), true), new Fact("os.version", new FactValue.Text(version), true)]),
            Device = new AttestedDevice { PublicKey = new byte[] { 1 }, Identifier = serial, Binding = default },
        };
        using var json = JsonDocument.Parse(Encoding.UTF8.GetString(VerdictJson.Write(verdict)));
        var record = new EvidenceRecord
        {
            Id = "evidence1",
            Kind = EvidenceKinds.Challenge,
            At = Terminal.Now,
            Accepted = true,
            Format = "apple",
            Profile = "apple-device",
            ProfileHash = "00",
            Identifier = new AcmeIdentifier("permanent-identifier", serial),
            HasStatement = false,
            Verdict = json.RootElement.Clone(),
        };
        var file = Path.Combine(_folder.FullName, $"{serial}-{version}.json");
        File.WriteAllText(file, JsonSerializer.Serialize(record, AdminJson.Default.EvidenceRecord));
        return file;
    }
}
