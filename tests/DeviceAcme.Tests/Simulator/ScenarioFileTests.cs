using System.Text.Json.Nodes;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Scenarios;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Profiles;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class ScenarioFileTests
{
    private const string Right = """
        profile: apple-device
        tickets: { t: { uses: 2 } }
        devices:
          mac: { kind: mac, serial: C02A, ledger: { owner: ada } }
          host: { kind: server, names: [a.example], ticket: t }
        scenarios:
          - name: one
            steps:
              - enroll: mac
                expect: { certificate: { subject: CN=C02A, names: [], validity: 90d }, ledger: active }
              - { enroll: mac, fault: wrong-serial }
              - wait: 2s
        """;

    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "profiles");

    public static TheoryData<string> Shipped => [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(file => Path.GetFileName(file)!)];

    [Fact]
    public void A_file_says_who_does_what_and_what_is_expected()
    {
        var file = Read(Right);

        file.Devices["host"].Presented.Should().Be(Presented.ExternalAccount);
        file.Devices["mac"].Ledger!.Owner.Should().Be("ada");
        file.NeedsAdministrator.Should().BeTrue();
        var steps = file.Scenarios.Single().Steps;
        steps[0].Expected.Certificate!.Names.Should().BeEmpty("an empty list is no names, which is not the same as not looked at");
        steps[0].Expected.Certificate!.Policies.Should().BeNull();
        steps[0].Expected.Certificate!.Validity.Should().Be(TimeSpan.FromDays(90));
        steps[1].Fault!.Name.Should().Be("wrong-serial");
        steps[2].Pause.Should().Be(TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("enroll: mac\n", "enrol: mac\n", "scenario.yaml:9: scenarios[0].steps[0].enrol is no member; did you mean 'enroll'?")]
    [InlineData("enroll: mac\n", "enroll: mac\n        revoke: mac\n", "scenario.yaml:9: scenarios[0].steps[0]: expected one of enroll, renew")]
    [InlineData("enroll: mac\n", "enroll: mc\n", "scenario.yaml:9: scenarios[0].steps[0].enroll: there is no 'mc' in this file; did you mean 'mac'?")]
    [InlineData("fault: wrong-serial", "fault: wrong-seriel", "a device of kind mac has no fault 'wrong-seriel'; did you mean 'wrong-serial'?")]
    [InlineData("wait: 2s", "wait: 2h", "wait: expected a duration up to 60s, found '2h'")]
    [InlineData("wait: 2s", "{ block: mac, fault: wrong-serial }", "fault: only with enroll")]
    [InlineData("validity: 90d", "validity: long", "validity: expected a duration such as")]
    [InlineData("validity: 90d", "validty: 90d", "certificate.validty is no member; did you mean 'validity'?")]
    [InlineData("ledger: active", "refused: { reason: x }", "only one of certificate, refused and waiting can come true")]
    [InlineData("ledger: active", "ledger: sleeping", "expected one of unknown, expected, active")]
    [InlineData("ticket: t", "ticket: u", "devices.host.ticket: there is no 'u' in this file")]
    [InlineData("ticket: t", "ledger: {}", "proves no name that a ledger could have")]
    [InlineData("kind: mac,", "kind: mac, ticket: t, presents: external-account,", "devices.mac.presents: the client of a device of kind mac cannot send an external account")]
    [InlineData("kind: mac, ", "", "devices.mac: expected one of kind, file, found none")]
    [InlineData("uses: 2", "device: nobody", "tickets: t.device: there is no 'nobody' in this file")]
    [InlineData("  - name: one", "  - name: one\n    steps: [{ wait: 1s }]\n  - name: one", "'one' is the name of several")]
    [InlineData("- name: one", "- title: one", "scenarios[0].name is missing")]
    public void What_is_wrong_is_named_with_file_line_and_the_nearest_name(string before, string after, string mistake)
    {
        var changed = Right.Replace(before, after, StringComparison.Ordinal);
        changed.Should().NotBe(Right);

        var failure = FluentActions.Invoking(() => Read(changed)).Should().Throw<SimulatorException>().Which;

        failure.More.Prepend(failure.Message).Should().Contain(said => said.Contains(mistake, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Mistakes_of_all_files_are_said_together_and_the_exit_code_is_2()
    {
        var folder = Directory.CreateTempSubdirectory("scenarios-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "a.yaml"), Right.Replace("uses", "use", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "b.yaml"), Right.Replace("kind: mac", "kind: toaster", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "c.yaml"), "scenarios: [", TestContext.Current.CancellationToken);

            var (code, _, talk) = await Run("run", folder, "--check");

            code.Should().Be(2);
            talk.Should().Contain("a.yaml:2: tickets.t.use is no member; did you mean 'uses'?").And.Contain("b.yaml:4: devices.mac.kind: expected one of").And.Contain("c.yaml:2: no YAML");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_file_is_checked_without_a_server()
    {
        var (code, _, talk) = await Run("run", Path.Combine(Folder, "tests"), "--check");

        code.Should().Be(0, talk);
        talk.Should().Contain("scenarios in ");
        (await Run("run", Path.Combine(Folder, "tests"), "--check", "--only", "nothing like that")).Code.Should().Be(2);
        (await Run("run", Path.Combine(Folder, "nowhere.yaml"), "--check")).Code.Should().Be(2);
        (await Run("run", Path.Combine(Folder, "tests"), "--data", "a", "--server", "https://localhost:1")).Code.Should().Be(2);
        (await Run("run", Path.Combine(Folder, "tests"), "--server", "https://localhost:1", "--ca", Path.Combine(Folder, "trust", "apple", "root-Apple-Enterprise-Attestation-Root-CA-ccf59ef8.pem"))).Talk
            .Should().Contain("is about the ledger or tickets");
    }

    [Theory, MemberData(nameof(Shipped))]
    public void Each_shipped_profile_has_scenarios_in_which_somebody_enrolls_and_somebody_is_refused(string profile)
    {
        var path = Path.Combine(Folder, "tests", profile);
        var text = File.ReadAllText(path);
        var steps = YamlFields.ReadFile(path, fields => ScenarioReader.Read(fields, path)).Scenarios.SelectMany(scenario => scenario.Steps).ToList();

        steps.Should().Contain(step => step.Expected.Certificate != null);
        steps.Should().Contain(step => step.Expected.Refused != null);
        text.Should().StartWith("# yaml-language-server: $schema=../../tools/device-sim/scenario.schema.json\n").And.Contain($"profile: {Path.GetFileNameWithoutExtension(profile)}\n");
        SchemaViolations.Of(JsonNode.Parse(SchemaCommand.Text("scenario"))!.AsObject(), text).Should().BeEmpty();
    }

    [Theory, InlineData("scenario"), InlineData("device")]
    public void The_published_schema_is_the_readers(string name)
    {
        var file = Path.Combine(RepositoryFiles.Root, "tools", "device-sim", $"{name}.schema.json");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(file, SchemaCommand.Text(name));
        }

        (File.ReadAllText(file) == SchemaCommand.Text(name)).Should().BeTrue("UPDATE_DOCS=1 ./dev test ScenarioFile writes {0} anew", file);
    }

    [Theory]
    [InlineData("enroll: mac\n", "enrol: mac\n")]
    [InlineData("enroll: mac\n", "enroll: mac\n        revoke: mac\n")]
    [InlineData("validity: 90d", "validity: long")]
    [InlineData("kind: mac", "kind: toaster")]
    public void The_schema_finds_slips(string before, string after)
    {
        var schema = JsonNode.Parse(SchemaCommand.Text("scenario"))!.AsObject();

        SchemaViolations.Of(schema, Right).Should().BeEmpty();
        SchemaViolations.Of(schema, Right.Replace(before, after, StringComparison.Ordinal)).Should().NotBeEmpty();
    }

    [Fact]
    public void Files_that_run_together_agree_about_the_ledger()
    {
        var one = Read(Right);
        var other = Read(Right.Replace(", ledger: { owner: ada }", "", StringComparison.Ordinal)) with { Path = "other.yaml" };

        LedgerConflicts.Check([one, one], new FakeVendors("files"));
        FluentActions.Invoking(() => LedgerConflicts.Check([one, other], new FakeVendors("files"))).Should().Throw<SimulatorException>().WithMessage("*scenario.yaml (mac)*other.yaml (mac)*");
    }

    [Theory]
    [InlineData("*", "", true), InlineData("a*c", "abbc", true), InlineData("a*c", "abcd", false), InlineData("a?c", "abc", true), InlineData("a?c", "ac", false)]
    [InlineData("*a*b", "xaxxab", true), InlineData("", "", true), InlineData("", "a", false), InlineData("CN=*, O=*", "CN=a, O=b", true)]
    public void A_glob_is_for_the_whole_text(string pattern, string text, bool matches) => Glob.Matches(pattern, text).Should().Be(matches);

    private static ScenarioFile Read(string text) => YamlFields.Read(text, "scenario.yaml", fields => ScenarioReader.Read(fields, "scenario.yaml"));

    private static async Task<(int Code, string Data, string Talk)> Run(params string[] arguments)
    {
        using var data = new StringWriter();
        using var talk = new StringWriter();
        var code = await CommandLine.Run(arguments, new Terminal(data, talk), TimeProvider.System);
        return (code, data.ToString(), talk.ToString());
    }
}
