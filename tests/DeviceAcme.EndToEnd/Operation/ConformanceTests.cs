using System.Text.Json;
using System.Xml.Linq;
using DeviceAcme.EndToEnd.Processes;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>The simulator's conformance suite against the server's own program: all of it passes, with every kind of device.</summary>
public sealed class ConformanceTests(ConformanceServer conformance) : IClassFixture<ConformanceServer>, IDisposable
{
    /// <summary>What does not apply to this server, and why.</summary>
    private static readonly string[] NotApplicable =
    [
        "renewal-information", // the directory has no renewalInfo
        "other-key", // needs a software TPM: SwtpmTests play it
    ];

    public void Dispose() => ServerLog.ShowIfFailed(conformance.Server);

    [Fact]
    public async Task This_server_passes_all_of_it_with_every_kind_of_device()
    {
        var folder = conformance.Server.NewFolder("conformance");
        var ticket = await conformance.Ticket("apple-user-enrollment", 0);

        var (code, data, talk) = await conformance.Conformance(
        [
            .. conformance.Directories.SelectMany(directory => new[] { "--directory", directory }), .. await conformance.ExternalAccounts(), "--client-identifier", ConformanceServer.Text(ticket, "clientIdentifier"),
            "--deviceacme", "--json", "--junit", Path.Combine(folder, "junit.xml"), "--html", Path.Combine(folder, "report.html"), "--transcript", Path.Combine(folder, "transcript.txt"),
        ]);

        var report = JsonElement.Parse(data);
        Of(report, "fail").Select(result => result.ToString()).Should().BeEmpty(talk);
        code.Should().Be(0);
        Of(report, "na").Select(result => result.GetProperty("name").GetString()).Should().BeEquivalentTo(NotApplicable);
        report.GetProperty("pass").GetInt32().Should().BeGreaterThan(460);
        Of(report, "pass").Select(result => result.GetProperty("name").GetString()!).Where(name => name.StartsWith("enrollment-", StringComparison.Ordinal)).Should().HaveCount(15, "each kind of device was taken somewhere");
        XDocument.Load(Path.Combine(folder, "junit.xml")).Descendants("testcase").Should().HaveCount(report.GetProperty("results").GetArrayLength());
        (await File.ReadAllTextAsync(Path.Combine(folder, "report.html"), TestContext.Current.CancellationToken)).Should().Contain("&gt; POST").And.NotContain("<script");
        (await File.ReadAllTextAsync(Path.Combine(folder, "transcript.txt"), TestContext.Current.CancellationToken)).Should().Contain("=== pass reused-nonce (mac): RFC 8555 §6.5").And.Contain("< Replay-Nonce: ");
    }

    [Fact]
    public async Task A_device_that_must_be_taken_and_is_not_fails_and_says_why()
    {
        var (code, data, talk) = await conformance.Conformance(
            "--kind", "mac", "--directory", conformance.DirectoryOf("linux-tpm"), "--only", "enrollment-mac", "--only", "wrong-url", "--only", "reused-nonce", "--show", "reused-nonce");

        code.Should().Be(1, talk);
        data.Should().Contain("fail enrollment-mac").And.Contain("badAttestationStatement (format-not-allowed)").And.Contain("pass reused-nonce").And.Contain("> POST ");
        data.Split('\n').SkipWhile(line => !line.Contains("wrong-url", StringComparison.Ordinal)).Skip(1).First().Should().NotContain(">", "only what --show names is shown");
    }

    [Fact]
    public async Task A_directory_without_device_attest_01_is_said_once()
    {
        var (code, data, talk) = await conformance.Conformance("--directory", conformance.DirectoryOf("tls-server"));

        code.Should().Be(2);
        data.Should().BeEmpty();
        talk.Should().Contain("device-sim: error: no device-attest-01 at ").And.Contain("device-sim: hint: --kind server");
    }

    [Theory]
    [InlineData("external accounts", "printer", "device-sim: error: ", "wants external accounts")]
    [InlineData("no such directory", "nothing", "device-sim: error: ", "device-sim: error: ")]
    public async Task Where_no_account_can_be_made_it_is_said_once(string why, string profile, string first, string second)
    {
        var (code, data, talk) = await conformance.Conformance("--directory", conformance.DirectoryOf(profile));

        code.Should().Be(2, why);
        data.Should().BeEmpty();
        talk.Should().Contain(first).And.Contain(second).And.NotContain("   at ");
    }

    [Fact]
    public async Task Cases_are_listed_without_a_server()
    {
        var (code, data, _) = await conformance.Conformance("--list", "--kind", "mac");

        code.Should().Be(0);
        data.Should().Contain("RFC 8555 §6.5\n").And.Contain("  reused-nonce ").And.Contain("  enrollment-mac ").And.NotContain("enrollment-tpm");
        (await conformance.Conformance("--only", "reused-nonse", "--directory", "https://localhost:1/directory")).Talk.Should().Contain("there is no case 'reused-nonse'");
    }

    private static IEnumerable<JsonElement> Of(JsonElement report, string mark) => report.GetProperty("results").EnumerateArray().Where(result => result.GetProperty("result").GetString() == mark);
}
