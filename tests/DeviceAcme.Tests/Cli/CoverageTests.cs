using System.CommandLine;
using System.Net;
using System.Text;
using System.Text.Json;
using DeviceAcme.Attestation;
using DeviceAcme.Cli;
using DeviceAcme.Cli.Coverage;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Cli;

/// <summary><c>deviceacme coverage</c> over stored evidence, page by page.</summary>
public sealed class CoverageTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-coverage-");
    private readonly List<EvidenceRecord> _stored =
    [
        // newest first, as the server lists them
        Record("C1", "Mac15,3", "15.1"),
        Record("C2", "Mac15,3", "14.0"),
        Record("C3", "iPhone14,5", "17.4"),
        Record("C4", "iPhone14,5", null),
        Record("C2", "Mac15,3", "13.0"),
        Record("C5", "iPhone14,5", "17.4", failed: true),
    ];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Devices_are_counted_once_by_model_and_system()
    {
        var (code, output) = await Run("facts: { os.version: \">= 15\" }");

        code.Should().Be(3);
        output.Should().Be("""
            MODEL       OS       DEVICES  REFUSED  OBSERVED
            Mac15,3     14.0     1        1        0
                1 by os.version >= 15 (fact-different)
            Mac15,3     15.1     1        0        0
            iPhone14,5  17.4     1        0        0
            iPhone14,5  unknown  1        1        0
                1 by os.version >= 15 (fact-absent)
            4 devices, 2 would be refused, 0 by rules on trial

            """);
    }

    [Fact]
    public async Task Rules_on_trial_are_counted_apart()
    {
        var (code, output) = await Run("observed-facts: { os.version: \">= 15\" }", "--json");

        using var json = JsonDocument.Parse(output);
        (code, json.RootElement.GetProperty("refused").GetInt32(), json.RootElement.GetProperty("observed").GetInt32()).Should().Be((3, 0, 2));
        json.RootElement.GetProperty("groups")[0].GetProperty("rules").GetProperty("os.version >= 15 (on trial, fact-different)").GetInt32().Should().Be(1);
    }

    [Fact]
    public async Task Patterns_count_too() =>
        (await Run("privacy: full", allow: "/C[12]/")).Output.Should().Contain("2 would be refused").And.Contain("allow has no pattern for it");

    [Fact]
    public async Task Where_nobody_is_refused_the_exit_code_is_0() => (await Run("privacy: full")).Code.Should().Be(0);

    private async Task<(int Code, string Output)> Run(string line, string? option = null, string allow = "*")
    {
        var file = Path.Combine(_folder.FullName, "apple-device.yaml");
        await File.WriteAllTextAsync(file, File.ReadAllText(Path.Combine(Terminal.Profiles, "apple-device.yaml"))
            .Replace("on-failure: challenge ", $"{line}\n  on-failure: challenge ", StringComparison.Ordinal).Replace("allow: [\"*\"]", $"allow: [\"{allow}\"]", StringComparison.Ordinal));
        using var output = new StringWriter();
        using var client = new HttpClient(new Vault(_stored)) { BaseAddress = new Uri("http://admin.example/") };
        var command = CoverageCommand.Make(output, new Talk(TextWriter.Null), new AdminServerChoice(() => new AdminConnection(client)));
        string[] arguments = option is null ? [file] : [file, option];
        var code = await command.Parse(arguments).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output });
        return (code, output.ToString());
    }

    private static EvidenceRecord Record(string serial, string model, string? version, bool failed = false)
    {
        Fact[] facts = [new("device.serial", new FactValue.Text(serial), true), new("device.model-id", new FactValue.Text(model), true)];
        var verdict = new Verdict
        {
            Format = "apple",
            Outcome = failed ? VerdictOutcome.Refused : VerdictOutcome.Accepted,
            Checks = [failed ? new Check("chain", "the chain holds", CheckOutcome.Failed, "no", Reasons.FactDifferent) : new Check("chain", "the chain holds", CheckOutcome.Passed)],
            Facts = new FactSet(version is null ? facts : [.. facts, new Fact("os.version", new FactValue.Text(version), true)]),
            Device = failed ? null : new AttestedDevice { PublicKey = new byte[] { 1 }, Identifier = serial, Binding = default },
        };
        using var json = JsonDocument.Parse(VerdictJson.Write(verdict));
        return new EvidenceRecord
        {
            Id = $"{serial}-{version}",
            Kind = EvidenceKinds.Challenge,
            At = Terminal.Now,
            Accepted = !failed,
            Format = "apple",
            Profile = "apple-device",
            ProfileHash = "00",
            Identifier = new AcmeIdentifier("permanent-identifier", serial),
            HasStatement = false,
            Verdict = json.RootElement.Clone(),
        };
    }

    /// <summary>The two routes that the command asks, two entries a page.</summary>
    private sealed class Vault(List<EvidenceRecord> stored) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var path = request.RequestUri!;
            string answer;
            if (path.AbsolutePath == "/admin/v1/evidence")
            {
                path.Query.Should().Contain("profile=apple-device").And.Contain("kind=challenge");
                var query = System.Web.HttpUtility.ParseQueryString(path.Query);
                var start = query["cursor"] is { } cursor ? int.Parse(cursor, System.Globalization.CultureInfo.InvariantCulture) : 0;
                var page = stored.Skip(start).Take(2).Select(Entry).ToList();
                answer = JsonSerializer.Serialize(new EvidenceList { Evidence = page, Next = start + 2 < stored.Count ? $"{start + 2}" : null }, AdminJson.Default.EvidenceList);
            }
            else
            {
                var id = Uri.UnescapeDataString(path.Segments[^1]);
                answer = JsonSerializer.Serialize(stored.Single(record => record.Id == id), AdminJson.Default.EvidenceRecord);
            }

            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer, Encoding.UTF8, "application/json") });
        }

        private static EvidenceEntry Entry(EvidenceRecord record) => new()
        {
            Id = record.Id,
            Kind = record.Kind,
            At = record.At,
            Accepted = record.Accepted,
            Format = record.Format,
            Profile = record.Profile,
            ProfileHash = record.ProfileHash,
            Identifier = record.Identifier,
            HasStatement = false,
        };
    }
}
