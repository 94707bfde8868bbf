using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

[Needs("dehydrated")]
public sealed class DehydratedTests(RunningServer server) : StockClientTests(server)
{
    [Fact, Spec("RFC 8555 §8.3")]
    public async Task dehydrated_enrolls_renews_and_revokes_over_http_01()
    {
        var client = new Dehydrated(Server, Server.NewFolder("http"), "rsa");
        await using var answers = await WebRoot.Start(client.Answers, Server.Http01Port);

        await EnrollRenewRevoke(client, "http-01", "dehydrated.example", "www.dehydrated.example");
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public Task dehydrated_enrolls_renews_and_revokes_a_name_and_its_wildcard_over_dns_01() =>
        EnrollRenewRevoke(new Dehydrated(Server, Server.NewFolder("dns")), "dns-01", "dns.dehydrated.example", "*.dns.dehydrated.example");

    [Fact, Spec("RFC 8737 §3")]
    public async Task dehydrated_enrolls_renews_and_revokes_over_tls_alpn_01()
    {
        var client = new Dehydrated(Server, Server.NewFolder("alpn"));
        await using var answers = new AlpnFolder(client.Answers, Server.TlsAlpn01Port);

        await EnrollRenewRevoke(client, "tls-alpn-01", "alpn.dehydrated.example");
    }
}
