using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Enrollment with evidence over HTTP, with the shipped profiles (device-attest §5).</summary>
public sealed class DeviceAttestationTests(SharedServer shared)
{
    [Theory, Spec("device-attest §5")]
    [InlineData(256)]
    [InlineData(384)]
    public async Task A_Mac_is_enrolled_without_polling(int bits)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        order.Challenge.AsObject().Select(member => member.Key).Should().BeEquivalentTo("type", "url", "status", "token");
        var key = ECDsa.Create(bits == 256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
        var evidence = Simulated.Apple.Make(order.Material, key);

        var answer = await order.Send(evidence);
        answer.Status.Should().Be(HttpStatusCode.OK);
        answer.State.Should().Be("valid", answer.Body);
        ((string?)answer.Json["validated"]).Should().Be("2026-11-22T12:00:00Z");
        answer.Links("up").Should().Equal(order.AuthorizationUrl);
        (await order.States()).Should().Be("valid valid ready");

        using var certificate = await Certificate(order, evidence.Key);
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
        certificate.Subject.Should().Be($"CN={Simulated.Serial}");
    }

    [Theory, Spec("device-attest §5")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_TPM_is_enrolled_with_either_kind_of_attestation_key(bool rsa)
    {
        var maker = Simulated.Tpm with { RsaAttestationKey = rsa };
        var order = await Simulated.Order(await shared.Known("linux-tpm"), maker.Tpm.Identifier);
        var evidence = maker.Make(order.Material, Simulated.NewKey());

        var answer = await order.Send(evidence);
        answer.State.Should().Be("valid", answer.Body);
        using var certificate = await Certificate(order, evidence.Key);
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(evidence.PublicKey);
    }

    [Fact, Spec("device-attest §5")]
    public async Task A_TPM_is_enrolled_with_an_RSA_key()
    {
        var order = await Simulated.Order(await shared.Known("linux-tpm"), Simulated.Tpm.Tpm.Identifier);
        using var key = RSA.Create(2048);
        var evidence = Simulated.Tpm.Make(order.Material, key);

        (await order.Send(evidence)).State.Should().Be("valid");
        using var certificate = await Certificate(order, key);
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
    }

    [Theory, Spec("device-attest §3.2")]
    [InlineData("ABCDEF123456", "301ea01c06082b06010505070803a010300e0c0c414243444546313233343536")]
    public async Task The_certificate_carries_the_permanent_identifier(string serial, string extension)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), serial);
        var evidence = (Simulated.Apple with { Device = AppleDevice.Mac(serial) }).Make(order.Material, Simulated.NewKey());
        (await order.Send(evidence)).State.Should().Be("valid");

        using var certificate = await Certificate(order, evidence.Key);
        Convert.ToHexStringLower(certificate.Extensions["2.5.29.17"]!.RawData).Should().Be(extension);
    }

    [Fact, Spec("device-attest §5")]
    public async Task The_attested_key_alone_is_certified_and_the_order_stays_ready()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);

        var refused = await order.Finalize(Simulated.NewKey());
        refused.ShouldBeProblem("badCSR", 400);
        refused.Reason.Should().Be("csr-key-not-attested");
        (await order.States()).Should().Be("valid valid ready");
        (await order.Finalize(evidence.Key)).State.Should().Be("valid");
    }

    [Fact, Spec("device-attest §5"), Spec("RFC 8555 §7.4.1")]
    public async Task A_pre_authorization_serves_a_second_order_with_the_attested_key_alone()
    {
        var account = await shared.Account("apple-device");
        var authorization = await account.Post($"{account.Root}/new-authz", $$$"""{"identifier":{"type":"permanent-identifier","value":"{{{Simulated.Serial}}}"}}""");
        authorization.Status.Should().Be(HttpStatusCode.Created);
        var challenge = authorization.Json["challenges"]![0]!;
        var evidence = Simulated.Apple.Make(Simulated.Material(account, challenge), Simulated.NewKey());
        (await account.Post((string)challenge["url"]!, evidence.Payload.ToJsonString())).State.Should().Be("valid");

        var first = await account.Order(("permanent-identifier", Simulated.Serial));
        first.State.Should().Be("ready");
        (await Finalize(account, first, evidence.Key)).State.Should().Be("valid");
        var second = await account.Order(("permanent-identifier", Simulated.Serial));
        second.State.Should().Be("ready");
        ((string?)second.Json["authorizations"]![0]).Should().Be(authorization.Header("Location"));

        (await Finalize(account, second, Simulated.NewKey())).ShouldBeProblem("badCSR", 400);
        (await account.Get(second.Header("Location")!)).State.Should().Be("ready");
        (await Finalize(account, second, evidence.Key)).State.Should().Be("valid");
    }

    [Fact, Spec("device-attest §5")]
    public async Task An_authorization_that_was_not_pre_authorized_serves_its_own_order_alone()
    {
        var account = await shared.Account("apple-device");
        var first = await Simulated.Order(account, Simulated.Serial);
        await first.Send(Simulated.Apple.Make(first.Material, Simulated.NewKey()));
        var second = await Simulated.Order(account, Simulated.Serial);

        second.Created.State.Should().Be("pending");
        second.AuthorizationUrl.Should().NotBe(first.AuthorizationUrl);
    }

    [Fact, Spec("device-attest §5"), Spec("RFC 8555 §8.1")]
    public async Task After_a_rollover_evidence_binds_the_new_account_key()
    {
        var account = await shared.Account("linux-tpm");
        var right = await Simulated.Order(account, Simulated.Tpm.Tpm.Identifier);
        var wrong = await Simulated.Order(account, Simulated.Tpm.Tpm.Identifier);
        var (ofOldKey, fresh) = (wrong.Material, TestKey.P256());
        await KeyChangeTests.Change(account, fresh);
        account.Key = fresh;

        var refused = await wrong.Send(Simulated.Tpm.Make(ofOldKey, Simulated.NewKey()));
        refused.State.Should().Be("invalid");
        ((string?)refused.Json["error"]!["reason"]).Should().Be("freshness-mismatch");
        (await right.Send(Simulated.Tpm.Make(right.Material, Simulated.NewKey()))).State.Should().Be("valid");
    }

    [Fact, Spec("device-attest §5")]
    public async Task Evidence_of_another_challenge_is_refused()
    {
        var account = await shared.Account("apple-device");
        var first = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(first.Material, Simulated.NewKey());
        (await first.Send(evidence)).State.Should().Be("valid");

        var second = await Simulated.Order(account, Simulated.Serial);
        var refused = await second.Send(evidence);
        refused.State.Should().Be("invalid");
        ((string?)refused.Json["error"]!["reason"]).Should().Be("freshness-mismatch");
        (await second.States()).Should().Be("invalid invalid invalid");
    }

    [Theory, Spec("device-attest §3"), Spec("device-attest §5")]
    [InlineData("c02sim000001")]
    [InlineData("C02SIM000001 ")]
    [InlineData(" C02SIM000001")]
    [InlineData("C02SIM00000\u0661")]
    [InlineData("\uFF2302SIM000001")]
    [InlineData("C02SIM000001\u200B")]
    [InlineData("C02SIM000001/1.2.3")]
    public async Task An_ordered_value_that_differs_by_any_octet_is_refused(string value)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), value);
        var answer = await order.Send(Simulated.Apple.Make(order.Material, Simulated.NewKey()));

        answer.State.Should().Be("invalid");
        ((string?)answer.Json["error"]!["reason"]).Should().Be("identifier-mismatch");
        var about = answer.Json["error"]!["subproblems"]!.AsArray().Single(problem => ((string)problem!["type"]!).EndsWith(":rejectedIdentifier"))!;
        ((string?)about["identifier"]!["value"]).Should().Be(value);
        (await order.States()).Should().Be("invalid invalid invalid");
    }

    [Theory, Spec("device-attest §3"), Spec("device-attest §5")]
    [InlineData("upper case")]
    [InlineData("blank behind")]
    [InlineData("no assigner")]
    [InlineData("another assigner")]
    public async Task An_ordered_TPM_that_differs_by_any_octet_is_refused(string difference)
    {
        var identifier = Simulated.Tpm.Tpm.Identifier;
        var value = difference switch
        {
            "upper case" => identifier.ToUpperInvariant(),
            "blank behind" => identifier.Replace("/", " /"),
            "no assigner" => identifier.Split('/')[0],
            _ => identifier + ".1",
        };
        var order = await Simulated.Order(await shared.Known("linux-tpm"), value);
        var answer = await order.Send(Simulated.Tpm.Make(order.Material, Simulated.NewKey()));

        answer.State.Should().Be("invalid");
        ((string?)answer.Json["error"]!["reason"]).Should().Be("identifier-mismatch");
    }

    [Fact, Spec("device-attest §5")]
    public async Task Unknown_members_beside_the_evidence_are_ignored()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var payload = Simulated.Apple.Make(order.Material, Simulated.NewKey()).Payload;
        payload["error"] = "a leftover";
        payload["unknown"] = new JsonObject { ["a"] = new JsonArray(1, null) };

        (await order.Account.Post(order.ChallengeUrl, payload.ToJsonString())).State.Should().Be("valid");
    }

    [Fact, Spec("device-attest §5")]
    public async Task A_second_answer_to_a_valid_challenge_changes_nothing()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);

        (await order.Send(Simulated.Apple.Make(order.Material, Simulated.NewKey()))).State.Should().Be("valid");
        (await order.Send(Simulated.Apple.With(AppleFault.ForeignRoot).Make(order.Material, Simulated.NewKey()))).State.Should().Be("valid");
        (await order.Finalize(evidence.Key)).State.Should().Be("valid");
    }

    [Fact, Spec("device-attest §5")]
    public async Task Of_many_answers_at_once_one_decides()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var evidence = Enumerable.Range(0, 4).Select(_ => Simulated.Apple.Make(order.Material, Simulated.NewKey())).ToList();
        var answers = await Task.WhenAll(evidence.Select(one => Task.Run(() => order.Send(one))));

        answers.Should().OnlyContain(answer => answer.State == "valid");
        var results = new List<TestReply>();
        foreach (var one in evidence)
        {
            results.Add(await order.Finalize(one.Key));
        }

        results.Count(reply => reply.Status == HttpStatusCode.OK).Should().Be(1);
    }

    [Fact, Spec("device-attest §5")]
    public async Task An_answer_after_a_refusal_is_malformed_and_after_the_end_too()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        await order.Send(Simulated.Apple.With(AppleFault.WrongChallenge).Make(order.Material, Simulated.NewKey()));
        (await order.Send(Simulated.Apple.Make(order.Material, Simulated.NewKey()))).ShouldBeProblem("malformed", 400);
        (await order.States()).Should().Be("invalid invalid invalid");

        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        var account = new TestAccount(server, "apple-device");
        await account.Register();
        var late = await Simulated.Order(account, Simulated.Serial);
        server.Clock.Advance(TimeSpan.FromHours(25));
        (await late.Send(Simulated.Apple.Make(late.Material, Simulated.NewKey()))).ShouldBeProblem("malformed", 400);
        (await late.States()).Should().Be("pending expired invalid");
    }

    [Fact, Spec("RFC 8555 §11.1")]
    public async Task An_attested_account_key_is_no_certificate_key()
    {
        var account = await shared.Account("apple-device");
        var order = await Simulated.Order(account, Simulated.Serial);
        (await order.Send(Simulated.Apple.Make(order.Material, (ECDsa)account.Key.Algorithm))).State.Should().Be("valid");

        var refused = await order.Finalize(account.Key.Algorithm);
        refused.ShouldBeProblem("badCSR", 400);
        refused.Reason.Should().Be("csr-key-is-account-key");
    }

    [Fact, Spec("RFC 7518 §3.4")]
    public async Task Signatures_of_macOS_that_lost_a_zero_are_taken_and_shorter_ones_are_not()
    {
        var account = await shared.Account("apple-device");
        (await Short(account, 63)).Status.Should().Be(HttpStatusCode.OK);
        (await Short(account, 61)).ShouldBeProblem("malformed", 400);
        (await Short(account, 65)).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task A_profile_may_want_the_UDID_proven()
    {
        var udid = AppleDevice.Mac().Udid!;
        var right = await Simulated.Order(await shared.Known(TestProfiles.AppleUdid), udid);
        (await right.Send(Simulated.Apple.Make(right.Material, Simulated.NewKey()))).State.Should().Be("valid");

        var wrong = await Simulated.Order(await shared.Known(TestProfiles.AppleUdid), Simulated.Serial);
        (await wrong.Send(Simulated.Apple.Make(wrong.Material, Simulated.NewKey()))).State.Should().Be("invalid");
    }

    [Fact]
    public async Task A_profile_that_observes_lets_refused_evidence_through_and_writes_it_down()
    {
        var order = await Simulated.Order(await shared.Known(TestProfiles.AppleObserve), "ANOTHER");
        var answer = await order.Send(Simulated.Apple.Make(order.Material, Simulated.NewKey()));
        answer.State.Should().Be("valid");
        (await order.Finalize(Simulated.NewKey())).State.Should().Be("valid");

        await using var context = shared.Server.Db.Read();
        var id = new Core.AuthorizationId(order.AuthorizationUrl.Split('/')[^1]);
        context.Events.Single(happened => happened.Authorization == id && happened.Kind == "attestation.observed").Reason.Should().Be("identifier-mismatch");
    }

    private static async Task<TestReply> Short(TestAccount account, int length)
    {
        // signatures are random: the first that begins with a zero comes after a few hundred
        var header = new JsonObject { ["alg"] = "ES256", ["nonce"] = await account.Nonce(), ["url"] = account.Kid, ["kid"] = account.Kid };
        while (true)
        {
            byte[]? whole = null;
            var jws = account.Key.Jws(header, (string?)null, signature => whole = signature);
            if (length != 63)
            {
                jws["signature"] = TestAccount.Base64(length < 64 ? whole.AsSpan(64 - length) : [0, .. whole!]);
                return await account.Send(account.Kid!, jws);
            }

            if (whole![0] == 0 || whole[32] == 0)
            {
                jws["signature"] = TestAccount.Base64(whole[0] == 0 ? whole.AsSpan(1) : [.. whole[..32], .. whole[33..]]);
                return await account.Send(account.Kid!, jws);
            }
        }
    }

    private static Task<TestReply> Finalize(TestAccount account, TestReply order, AsymmetricAlgorithm key) =>
        account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{Simulated.Csr(key)}}"}""");

    private static async Task<X509Certificate2> Certificate(DeviceOrder order, AsymmetricAlgorithm key)
    {
        var valid = await order.Finalize(key);
        valid.State.Should().Be("valid", valid.Body);
        return X509Certificate2.CreateFromPem((await order.Account.Get((string)valid.Json["certificate"]!)).Body);
    }
}
