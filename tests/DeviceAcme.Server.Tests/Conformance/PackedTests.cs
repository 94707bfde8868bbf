using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Authenticators over HTTP: no profile that ships takes them, so here is one.</summary>
public sealed class PackedTests
{
    private const string ResidencyUnproven = "2.25.160978087150826425668633275131030469711";

    internal const string Profile = """
        name: authenticators
        description: Authenticators of the tests
        accounts:
          external-account-binding: none
        identifiers:
          permanent-identifier:
            challenges: [device-attest-01]
            allow: ["/[0-9a-f]+/"]
            proves: device.serial
        attestation:
          mode: required
          formats: [packed]
          anchors: [packed]
          facts:
            device.manufacturer: "DeviceAcme Simulator (never trust in production)"
        certificate:
          subject: CN={{device.serial}}
          subject-alternative-names: [identifiers]
          keys: [ec-p256]
          key-usage: [digital-signature]
          extended-key-usage: [client-auth]
          validity: 90d
        issuer: default
        """;

    private static readonly PackedMaker Packed = new(Simulated.Vendors.Authenticator, Simulated.Now);

    [Fact, Spec("device-attest §5")]
    public async Task An_authenticator_gets_a_certificate_that_says_that_residency_is_unproven()
    {
        await using var server = await Start();
        using var key = Simulated.NewKey();
        var order = await Order(server);

        (await order.Send(Packed.Make(order.Material, key))).State.Should().Be("valid");
        var done = await order.Finalize(key);

        done.State.Should().Be("valid", done.Body);
        using var certificate = X509Certificate2.CreateFromPem((await order.Account.Get((string)done.Json["certificate"]!)).Body);
        certificate.Subject.Should().Be("CN=51a000000001");
        new AsnReader(certificate.Extensions["2.5.29.32"]!.RawData, AsnEncodingRules.DER).ReadSequence().ReadSequence().ReadObjectIdentifier().Should().Be(ResidencyUnproven);
        await using var context = server.Db.Read();
        (await context.Events.CountAsync(happened => happened.Kind == "attestation.key-residency-unproven", TestContext.Current.CancellationToken)).Should().Be(1);
    }

    [Fact]
    public async Task The_key_of_the_request_must_be_the_one_that_signed()
    {
        await using var server = await Start();
        using var key = Simulated.NewKey();
        var order = await Order(server);

        (await order.Send(Packed.With(PackedFault.KeySwap).Make(order.Material, key))).State.Should().Be("valid");
        (await order.Finalize(key)).ShouldBeProblem("badCSR", 400);
    }

    [Theory]
    [InlineData(PackedFault.SelfAttestation, "packed-self-attestation")]
    [InlineData(PackedFault.NoneFormat, "format-none")]
    [InlineData(PackedFault.BrowserCeremony, "packed-signature-invalid")]
    [InlineData(PackedFault.NoSerial, "identifier-missing")]
    public async Task Wrong_evidence_is_refused_with_its_reason(object fault, string reason)
    {
        await using var server = await Start();
        using var key = Simulated.NewKey();
        var order = await Order(server);

        var answer = await order.Send(Packed.With((PackedFault)fault).Make(order.Material, key));

        answer.State.Should().Be("invalid");
        ((string?)answer.Json["error"]!["reason"]).Should().Be(reason);
    }

    private static Task<TestServer> Start() => TestServer.Start(new Dictionary<string, string> { ["authenticators"] = Profile }, anchors: Simulated.Anchors);

    private static async Task<DeviceOrder> Order(TestServer server)
    {
        var account = new TestAccount(server, "authenticators");
        await account.Register();
        return await Simulated.Order(account, "51a000000001");
    }
}
