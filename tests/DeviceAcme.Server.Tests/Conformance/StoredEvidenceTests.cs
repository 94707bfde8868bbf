using System.Formats.Cbor;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Acme;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>What stays of evidence: the bytes, what was in force, the verdict, the device, the history.</summary>
public sealed class StoredEvidenceTests(SharedServer shared)
{
    [Fact]
    public async Task Accepted_evidence_is_stored_with_everything_that_was_in_force()
    {
        var account = await shared.Account("apple-device");
        var order = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);
        var stored = await Stored(order);

        stored.Statement.Should().Equal(evidence.AttestationObject);
        stored.Format.Should().Be("apple");
        stored.Token.Should().Be(order.Material.Token);
        stored.Thumbprint.Should().Be(account.Key.Thumbprint);
        stored.At.Should().Be(Simulated.Now);
        stored.Accepted.Should().BeTrue();
        stored.Reason.Should().BeNull();
        stored.Account!.Value.Value.Should().Be(account.Kid!.Split('/')[^1]);
        var catalog = shared.Server.Services.GetRequiredService<ProfileCatalog>();
        stored.ProfileHash.Should().Be(catalog.Find("apple-device")!.Hash);
        stored.AnchorSetHash.Should().Be(catalog.AnchorsOf(catalog.Find("apple-device")!).Hash).And.NotBeNullOrEmpty();
    }

    [Fact]
    public async Task The_verdict_lists_every_check_and_the_facts()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);
        var verdict = JsonNode.Parse((await Stored(order)).Verdict)!;

        ((string?)verdict["verdict"]).Should().Be("accepted");
        verdict["checks"]!.AsArray().Select(check => (string)check!["name"]!).Should().Contain(["attestation-object", "chain", "freshness", "identifier", "key"]);
        verdict["facts"]!.AsArray().Select(fact => (string)fact!["name"]!).Should().Contain(["device.serial", "device.udid", "os.version", "key.protection"]);
        ((string?)verdict["device"]!["publicKey"]).Should().Be(TestAccount.Base64(evidence.PublicKey));
        ((string?)verdict["device"]!["binding"]).Should().Be("token");
    }

    [Fact]
    public async Task The_verdict_of_refused_evidence_lists_the_checks_that_failed_and_that_were_not_reached()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        await order.Send(Simulated.Apple.With(AppleFault.MissingX5c).Make(order.Material, Simulated.NewKey()));
        var verdict = JsonNode.Parse((await Stored(order)).Verdict)!;

        ((string?)verdict["verdict"]).Should().Be("refused");
        ((string?)verdict["reason"]).Should().Be("member-missing");
        verdict["checks"]!.AsArray().Select(check => (string)check!["outcome"]!).Distinct().Should().BeEquivalentTo("passed", "failed", "not-reached");
        verdict["device"].Should().BeNull();
    }

    [Fact]
    public async Task Stored_evidence_still_verifies()
    {
        var account = await shared.Account("linux-tpm");
        var order = await Simulated.Order(account, Simulated.Tpm.Tpm.Identifier);
        var evidence = Simulated.Tpm.Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);
        var stored = await Stored(order);
        var catalog = shared.Server.Services.GetRequiredService<ProfileCatalog>();
        var profile = catalog.Find("linux-tpm")!;

        var verdict = AttestationVerifier.Verify(new Evidence
        {
            AttestationObject = stored.Statement,
            Token = stored.Token,
            KeyAuthorization = $"{stored.Token}.{stored.Thumbprint}",
            Identifier = new ExpectedIdentifier("permanent-identifier", Simulated.Tpm.Tpm.Identifier, profile.Identifiers["permanent-identifier"].Proves),
            Formats = profile.Attestation.Formats,
            Anchors = catalog.AnchorsOf(profile),
            Policies = [.. shared.Server.Services.GetServices<IFormatPolicySource>().Select(source => source.For(profile.Attestation))],
            Now = stored.At,
        });

        verdict.Outcome.Should().Be(VerdictOutcome.Accepted);
        VerdictJson.Write(verdict).Should().Equal(VerdictJson.Write(Admission.WithoutLedger(VerdictJson.Read(System.Text.Encoding.UTF8.GetBytes(stored.Verdict)))));
    }

    [Fact]
    public async Task A_device_is_one_row_that_evidence_and_certificates_hang_from()
    {
        var account = await shared.Account("apple-device");
        var devices = new List<DeviceId?>();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var order = await Simulated.Order(account, "C02ONEDEVICE");
            var evidence = (Simulated.Apple with { Device = AppleDevice.Mac("C02ONEDEVICE") }).Make(order.Material, Simulated.NewKey());
            await order.Send(evidence);
            (await order.Finalize(evidence.Key)).State.Should().Be("valid");
            devices.Add((await Stored(order)).Device);
        }

        await using var context = shared.Server.Db.Read();
        var device = context.Devices.Single(row => row.IdentifierValue == "C02ONEDEVICE");
        device.IdentifierType.Should().Be("permanent-identifier");
        device.LastSeenAt.Should().Be(Simulated.Now);
        devices.Should().Equal(device.Id, device.Id);
        context.Certificates.Count(certificate => certificate.Device == device.Id).Should().Be(2);
    }

    [Fact]
    public async Task The_history_tells_the_enrollment_in_order_and_the_refusal_with_its_reason()
    {
        var account = await shared.Account("apple-device");
        var good = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(good.Material, Simulated.NewKey());
        await good.Send(evidence);
        await good.Finalize(evidence.Key);
        var bad = await Simulated.Order(account, Simulated.Serial);
        await bad.Send(Simulated.Apple.With(AppleFault.ForeignRoot).Make(bad.Material, Simulated.NewKey()));

        await using var context = shared.Server.Db.Read();
        var id = new AccountId(account.Kid!.Split('/')[^1]);
        var history = context.Events.Where(happened => happened.Account == id).OrderBy(happened => happened.Sequence).ToList();
        history.Select(happened => happened.Kind).Should().Equal(
            "account.created", "order.created", "authorization.valid", "order.ready", "order.valid", "order.created", "authorization.invalid", "order.invalid");
        history.Where(happened => happened.Kind.EndsWith(".invalid")).Should().OnlyContain(happened => happened.Reason == "chain-untrusted-root");
        history.Should().NotContain(happened => (happened.Detail ?? "").Contains(good.Material.Token), "the history holds no tokens");
    }

    [Theory, Spec("device-attest §5")]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Members_in_any_order_and_authData_are_taken(bool reversed, bool authData)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        var members = new List<Action<CborWriter>>
        {
            writer => { writer.WriteTextString("fmt"); writer.WriteTextString("apple"); },
            writer =>
            {
                writer.WriteTextString("attStmt");
                writer.WriteStartMap(1);
                writer.WriteTextString("x5c");
                writer.WriteCertificates(evidence.Chain);
                writer.WriteEndMap();
            },
        };
        if (authData)
        {
            members.Add(writer => { writer.WriteTextString("authData"); writer.WriteByteString(new byte[37]); });
        }

        if (reversed)
        {
            members.Reverse();
        }

        var cbor = new CborWriter(CborConformanceMode.Lax);
        cbor.WriteStartMap(members.Count);
        members.ForEach(write => write(cbor));
        cbor.WriteEndMap();

        (await order.Send(evidence with { AttObj = MadeEvidence.Encode(cbor.Encode()) })).State.Should().Be("valid");
    }

    [Fact]
    public async Task A_restarted_server_still_knows_the_attested_key()
    {
        await using var before = await TestServer.Start(anchors: Simulated.Anchors);
        var account = new TestAccount(before, "apple-device");
        await account.Register();
        var order = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);
        await using var after = await before.Restart();
        account.Server = after;

        (await order.States()).Should().Be("valid valid ready");
        (await order.Finalize(Simulated.NewKey())).ShouldBeProblem("badCSR", 400);
        (await order.Finalize(evidence.Key)).State.Should().Be("valid");
    }

    private async Task<StoredEvidence> Stored(DeviceOrder order)
    {
        await using var context = shared.Server.Db.Read();
        var challenge = new ChallengeId(order.ChallengeUrl.Split('/')[^1]);
        return context.Evidence.Single(row => row.Challenge == challenge);
    }
}
