using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

[Needs("lego")]
public sealed class LegoTests(RunningServer server) : StockClientTests(server)
{
    [Theory, Spec("RFC 8555 §8.3"), InlineData("ec256"), InlineData("rsa2048")]
    public Task lego_enrolls_renews_and_revokes_over_http_01(string key) =>
        EnrollRenewRevoke(new Lego(Server, Server.NewFolder("http-" + key)) { Options = ["--key-type", key] }, "http-01", $"{key}.lego.example", $"www.{key}.lego.example");

    [Fact, Spec("RFC 8555 §8.4")]
    public Task lego_enrolls_renews_and_revokes_a_wildcard_and_its_name_over_dns_01() =>
        EnrollRenewRevoke(new Lego(Server, Server.NewFolder("dns")), "dns-01", "*.dns.lego.example", "dns.lego.example");

    [Fact, Spec("RFC 8737 §3")]
    public Task lego_enrolls_renews_and_revokes_over_tls_alpn_01() =>
        EnrollRenewRevoke(new Lego(Server, Server.NewFolder("alpn")), "tls-alpn-01", "alpn.lego.example");
}
