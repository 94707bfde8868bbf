using System.Net;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

public sealed class FirstEnrollmentTests
{
    [Fact, Spec("RFC 8555 §7.4")]
    public async Task A_dns_name_is_enrolled_with_http_01()
    {
        await using var server = await TestServer.Start();
        var account = new TestAccount(server);
        (await account.Register()).Status.Should().Be(HttpStatusCode.Created);

        var order = await account.Enroll("host.example");

        ((string?)order.Json["status"]).Should().Be("valid", order.Body);
        var chain = await account.Get((string)order.Json["certificate"]!);
        chain.ContentType.Should().Be("application/pem-certificate-chain");
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(chain.Body);
        certificates.Count.Should().BeGreaterThan(1);
        certificates[0].MatchesHostname("host.example").Should().BeTrue();
    }
}
