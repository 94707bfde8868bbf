using System.Net;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Tests.Network;
using FluentAssertions;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>A receiver over TLS: who may it be, and who are we.</summary>
public sealed class WebhookTlsTests
{
    private static readonly X509Certificate2 Localhost = TestTls.SelfSigned("CN=receiver", TestTls.Names(names => names.AddIpAddress(IPAddress.Loopback)));
    private static readonly X509Certificate2 Client = TestTls.SelfSigned("CN=our server");

    [Fact]
    public async Task A_receiver_whose_CA_the_profile_names_sees_our_certificate()
    {
        var receiver = await Receiver.Start(Localhost, tls =>
        {
            tls.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            tls.AllowAnyClientCertificate();
        });
        await using var server = await WebhookServer.Start("challenge", "ca: receiver, client-certificate: ours", receiver: receiver, secrets: folder =>
        {
            File.WriteAllText(Path.Combine(folder, "receiver.pem"), Localhost.ExportCertificatePem());
            File.WriteAllText(Path.Combine(folder, "ours.pem"), $"{Client.ExportCertificatePem()}\n{Client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}\n");
        });

        (await server.Challenge()).Answer.State.Should().Be("valid");

        receiver.All.Single().Client.Should().Be("CN=our server");
    }

    [Fact]
    public async Task A_receiver_that_nobody_vouches_for_is_not_asked()
    {
        var receiver = await Receiver.Start(Localhost);
        await using var server = await WebhookServer.Start("challenge", "retries: 0", receiver: receiver);

        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-unavailable");

        receiver.All.Should().BeEmpty();
        (await server.Deliveries()).Single().Detail.Should().Contain("certificate");
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_not_trusted_although_its_CA_is()
    {
        var other = TestTls.SelfSigned("CN=receiver", TestTls.Names(names => names.AddDnsName("receiver.example")));
        var receiver = await Receiver.Start(other);
        await using var server = await WebhookServer.Start(
            "challenge", "retries: 0, ca: receiver", receiver: receiver, secrets: folder => File.WriteAllText(Path.Combine(folder, "receiver.pem"), other.ExportCertificatePem()));

        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-unavailable");

        receiver.All.Should().BeEmpty();
    }
}
