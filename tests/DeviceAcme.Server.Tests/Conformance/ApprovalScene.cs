using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Workers;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>A server whose profiles ask an officer, and what client and officer do with it.</summary>
public abstract class ApprovalScene : IAsyncLifetime
{
    private protected const string Approve = """
        name: approve
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation: { mode: required, formats: [apple], anchors: [apple] }
        devices: { unknown: approve }
        certificate:
          subject: CN={{identifier}}, OU={{ledger.state}}
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    private static readonly string Required = Approve.Replace("name: approve", "name: required").Replace("unknown: approve }", "unknown: register }\napproval: required");

    private AdminServer? _server;

    private protected AdminServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await AdminServer.Start(new Dictionary<string, string>
    {
        ["approve"] = Approve,
        ["required"] = Required,
        ["once"] = Required.Replace("name: required", "name: once").Replace("approval: required", "approval: { mode: required, counts-for: none, expires: 2h }"),
        ["strict"] = Approve.Replace("name: approve", "name: strict").Replace("unknown: approve", "unknown: refuse"),
        ["owned"] = Approve.Replace("name: approve", "name: owned").Replace("OU={{ledger.state}}", "OU={{ledger.owner}}"),
        ["forgetful"] = Approve.Replace("name: approve", "name: forgetful").Replace("CN={{identifier}}", "CN={{device.serial}}") + "\nevidence: { keep: none }\n",
        ["one"] = """
            name: one
            identifiers: { dns: { challenges: [http-01], caa: false } }
            accounts: { limits: { certificates: 1 } }
            approval: required
            certificate: { keys: [ec-p256], extended-key-usage: [server-auth], validity: 30d }
            """,
        ["names"] = """
            name: names
            identifiers: { dns: { challenges: [http-01] } }
            approval: required
            certificate: { keys: [ec-p256], extended-key-usage: [server-auth], validity: 30d }
            """,
    });

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private protected IssuanceWorker Worker => Server.Server.Services.GetRequiredService<IssuanceWorker>();

    private protected async Task<(DeviceOrder Order, ECDsa Key, TestReply Finalized)> Enroll(string profile)
    {
        var account = await Server.Account(profile);
        var order = await Simulated.Order(account, Simulated.Serial);
        var key = Simulated.NewKey();
        (await order.Send(Simulated.Apple.Make(order.Material, key))).State.Should().Be("valid");
        return (order, key, await order.Finalize(key));
    }

    private protected static string Id(DeviceOrder order) => IdOf(order.Url);

    private protected static string IdOf(string url) => url[(url.LastIndexOf('/') + 1)..];

    private protected Task<OrderRecord> ApproveIt(string id) => Server.Post($"/admin/v1/orders/{id}/approve", new OrderApproval(), AdminJson.Default.OrderApproval, AdminJson.Default.OrderRecord);

    private protected Task<OrderRecord> RefuseIt(string id, string reason, string device) =>
        Server.Post($"/admin/v1/orders/{id}/refuse", new OrderRefusal { Reason = reason, Device = device }, AdminJson.Default.OrderRefusal, AdminJson.Default.OrderRecord);

    private protected Task<OrderRecord> Show(string id) => Server.Get($"/admin/v1/orders/{id}", AdminJson.Default.OrderRecord);

    private protected List<Device> Devices()
    {
        using var context = Server.Server.Db.Read();
        return [.. context.Devices];
    }

    private protected X509Certificate2 Certificate()
    {
        using var context = Server.Server.Db.Read();
        return X509CertificateLoader.LoadCertificate(context.Certificates.Single().Certificate);
    }

    private protected async Task<IReadOnlyList<string>> Kinds(string order)
    {
        await using var context = Server.Server.Db.Read();
        return [.. context.Events.Where(happened => happened.Order == new Core.OrderId(order)).OrderBy(happened => happened.Sequence).Select(happened => happened.Kind)];
    }

    private protected async Task Import(string state, string owner = "") => (await Server.Server.Services.GetRequiredService<DeviceImport>().Run(
            Inventory.Read(Encoding.UTF8.GetBytes($$"""[{"identifiers":{"serial":"{{Simulated.Serial}}"},"state":"{{state}}","owner":"{{owner}}"}]""")), "test", "test", false, null, TestContext.Current.CancellationToken))
        .Mistakes.Should().BeEmpty();
}
