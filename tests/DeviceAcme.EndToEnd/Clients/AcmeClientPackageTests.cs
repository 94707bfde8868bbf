using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

[Needs("npm")]
public sealed class AcmeClientPackageTests(RunningServer server) : StockClientTests(server), IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await AcmeClientPackage.Install();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact, Spec("RFC 8555 §8.3")]
    public async Task acme_client_enrolls_renews_and_revokes_over_http_01()
    {
        var client = new AcmeClientPackage(Server, Server.NewFolder("http"));
        await using var answers = await WebRoot.Start(client.Answers, Server.Http01Port);

        await EnrollRenewRevoke(client, "http-01", "node.example", "www.node.example");
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public Task acme_client_enrolls_renews_and_revokes_a_name_and_its_wildcard_over_dns_01() =>
        EnrollRenewRevoke(new AcmeClientPackage(Server, Server.NewFolder("dns")), "dns-01", "dns.node.example", "*.dns.node.example");

    [Fact, Spec("RFC 8737 §3")]
    public async Task acme_client_enrolls_renews_and_revokes_over_tls_alpn_01()
    {
        var client = new AcmeClientPackage(Server, Server.NewFolder("alpn"));
        await using var answers = new AlpnFolder(client.Answers, Server.TlsAlpn01Port);

        await EnrollRenewRevoke(client, "tls-alpn-01", "alpn.node.example");
    }
}
