using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Devices with birth certificates over HTTP, with the shipped profile and the terms of its anchors.</summary>
public sealed class IdevidTests
{
    private const string ResidencyUnproven = "2.25.160978087150826425668633275131030469711";

    private static readonly IdevidMaker Printer = new(IdevidDevice.Printer(Simulated.Vendors.Idevid), Simulated.Now);
    private static readonly IdevidMaker Module = new(IdevidDevice.IotModule(Simulated.Vendors.Idevid), Simulated.Now);

    [Theory, Spec("device-attest §4"), InlineData("printer"), InlineData("iot")]
    public async Task A_device_gets_a_local_certificate_that_says_what_was_not_proven(string kind)
    {
        var maker = kind == "printer" ? Printer : Module;
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        using var key = Simulated.NewKey();
        var order = await Order(server, maker.Device.Identifier);

        (await order.Send(maker.Make(order.Material, key))).State.Should().Be("valid");
        var done = await order.Finalize(key);

        done.State.Should().Be("valid", done.Body);
        using var certificate = X509Certificate2.CreateFromPem((await order.Account.Get((string)done.Json["certificate"]!)).Body);
        certificate.Subject.Should().Be("CN=" + maker.Device.SerialNumber);
        Policies(certificate).Should().Equal(ResidencyUnproven);
        await using var context = server.Db.Read();
        (await context.Events.Where(happened => happened.Kind.StartsWith("attestation.")).Select(happened => happened.Kind).ToListAsync(TestContext.Current.CancellationToken))
            .Should().Equal("attestation.key-residency-unproven");
        (await context.Evidence.SingleAsync(evidence => evidence.Kind == "challenge", TestContext.Current.CancellationToken)).Verdict.Should().Contain("origin-only");
        (await context.Devices.SingleAsync(TestContext.Current.CancellationToken)).IdentifierValue.Should().Be(maker.Device.Identifier);
    }

    [Fact, Spec("device-attest §3")]
    public async Task A_printer_may_order_the_serial_number_on_its_label()
    {
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        using var key = Simulated.NewKey();
        var order = await Order(server, "SIMPRINTER01", "permanent-identifier");

        (await order.Send(Printer.Make(order.Material, key))).State.Should().Be("valid");
        (await order.Finalize(key)).State.Should().Be("valid");
    }

    [Fact]
    public async Task The_key_of_the_request_must_be_the_signed_one()
    {
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        using var key = Simulated.NewKey();
        var order = await Order(server, Printer.Device.Identifier);

        (await order.Send(Printer.With(IdevidFault.KeySwap).Make(order.Material, key))).State.Should().Be("valid");
        (await order.Finalize(key)).ShouldBeProblem("badCSR", 400);
    }

    [Theory]
    [InlineData(IdevidFault.WrongChallenge, "idevid-signature-invalid")]
    [InlineData(IdevidFault.ExchangedKey, "idevid-signature-invalid")]
    [InlineData(IdevidFault.NoIdentifier, "identifier-missing")]
    public async Task Wrong_evidence_is_refused_with_its_reason(object fault, string reason)
    {
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        using var key = Simulated.NewKey();
        var order = await Order(server, Printer.Device.Identifier);

        var answer = await order.Send(Printer.With((IdevidFault)fault).Make(order.Material, key));

        answer.Status.Should().Be(HttpStatusCode.OK);
        answer.State.Should().Be("invalid");
        ((string?)answer.Json["error"]!["reason"]).Should().Be(reason);
    }

    private static async Task<DeviceOrder> Order(TestServer server, string value, string type = "hardware-module")
    {
        var account = new TestAccount(server, "iot-idevid");
        await account.Register();
        return await Simulated.Order(account, value, type);
    }

    private static List<string> Policies(X509Certificate2 certificate)
    {
        var policies = new List<string>();
        var list = new AsnReader(certificate.Extensions["2.5.29.32"]!.RawData, AsnEncodingRules.DER).ReadSequence();
        while (list.HasData)
        {
            policies.Add(list.ReadSequence().ReadObjectIdentifier());
        }

        return policies;
    }
}
