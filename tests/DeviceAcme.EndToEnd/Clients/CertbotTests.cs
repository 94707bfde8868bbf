using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

[Needs("certbot")]
public sealed class CertbotTests(RunningServer server) : StockClientTests(server)
{
    [Fact, Spec("RFC 8555 §8.3")]
    public Task certbot_enrolls_renews_and_revokes_over_http_01() =>
        EnrollRenewRevoke(new Certbot(Server, Server.NewFolder("http")), "http-01", "certbot.example", "www.certbot.example");

    [Fact, Spec("RFC 8555 §8.4")]
    public Task certbot_enrolls_renews_and_revokes_a_name_and_its_wildcard_over_dns_01() =>
        EnrollRenewRevoke(new Certbot(Server, Server.NewFolder("dns")) { Options = ["--key-type", "rsa"] }, "dns-01", "dns.certbot.example", "*.dns.certbot.example");
}
