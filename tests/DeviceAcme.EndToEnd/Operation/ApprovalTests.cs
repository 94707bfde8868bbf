using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>A client waits, and an officer answers from a terminal.</summary>
public sealed class ApprovalTests(ApprovalServer server) : TestsOnServer(server.Running), IClassFixture<ApprovalServer>
{
    private static readonly string Simulator = Path.Combine(AppContext.BaseDirectory, "device-sim.dll");

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task An_unknown_device_enrolls_while_an_officer_approves_it()
    {
        var enrolling = Enroll("C02APPROVE01");
        var waiting = await Waiting("permanent-identifier C02APPROVE01", "C02APPROVE01");

        (await Admin("order", "list", "--waiting")).ShouldExit(0).Output.Should().Contain("waits for an officer until").And.Contain("C02APPROVE01");
        (await Admin("explain", waiting.Id)).ShouldExit(0).Output.Should().Contain("the order waits for an officer until").And.Contain($"deviceacme order approve {waiting.Id}");
        (await Admin("device", "list", "--state", "pending", "--json")).ShouldExit(0).Output.Should().Contain(waiting.DeviceIds[0]);
        (await Admin("order", "approve", waiting.Id, "--comment", "asked on the phone")).ShouldExit(0).Output.Should().Contain("approved by local");

        (await enrolling).ShouldExit(0).Output.Should().Contain("C02APPROVE01");
        (await Enroll("C02APPROVE01")).ShouldExit(0);
        var certificates = await Read(AdminJson.Default.CertificateList, "certificate", "list", "--device", "C02APPROVE01");
        certificates.Certificates.Should().HaveCount(2, "the second time nobody was asked").And.OnlyContain(certificate => certificate.DeviceId == waiting.DeviceIds[0]);
        var order = await Read(AdminJson.Default.OrderRecord, "order", "show", waiting.Id);
        order.Status.Should().Be("valid");
        order.EvidenceIds.Should().HaveCount(3, "the challenge, the finalize, and the judgement when it was issued");
        var account = await Read(AdminJson.Default.AccountRecord, "account", "show", order.AccountId);
        account.DeviceIds.Should().Equal(waiting.DeviceIds);
        account.CertificateIds.Should().Contain(order.CertificateId!);
        (await Admin("explain", waiting.Id)).ShouldExit(0).Output.Should().Contain("local approved it: asked on the phone").And.Contain("the certificate was issued");
    }

    [Fact]
    public async Task A_refused_device_is_told_why()
    {
        var enrolling = Enroll("C02REFUSED01");
        var waiting = await Waiting("permanent-identifier C02REFUSED01", "C02REFUSED01");

        (await Admin("order", "refuse", waiting.Id, "--reason", "not one of ours", "--block-device")).ShouldExit(0);

        (await enrolling).ShouldExit(1).Error.Should().Contain("not one of ours");
        (await Admin("device", "list", "--state", "blocked", "--json")).ShouldExit(0).Output.Should().Contain(waiting.DeviceIds[0]);
        (await Admin("order", "approve", waiting.Id)).ShouldExit(1).Error.Should().Contain("local refused it").And.Contain("deviceacme: hint: ");
        (await Admin("order", "approve", "nowhere")).ShouldExit(1).Error.Should().Contain("deviceacme order list");
        (await Admin("order", "refuse", waiting.Id)).ShouldExit(2).Error.Should().Contain("--reason");
        (await Admin("audit", "list", "--order", waiting.Id, "--json")).ShouldExit(0).Output.Should().Contain("order.refused").And.Contain("approval-refused");
    }

    [Fact]
    public async Task A_scenario_plays_the_officer_too()
    {
        var (code, results, talk) = await Play("""
            profile: apple-device
            devices:
              in: { kind: mac, serial: C02SCENARIN1 }
              out: { kind: mac, serial: C02SCENAROUT }
              late: { kind: mac, serial: C02SCENARLAT }
            scenarios:
              - name: let in
                steps:
                  - { enroll: in, expect: { waiting: true, ledger: pending } }
                  - { approve: in, because: asked on the phone }
                  - { collect: in, expect: { certificate: { subject: CN=C02SCENARIN1 }, ledger: active } }
                  - { renew: in, expect: { certificate: {} } }
              - name: kept out
                steps:
                  - { enroll: out, expect: { waiting: true } }
                  - { refuse: out, because: not one of ours }
                  - { collect: out, expect: { refused: { problem: unauthorized, reason: approval-refused } } }
              - name: nothing to collect
                steps: [{ collect: late }]
              - name: nothing to approve
                steps: [{ approve: late }]
              - name: approved twice
                steps:
                  - { enroll: late, expect: { waiting: true } }
                  - { approve: late }
                  - { collect: late }
                  - { approve: late }
            """);

        code.Should().Be(1, talk);
        results.Where(result => result.Value is null).Select(result => result.Key).Should().Equal(["let in", "kept out"], talk);
        results["nothing to collect"].Should().Be("late has no order that waits");
        results["nothing to approve"].Should().Be("late has no order yet");
        results["approved twice"].Should().StartWith("expected no refusal, found ");
        (await Admin("audit", "list", "--json")).ShouldExit(0).Output.Should().Contain("asked on the phone").And.Contain("not one of ours");
    }

    [Fact, Needs("lego"), Needs("openssl"), Spec("RFC 8555 §7.1.6")]
    public async Task lego_waits_through_processing_until_the_officer_agrees()
    {
        var folder = Server.NewFolder("lego");
        var enrolling = new Lego(Server, folder) { Options = ["--cert.timeout", "100"] }.Enroll("http-01", "wait.lego.example");
        var waiting = await Waiting("dns wait.lego.example", null);

        (await Admin("order", "approve", waiting.Id)).ShouldExit(0);

        await enrolling;
        var issued = await IssuedCertificate.Read(Path.Combine(folder, "certificates", "wait.lego.example.crt"));
        issued.Names.Should().Equal("wait.lego.example");
        var stored = await Read(AdminJson.Default.CertificateList, "certificate", "list", "--order", waiting.Id);
        var id = stored.Certificates.Should().ContainSingle().Subject.Id;
        (await Admin("certificate", "show", id, "--pem")).ShouldExit(0).Output.Should().StartWith("-----BEGIN CERTIFICATE-----");

        (await Admin("certificate", "revoke", id, "--reason", "superseded")).ShouldExit(0).Output.Should().Contain("revoked");
        (await issued.SerialsOnCrl()).Should().Contain(issued.Serial);
        (await Admin("certificate", "revoke", id)).ShouldExit(1).Error.Should().Contain("revoked already");
        (await Admin("account", "deactivate", waiting.AccountId, "--reason", "the host is gone")).ShouldExit(0).Output.Should().Contain("revoked");
        (await Admin("account", "list", "--status", "revoked")).ShouldExit(0).Output.Should().Contain(waiting.AccountId);
    }

    // by name: what was missed first; null where all was as expected
    private async Task<(int Code, IReadOnlyDictionary<string, string?> Results, string Talk)> Play(string scenarios)
    {
        var file = Path.Combine(Server.NewFolder("scenarios"), "officer.yaml");
        await File.WriteAllTextAsync(file, scenarios, Cancellation);
        using var data = new StringWriter();
        using var talk = new StringWriter();
        var code = await CommandLine.Run(["run", file, "--data", Server.Data, "--vendors", Server.Vendors, "--json"], new Terminal(data, talk), TimeProvider.System);
        var results = JsonElement.Parse(data.ToString()).GetProperty("scenarios").EnumerateArray().ToDictionary(
            result => result.GetProperty("name").GetString()!,
            result => result.GetProperty("missed") is { ValueKind: JsonValueKind.Object } missed ? missed.GetProperty("differences")[0].GetString() : null);
        return (code, results, talk.ToString());
    }

    private async Task<OrderEntry> Waiting(string identifier, string? device)
    {
        while (true)
        {
            var list = await Read(AdminJson.Default.OrderList, ["order", "list", "--waiting", .. device is null ? Array.Empty<string>() : ["--device", device]]);
            if (list.Orders.FirstOrDefault(order => $"{order.Identifiers[0].Type} {order.Identifiers[0].Value}" == identifier) is { } found)
            {
                return found;
            }

            await Task.Delay(200, Cancellation);
        }
    }

    private Task<ProgramResult> Enroll(string serial) => Programs.Run(
        Simulator,
        [
            "enroll", "--kind", "mac", "--directory", $"{Server.Url}/acme/apple-device/directory", "--ca", Server.Root, "--vendors", Server.Vendors,
            "--out", Server.NewFolder(serial), "--serial", serial,
        ]);

    private async Task<T> Read<T>(JsonTypeInfo<T> type, params string[] arguments) =>
        JsonSerializer.Deserialize((await Admin([.. arguments, "--json"])).ShouldExit(0).Output, type)!;

    private Task<ProgramResult> Admin(params string[] arguments) => DeviceAcmeProgram.Run([.. arguments, "--data", Server.Data]);
}
