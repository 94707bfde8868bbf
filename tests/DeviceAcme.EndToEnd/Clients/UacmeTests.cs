using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

[Needs("uacme")]
public sealed class UacmeTests(RunningServer server) : StockClientTests(server)
{
    [Fact, Spec("RFC 8555 §8.3")]
    public async Task uacme_enrolls_renews_and_revokes_over_http_01()
    {
        var client = new Uacme(Server, Server.NewFolder("http"));
        await using var answers = await WebRoot.Start(client.Answers, Server.Http01Port);

        await EnrollRenewRevoke(client, "http-01", "uacme.example", "www.uacme.example");
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public Task uacme_enrolls_renews_and_revokes_a_name_and_its_wildcard_over_dns_01() =>
        EnrollRenewRevoke(new Uacme(Server, Server.NewFolder("dns")), "dns-01", "dns.uacme.example", "*.dns.uacme.example");

    [Fact, Spec("RFC 8738 §3")]
    public async Task uacme_enrolls_renews_and_revokes_an_address_over_http_01()
    {
        var client = new Uacme(Server, Server.NewFolder("address"));
        await using var answers = await WebRoot.Start(client.Answers, Server.Http01Port);

        await EnrollRenewRevoke(client, "http-01", "127.0.0.1");
    }

    [Fact, Spec("RFC 8737 §3")]
    public async Task uacme_enrolls_renews_and_revokes_over_tls_alpn_01()
    {
        var client = new Uacme(Server, Server.NewFolder("alpn"));
        await using var answers = await client.StartUalpn();

        await EnrollRenewRevoke(client, "tls-alpn-01", "alpn.uacme.example");
    }
}
