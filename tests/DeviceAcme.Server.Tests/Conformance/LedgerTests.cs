using System.Text;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Storage;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Genuine is not enough: the ledger decides who is served, at each step of an enrollment.</summary>
public sealed class LedgerTests : IAsyncLifetime
{
    private const string WithLedger = """
        name: with-ledger
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation:
          mode: required
          formats: [apple]
          anchors: [apple]
          facts: { ledger.group.staff: "true" }
        devices: { unknown: refuse }
        certificate:
          subject: CN={{ledger.owner}}, OU={{ledger.cost-center|none}}
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    private TestServer? _server;

    private TestServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(
        new Dictionary<string, string> { ["with-ledger"] = WithLedger, ["open"] = WithLedger.Replace("with-ledger", "open").Replace("unknown: refuse", "unknown: register").Replace("  facts: { ledger.group.staff: \"true\" }\n", "").Replace("  subject: CN={{ledger.owner}}, OU={{ledger.cost-center|none}}\n", "") },
        anchors: Simulated.Anchors, ledger: true);

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_genuine_device_that_the_ledger_does_not_have_is_refused_and_stays_unknown()
    {
        var (_, answer, _) = await Challenge("apple-device");

        answer.State.Should().Be("invalid");
        ((string)answer.Json["error"]!["reason"]!).Should().Be("device-unknown");
        ((string)answer.Json["error"]!["type"]!).Should().EndWith(":unauthorized");
        await using var context = Server.Db.Read();
        context.Devices.Should().BeEmpty();
    }

    [Theory]
    [InlineData("serial")]
    [InlineData("permanent-identifier")]
    public async Task An_expected_device_enrolls_and_is_active_from_then_on(string kind)
    {
        await Import($$$"""[{"identifiers":{"{{{kind}}}":"{{{Simulated.Serial}}}"}}]""");

        (await Enroll("apple-device")).Should().Be("valid");

        var device = Devices().Should().ContainSingle().Subject;
        device.State.Should().Be(DeviceState.Active);
        device.LastSeenAt.Should().Be(Simulated.Now);
        await using var context = Server.Db.Read();
        context.Events.Where(e => e.Device == device.Id).Select(e => e.Kind).ToList().Should().Equal("device.added", "device.activated");
        context.Certificates.Single().Device.Should().Be(device.Id);
        context.Authorizations.Single().Device.Should().Be(device.Id);
        context.DeviceIdentifiers.Where(name => name.Device == device.Id).Select(name => name.Kind).ToList().Should().Contain(["serial", "udid", "permanent-identifier"]);
    }

    [Theory]
    [InlineData("blocked", "device-blocked")]
    [InlineData("quarantined", "device-quarantined")]
    [InlineData("retired", "device-retired")]
    public async Task Something_held_against_a_device_stops_it_at_the_order_at_the_challenge_and_at_finalize(string state, string reason)
    {
        await Import(Known("expected"));
        var account = await Account("apple-device");
        var (orderedBefore, provenBefore) = (await Simulated.Order(account, Simulated.Serial), await Simulated.Order(account, Simulated.Serial));
        var evidence = Simulated.Apple.Make(provenBefore.Material, Simulated.NewKey());
        (await provenBefore.Send(evidence)).State.Should().Be("valid");

        await Import(Known(state));

        ((string)(await account.Order(("permanent-identifier", Simulated.Serial))).Json["reason"]!).Should().Be(reason);
        var answer = await orderedBefore.Send(Simulated.Apple.Make(orderedBefore.Material, Simulated.NewKey()));
        ((string)answer.Json["error"]!["reason"]!).Should().Be(reason);
        ((string)(await provenBefore.Finalize(evidence.Key)).Json["reason"]!).Should().Be(reason);
        await using var context = Server.Db.Read();
        context.Certificates.Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_held_against_a_device_does_not_tell_who_is_known()
    {
        var account = await Account("apple-device");

        (await account.Order(("permanent-identifier", "C02NOTKNOWN1"))).Status.Should().Be(System.Net.HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_profile_that_registers_takes_whoever_comes_into_the_ledger()
    {
        (await Enroll("open")).Should().Be("valid");

        Devices().Should().ContainSingle().Which.State.Should().Be(DeviceState.Active);
        (await Enroll("apple-device")).Should().Be("valid", "the ledger knows it now");
    }

    [Fact]
    public async Task Two_devices_of_the_ledger_with_the_names_of_one_are_a_refusal()
    {
        await Import("""[{"identifiers":{"serial":"C02SIM000001"}},{"identifiers":{"permanent-identifier":"C02SIM000001"}}]""");

        ((string)(await Challenge("apple-device")).Answer.Json["error"]!["reason"]!).Should().Be("device-ambiguous");
    }

    [Fact]
    public async Task Attributes_and_groups_fill_templates_and_answer_rules()
    {
        await Import("""[{"identifiers":{"serial":"C02SIM000001"},"owner":"Ada","attributes":{"cost-center":"4711"},"groups":["guests"]}]""");
        ((string)(await Challenge("with-ledger")).Answer.Json["error"]!["reason"]!).Should().Be("fact-absent", "the rule asks for another group");

        await Import("""[{"identifiers":{"serial":"C02SIM000001"},"groups":["staff"]}]""");
        (await Enroll("with-ledger")).Should().Be("valid");

        await using var context = Server.Db.Read();
        using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(context.Certificates.Single().Certificate);
        certificate.Subject.Should().Be("CN=Ada, OU=4711");
        context.Authorizations.Where(row => row.Facts != null).AsEnumerable().Should().OnlyContain(row => !row.Facts!.Contains("ledger."), "the ledger is asked anew at each step");
    }

    private static string Known(string state) => $$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"state":"{{{state}}}"}]""";

    private List<Device> Devices()
    {
        using var context = Server.Db.Read();
        return [.. context.Devices];
    }

    private async Task Import(string json)
    {
        var result = await Server.Services.GetRequiredService<DeviceImport>().Run(
            Inventory.Read(Encoding.UTF8.GetBytes(json)), "test", "test", false, null, TestContext.Current.CancellationToken);
        result.Mistakes.Should().BeEmpty();
    }

    private async Task<TestAccount> Account(string profile)
    {
        var account = new TestAccount(Server, profile);
        await account.Register();
        return account;
    }

    private async Task<(DeviceOrder Order, TestReply Answer, MadeEvidence Evidence)> Challenge(string profile)
    {
        var order = await Simulated.Order(await Account(profile), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        return (order, await order.Send(evidence), evidence);
    }

    private async Task<string> Enroll(string profile)
    {
        var (order, answer, evidence) = await Challenge(profile);
        answer.State.Should().Be("valid", answer.Json.ToJsonString());
        var finalized = await order.Finalize(evidence.Key);
        return (string?)finalized.Json["status"] ?? finalized.Json.ToJsonString();
    }
}
