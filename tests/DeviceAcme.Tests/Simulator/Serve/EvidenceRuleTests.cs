using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Serve.Judging;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator.Serve;

/// <summary>Rules about evidence, with the simulator's own makers as devices that are right and as devices that are not.</summary>
public sealed class EvidenceRuleTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly FakeVendors Vendors = new("tests");
    private static readonly ChallengeMaterial Material = new(PlayedClient.Token, $"{PlayedClient.Token}.{PlayedClient.AccountJwk.Thumbprint}");

    private static readonly Dictionary<string, Func<ChallengeMaterial, ECDsa, MadeEvidence>> Makers = new()
    {
        ["apple"] = (material, key) => new AppleMaker(Vendors.Apple, Now).Make(material, key),
        ["tpm"] = (material, key) => new TpmMaker(new FakeTpm(Vendors.Tpm), Now).Make(material, key),
        ["android"] = (material, key) => new AndroidMaker(Vendors.Android, Now).Make(material, key),
        ["printer"] = (material, key) => new IdevidMaker(IdevidDevice.Printer(Vendors.Idevid, "SIMPRINTER01"), Now).Make(material, key),
        ["iot"] = (material, key) => new IdevidMaker(IdevidDevice.IotModule(Vendors.Idevid, "SIMMODULE001"), Now).Make(material, key),
        ["yubikey"] = (material, key) => new YubiKeyMaker(Vendors.YubiKey, Now).Make(material, key),
    };

    public static TheoryData<string> Formats => [.. Makers.Keys];

    [Theory, Spec("device-attest §5"), MemberData(nameof(Formats))]
    public void Evidence_for_this_challenge_and_a_request_for_its_key_pass(string format)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var results = Judge(Makers[format](Material, key).Payload, key);

        foreach (var rule in (string[])["permanent-identifier", "attestation-object", "no-authenticator-data", "evidence-is-for-the-challenge", "csr-key-is-attested-key"])
        {
            results[rule].Mark.Should().Be(Mark.Pass, rule);
        }
    }

    [Theory, Spec("device-attest §5"), MemberData(nameof(Formats))]
    public void Evidence_for_another_challenge_fails(string format)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Fails(Judge(Makers[format](ChallengeMaterial.Sample with { Token = "x" + PlayedClient.Token, KeyAuthorization = "x" + Material.KeyAuthorization }, key).Payload, key)).Should().Equal("evidence-is-for-the-challenge");
    }

    [Theory, Spec("device-attest §5"), MemberData(nameof(Formats))]
    public void A_request_for_another_key_fails(string format)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Fails(Judge(Makers[format](Material, key).Payload, other)).Should().Equal("csr-key-is-attested-key");
    }

    [Fact, Spec("device-attest §5")]
    public void The_key_authorization_where_the_token_is_due_fails()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var confused = Material with { Token = Material.KeyAuthorization };

        Fails(Judge(new AppleMaker(Vendors.Apple, Now).Make(confused, key).Payload, key)).Should().Equal("evidence-is-for-the-challenge");
    }

    [Fact, Spec("device-attest §5")]
    public void Authenticator_data_is_a_SHOULD()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Judge(new AppleMaker(Vendors.Apple, Now).With(AppleFault.WebAuthnApple).Make(Material, key).Payload, key)["no-authenticator-data"].Mark.Should().Be(Mark.Fail);
    }

    [Theory, InlineData("printer"), InlineData("iot")]
    public void A_birth_certificate_that_is_used_rightly_keeps_the_rules_of_its_format(string kind)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var results = Judge(Makers[kind](Material, key).Payload, key);

        results.Values.Where(result => result.Rule.Name.StartsWith("idevid-", StringComparison.Ordinal)).Should().HaveCount(4).And.OnlyContain(result => result.Mark == Mark.Pass);
    }

    [Theory, InlineData(IdevidFault.MissingX5c, "idevid-statement"), InlineData(IdevidFault.MissingKey, "idevid-statement"), InlineData(IdevidFault.KeyOfText, "idevid-statement"), InlineData(IdevidFault.LongSignature, "idevid-statement")]
    [InlineData(IdevidFault.AlgorithmOfText, "idevid-statement"), InlineData(IdevidFault.Sha1Algorithm, "idevid-statement"), InlineData(IdevidFault.LeafNotDer, "idevid-statement"), InlineData(IdevidFault.KeyAuthorizationAlone, "idevid-binding-covers-key")]
    [InlineData(IdevidFault.WithoutContext, "evidence-is-for-the-challenge"), InlineData(IdevidFault.ExchangedKey, "evidence-is-for-the-challenge"), InlineData(IdevidFault.SignedByNewKey, "evidence-is-for-the-challenge")]
    internal void A_birth_certificate_that_is_used_wrongly_breaks_the_rule(IdevidFault fault, string rule)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        var results = Judge(new IdevidMaker(IdevidDevice.IotModule(Vendors.Idevid, "SIMMODULE001"), Now).With(fault).Make(Material, key).Payload, key);

        results[rule].Mark.Should().Be(Mark.Fail);
        results[rule].Broken[0].Words.Should().NotBeEmpty();
    }

    [Fact]
    public void The_birth_key_as_new_key_and_another_algorithm_than_advised_are_told()
    {
        var device = IdevidDevice.IotModule(Vendors.Idevid, "SIMMODULE001");
        var chain = new IdevidMaker(device, Now).Make().Chain;
        var (birth, key) = (device.Ec!.Algorithm, device.PublicKey);
        var signature = birth.SignData(IdevidMaker.Binding(Material.KeyAuthorization, key), HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence);
        var evidence = AttestationObject.Write("deviceacme-idevid", writer =>
        {
            writer.WriteStartMap(4);
            writer.WriteTextString("alg");
            writer.WriteInt32(-35);
            writer.WriteTextString("sig");
            writer.WriteByteString(signature);
            writer.WriteTextString("x5c");
            writer.WriteCertificates(chain);
            writer.WriteTextString("key");
            writer.WriteByteString(key);
            writer.WriteEndMap();
        });

        var results = Judge(new JsonObject { ["attObj"] = DeviceAcme.Protocol.Jose.Base64Url.Encode(evidence) }, birth);

        results["evidence-is-for-the-challenge"].Mark.Should().Be(Mark.Pass);
        results["idevid-new-key"].Mark.Should().Be(Mark.Fail);
        results["idevid-algorithm"].Broken.Should().ContainSingle().Which.Words.Should().Be("alg -35 where -7 is advised");
    }

    [Theory, Spec("device-attest §5"), InlineData("""{}"""), InlineData("""{"attObj":""}"""), InlineData("""{"attObj":"e30"}"""), InlineData("""{"attObj":"oA"}"""), InlineData("""{"attObj":7}""")]
    public void An_answer_without_an_attestation_object_fails(string payload)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Fails(Judge(JsonNode.Parse(payload)!.AsObject(), key)).Should().Contain("attestation-object");
    }

    [Theory, Spec("device-attest §3"), InlineData("permanent-identifier", "C02SIM000001", "permanent-identifier", Mark.Pass), InlineData("permanent-identifier", "AB/01.2", "permanent-identifier", Mark.Fail)]
    [InlineData("hardware-module", "4711/1.3.6.1.4.1.99999.1", "hardware-module", Mark.Pass), InlineData("hardware-module", "4711", "hardware-module", Mark.Fail)]
    internal void Identifiers_of_devices_have_their_grammar(string type, string value, string rule, Mark expected) =>
        RuleTable.Judge(new PlayedClient(type, value, Request(PlayedClient.CertificateKey)).Tell()).Single(result => result.Rule.Name == rule).Mark.Should().Be(expected);

    [Theory, InlineData("tpm"), InlineData("iot")]
    public void Octets_of_any_kind_are_no_evidence_and_no_accident(string format)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var octets = Makers[format](Material, key).AttestationObject;
        for (var at = 0; at < octets.Length; at += 7)
        {
            var broken = (byte[])octets.Clone();
            broken[at] ^= 0xFF;

            Judge(new JsonObject { ["attObj"] = DeviceAcme.Protocol.Jose.Base64Url.Encode(broken) }, key).Should().NotBeEmpty();
            Judge(new JsonObject { ["attObj"] = DeviceAcme.Protocol.Jose.Base64Url.Encode(octets[..at]) }, key).Should().NotBeEmpty();
        }
    }

    private static Dictionary<string, Judged> Judge(JsonObject answer, ECDsa key)
    {
        var client = new PlayedClient("permanent-identifier", "C02SIM000001", Request(key), "device-attest-01", answer.ToJsonString());
        return RuleTable.Judge(client.Tell()).ToDictionary(result => result.Rule.Name);
    }

    private static IEnumerable<string> Fails(Dictionary<string, Judged> results) => results.Values.Where(result => result.Mark == Mark.Fail).Select(result => result.Rule.Name);

    private static byte[] Request(ECDsa key) => new CertificateRequest("CN=C02SIM000001", key, HashAlgorithmName.SHA256).CreateSigningRequest();
}
