using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>YubiKeys over HTTP, with the shipped profile.</summary>
public sealed class YubiKeyTests(SharedServer shared)
{
    private const string Serial = "31000001";

    private static readonly YubiKeyMaker YubiKey = new(Simulated.Vendors.YubiKey, Simulated.Now);

    [Theory, Spec("device-attest §5"), InlineData("ec-p256"), InlineData("ec-p384"), InlineData("rsa-2048")]
    public async Task A_YubiKey_gets_a_certificate_for_the_key_in_its_slot(string type)
    {
        using AsymmetricAlgorithm key = type switch
        {
            "rsa-2048" => RSA.Create(2048),
            "ec-p384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            _ => Simulated.NewKey(),
        };
        var order = await Simulated.Order(await shared.Known("yubikey"), Serial);

        (await order.Send(YubiKey.Make(order.Material, key))).State.Should().Be("valid");
        var done = await order.Finalize(key);

        done.State.Should().Be("valid", done.Body);
        using var certificate = X509Certificate2.CreateFromPem((await order.Account.Get((string)done.Json["certificate"]!)).Body);
        certificate.Subject.Should().Be($"CN=YubiKey {Serial}");
        certificate.Extensions["2.5.29.32"].Should().BeNull("the key's residency is proven");
    }

    [Fact]
    public async Task Firmware_4_and_the_newer_hierarchy_are_served_too()
    {
        foreach (var device in new[] { new YubiKeyDevice { Serial = 5970478, Firmware = [4, 3, 5], FormFactor = null }, YubiKeyDevice.Five(33064031) with { Firmware = [5, 7, 4] } })
        {
            using var key = Simulated.NewKey();
            var maker = YubiKey with { Device = device };
            var order = await Simulated.Order(await shared.Known("yubikey"), maker.Make().Identifier);

            (await order.Send(maker.Make(order.Material, key))).State.Should().Be("valid");
            (await order.Finalize(key)).State.Should().Be("valid");
        }
    }

    [Fact]
    public async Task The_key_of_the_request_must_be_the_attested_one()
    {
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(await shared.Known("yubikey"), Serial);
        (await order.Send(YubiKey.With(YubiKeyFault.KeySwap).Make(order.Material, key))).State.Should().Be("valid");

        var refused = await order.Finalize(key);

        refused.ShouldBeProblem("badCSR", 400);
        refused.Reason.Should().Be("csr-key-not-attested");
    }

    [Theory]
    [InlineData(YubiKeyFault.WrongKeyAuthorization, "step-signature-invalid")]
    [InlineData(YubiKeyFault.BareSignature, "step-signature-malformed")]
    [InlineData(YubiKeyFault.Ed25519Key, "step-algorithm-unsupported")]
    [InlineData(YubiKeyFault.ForgedCertificateBelow, "step-chain-extended")]
    [InlineData(YubiKeyFault.OverwrittenAttestationKey, "chain-signature-invalid")]
    [InlineData(YubiKeyFault.NoSerial, "identifier-missing")]
    [InlineData(YubiKeyFault.WrongSerial, "identifier-mismatch")]
    public async Task Wrong_evidence_is_refused_with_its_reason(object fault, string reason)
    {
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(await shared.Known("yubikey"), Serial);

        var answer = await order.Send(YubiKey.With((YubiKeyFault)fault).Make(order.Material, key));

        answer.Status.Should().Be(HttpStatusCode.OK);
        answer.State.Should().Be("invalid");
        ((string?)answer.Json["error"]!["reason"]).Should().Be(reason);
        (await order.States()).Should().Be("invalid invalid invalid");
    }

    [Fact]
    public async Task A_statement_of_another_account_is_no_answer()
    {
        using var key = Simulated.NewKey();
        var victim = await Simulated.Order(await shared.Known("yubikey"), Serial);
        var thief = await Simulated.Order(await shared.Account("yubikey"), Serial);

        // the statement that the victim would send, overheard
        var answer = await thief.Send(YubiKey.Make(Simulated.Material(victim.Account, thief.Challenge), key));

        ((string?)answer.Json["error"]!["reason"]).Should().Be("step-signature-invalid");
    }

    [Theory, Spec("RFC 8555 §7.4"), InlineData("31000001a"), InlineData("-31000001"), InlineData("SERIAL")]
    public async Task What_is_no_serial_number_of_a_YubiKey_cannot_be_ordered(string value) =>
        (await (await shared.Known("yubikey")).Order(("permanent-identifier", value))).ShouldBeProblem("rejectedIdentifier", 400);
}
