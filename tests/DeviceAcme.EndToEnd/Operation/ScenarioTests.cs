using System.Text.Json;
using System.Xml.Linq;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>Scenario files: those of the shipped profiles against a server that the simulator starts, and others against a running one.</summary>
public sealed class ScenarioTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    private static readonly string Shipped = Path.Combine(RepositoryFiles.Root, "profiles");

    [Fact]
    public async Task The_scenarios_of_the_shipped_profiles_are_as_expected()
    {
        var junit = Path.Combine(Server.NewFolder("scenarios"), "junit.xml");

        var (code, data, talk) = await Run(
            "run", Path.Combine(Shipped, "tests"), "--profiles", Shipped, "--server-program", typeof(ServerOptions).Assembly.Location, "--junit", junit);

        code.Should().Be(0, talk + data);
        var suites = XDocument.Load(junit).Root!.Elements("testsuite").ToList();
        suites.Select(suite => suite.Attribute("name")!.Value).Should().BeEquivalentTo(Directory.EnumerateFiles(Shipped, "*.yaml").Select(Path.GetFileNameWithoutExtension));
        data.Should().Contain("ok     apple-device: a stolen Mac is blocked").And.NotContain("MISSED");
    }

    [Fact]
    public async Task What_was_missed_is_named_with_file_and_line_and_ends_with_1()
    {
        var file = Path.Combine(Server.NewFolder("missed"), "missed.yaml");
        await File.WriteAllTextAsync(file, """
            profile: apple-device
            tickets: { t: { profile: apple-user-enrollment, attributes: { user: ada } } }
            devices:
              mac: { kind: mac, serial: C02MISSED001, ledger: {} }
              ada: { kind: byod, directory: apple-user-enrollment, ticket: t }
            scenarios:
              - name: right
                steps:
                  - { enroll: mac, expect: { certificate: { subject: "CN=C02*", issuer: "CN=*" }, ledger: active } }
                  - { quarantine: mac, because: somebody looks }
                  - { renew: mac, expect: { refused: { reason: device-quarantined } } }
              - name: it is taken back after the scenario
                steps: [{ enroll: mac }]
              - name: a ticket in another directory
                steps: [{ enroll: ada, expect: { certificate: { subject: "CN=ada, OU={{ticket}}" } } }]
              - name: other fields
                steps:
                  - enroll: mac
                    expect: { certificate: { subject: CN=Nobody, names: [dns:a.example], validity: 1y, key: rsa-2048, extended-key-usage: [], policies: [1.2.3], extensions: [1.2.3.4], without-extensions: [2.5.29.17] } }
              - name: no refusal
                steps: [{ enroll: mac, expect: { refused: {} } }]
              - name: another refusal
                steps: [{ enroll: mac, fault: wrong-serial, expect: { refused: { problem: malformed, reason: other, at: newOrder } } }]
              - name: a refusal that was not expected
                steps: [{ enroll: mac, fault: wrong-serial, expect: { certificate: {} } }]
              - name: no order waits
                steps: [{ enroll: mac, expect: { waiting: true } }]
              - name: another state
                steps: [{ enroll: mac, expect: { ledger: blocked } }]
            """, Cancellation);

        var (code, data, talk) = await Run(
            "run", file, "--server", Server.Url, "--ca", Server.Root, "--admin", Server.AdminUrl, "--admin-token-file", Path.Combine(Server.Data, "admin.token"), "--vendors", Server.Vendors, "--json");

        code.Should().Be(1, talk);
        var results = JsonElement.Parse(data).GetProperty("scenarios").EnumerateArray().ToDictionary(
            result => result.GetProperty("name").GetString()!,
            result => result.GetProperty("missed") is { ValueKind: JsonValueKind.Object } missed ? missed.GetProperty("differences").EnumerateArray().Select(text => text.GetString()!).ToList() : []);
        results.Where(result => result.Value.Count == 0).Select(result => result.Key).Should().BeEquivalentTo(["right", "it is taken back after the scenario", "a ticket in another directory"], talk);
        results["other fields"].Should().SatisfyRespectively(
            difference => difference.Should().Be("subject: expected CN=Nobody, found CN=C02MISSED001"),
            difference => difference.Should().Be("names: expected [dns:a.example], found [permanent-identifier:C02MISSED001]"),
            difference => difference.Should().Be("validity: expected 365d, found 90d"),
            difference => difference.Should().Be("extended-key-usage: expected [], found [client-auth]"),
            difference => difference.Should().Be("policies: expected [1.2.3], found []"),
            difference => difference.Should().Be("key: expected rsa-2048, found ec-p384"),
            difference => difference.Should().StartWith("the certificate has no extension 1.2.3.4"),
            difference => difference.Should().Be("the certificate has an extension 2.5.29.17"));
        results["no refusal"].Should().ContainSingle().Which.Should().StartWith("expected a refusal, found a certificate with subject CN=C02MISSED001");
        results["another refusal"].Should().ContainSingle().Which.Should().StartWith("expected a refusal with malformed, reason other, at newOrder, found badAttestationStatement (identifier-mismatch)");
        results["a refusal that was not expected"].Should().ContainSingle().Which.Should().StartWith("expected no refusal, found badAttestationStatement");
        results["no order waits"].Should().ContainSingle().Which.Should().StartWith("expected an order that waits for an officer, found a certificate");
        results["another state"].Should().ContainSingle().Which.Should().Be("ledger: expected mac to be blocked, found active");
        talk.Should().Contain($"{file}:18: enroll mac: subject: expected CN=Nobody").And.Contain("3 scenarios as expected, 6 missed");
    }

    private static async Task<(int Code, string Data, string Talk)> Run(params string[] arguments)
    {
        using var data = new StringWriter();
        using var talk = new StringWriter();
        var code = await CommandLine.Run(arguments, new Terminal(data, talk), TimeProvider.System);
        return (code, data.ToString(), talk.ToString());
    }
}
