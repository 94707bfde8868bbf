using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>A server with a profile that asks a receiver.</summary>
internal sealed class WebhookServer : IAsyncDisposable
{
    public const string Profile = "asks";

    private WebhookServer(Receiver receiver, TestServer server) => (Receiver, Server) = (receiver, server);

    public Receiver Receiver { get; }

    public TestServer Server { get; }

    /// <param name="at">When the profile asks.</param>
    /// <param name="more">More lines of the webhook, for example <c>on-failure: allow</c>.</param>
    /// <param name="profile">Changes the profile's text.</param>
    public static async Task<WebhookServer> Start(string at, string more = "", Func<string, string>? profile = null, Receiver? receiver = null, Action<string>? secrets = null, bool ledger = false)
    {
        receiver ??= await Receiver.Start();
        var text = $$$"""
            name: {{{Profile}}}
            identifiers:
              permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
            attestation:
              mode: required
              formats: [apple]
              anchors: [apple]
            devices: { unknown: {{{(ledger ? "refuse" : "register")}}} }
            webhooks:
              - { name: cmdb, url: {{{receiver.Url}}}, at: {{{at}}}, secret: cmdb{{{(more.Length == 0 ? "" : ", " + more)}}}{{{(more.Contains("timeout", StringComparison.Ordinal) ? "" : ", timeout: 8s")}}} }
            certificate:
              subject: CN={{device.serial}}, OU={{webhook.cmdb.department|none}}
              keys: [ec-p256]
              extended-key-usage: [client-auth]
              validity: 90d
            """;
        var server = await TestServer.Start(
            new Dictionary<string, string> { [Profile] = profile?.Invoke(text) ?? text },
            options =>
            {
                var folder = Path.Combine(options.DataDirectory, "secrets");
                Directory.CreateDirectory(folder);
                File.WriteAllText(Path.Combine(folder, "cmdb"), Receiver.Secret + "\n");
                secrets?.Invoke(folder);
                return options;
            },
            Simulated.Anchors);
        return new WebhookServer(receiver, server);
    }

    /// <summary>The answer to a challenge with good evidence.</summary>
    public async Task<(DeviceOrder Order, TestReply Answer, MadeEvidence Evidence)> Challenge()
    {
        var account = new TestAccount(Server, Profile);
        await account.Register();
        var order = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        return (order, await order.Send(evidence), evidence);
    }

    /// <summary>A whole enrollment: the answer to finalize.</summary>
    public async Task<TestReply> Enroll()
    {
        var (order, answer, evidence) = await Challenge();
        return answer.State == "valid" ? await order.Finalize(evidence.Key) : answer;
    }

    public async Task<IReadOnlyList<StoredDelivery>> Deliveries()
    {
        await using var context = Server.Db.Read();
        return await context.WebhookDeliveries.OrderBy(row => row.Sequence).ToListAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
