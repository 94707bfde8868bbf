using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

public sealed class ObserveModeTests
{
    private const string Profile = """
        name: observed
        identifiers:
          permanent-identifier:
            challenges: [device-attest-01]
            allow: ["*"]
            proves: device.serial
        attestation:
          mode: observe
          formats: [apple]
          anchors: [apple]
        certificate:
          subject-alternative-names:
            - permanent-identifier: "{{identifier}}"
          keys: [ec-p256]
          key-usage: [digital-signature]
          extended-key-usage: [client-auth]
          validity: 90d
        issuer: default
        """;

    [Fact, Spec("product: four bindings")]
    public async Task Refused_evidence_is_let_through_and_certificate_and_history_say_so()
    {
        await using var server = await TestServer.Start(new Dictionary<string, string> { ["observed"] = Profile });
        var account = new TestAccount(server, "observed");
        await account.Register();
        var order = await account.Order(("permanent-identifier", "C02OBSERVED"));
        var authorization = await account.Get((string)order.Json["authorizations"]![0]!);

        var answer = await account.Post((string)authorization.Json["challenges"]![0]!["url"]!, """{"attObj":"e30"}""");

        ((string?)answer.Json["status"]).Should().Be("valid", answer.Body);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var done = await account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key)}}"}""");
        done.Status.Should().Be(HttpStatusCode.OK, done.Body);
        using var certificate = X509Certificate2.CreateFromPem((await account.Get((string)done.Json["certificate"]!)).Body);
        certificate.Extensions["2.5.29.32"]!.RawData.Should().NotBeEmpty("the certificate says that its identifier is not proven");
        await using var context = server.Db.Read();
        (await context.Events.Where(happened => happened.Kind == "attestation.observed").Select(happened => happened.Reason).ToListAsync(TestContext.Current.CancellationToken))
            .Should().Equal("attestation-empty-object");
        (await context.Evidence.Where(evidence => evidence.Kind == "challenge").Select(evidence => evidence.Accepted).ToListAsync(TestContext.Current.CancellationToken)).Should().Equal(false);
        (await context.Devices.CountAsync(TestContext.Current.CancellationToken)).Should().Be(0, "unproven evidence makes no device known");
    }
}
