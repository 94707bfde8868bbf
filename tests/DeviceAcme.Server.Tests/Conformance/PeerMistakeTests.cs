using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Holes that were read in other servers, each with the exact answer that closes it here.</summary>
public sealed class PeerMistakeTests(SharedServer shared)
{
    [Theory, Spec("device-attest §5")]
    [InlineData("MissingFreshness", "freshness-missing")]
    [InlineData("BlankFreshness", "freshness-missing")]
    [InlineData("KeyAuthorizationHashed", "freshness-mismatch")]
    [InlineData("WrappedFreshness", "freshness-mismatch")]
    [InlineData("WrongChallenge", "freshness-mismatch")]
    [InlineData("WrongSerial", "identifier-mismatch")]
    [InlineData("LowerCaseSerial", "identifier-mismatch")]
    [InlineData("SerialWithNul", null)]
    [InlineData("TrailingBytes", "cbor-trailing-bytes")]
    [InlineData("DuplicateKey", "cbor-duplicate-key")]
    [InlineData("DeepNesting", null)]
    [InlineData("X5cOfText", "member-wrong-type")]
    [InlineData("LongChain", "chain-too-long")]
    [InlineData("EmptyAttObj", "attestation-missing")]
    [InlineData("EmptyJsonObject", "attestation-empty-object")]
    [InlineData("WebAuthnApple", "apple-not-device-attestation")]
    [InlineData("LeafBelowLeaf", null)]
    public async Task Apple_evidence_with_this_fault_is_refused_for_this_reason(string fault, string? reason)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var answer = await order.Send(Simulated.Apple.With(Enum.Parse<AppleFault>(fault)).Make(order.Material, Simulated.NewKey()));

        ShouldBeInvalid(answer, reason);
    }

    [Theory, Spec("device-attest §5")]
    [InlineData("TokenHashed", "freshness-mismatch")]
    [InlineData("EmptyExtraData", null)]
    [InlineData("MissingIdentifier", "identifier-missing")]
    [InlineData("OtherIdentifier", "identifier-mismatch")]
    [InlineData("WrongMagic", "tpm-magic-wrong")]
    [InlineData("QuoteInsteadOfCertify", "tpm-attest-type-wrong")]
    [InlineData("WrongName", "tpm-name-mismatch")]
    [InlineData("PubAreaTrailingBytes", null)]
    [InlineData("RestrictedKey", "tpm-key-attributes")]
    [InlineData("FixedTpmClear", "tpm-key-attributes")]
    [InlineData("PointNotOnCurve", "key-malformed")]
    [InlineData("RsaExponentOne", null)]
    [InlineData("EkCertificateAsAk", null)]
    [InlineData("ForeignRoot", "chain-untrusted-root")]
    public async Task A_TPM_statement_with_this_fault_is_refused_for_this_reason(string fault, string? reason)
    {
        var order = await Simulated.Order(await shared.Known("linux-tpm"), Simulated.Tpm.Tpm.Identifier);
        var answer = await order.Send(Simulated.Tpm.With(Enum.Parse<TpmFault>(fault)).Make(order.Material, Simulated.NewKey()));

        ShouldBeInvalid(answer, reason);
    }

    [Fact]
    public async Task Vendor_roots_that_another_profile_accepts_are_not_accepted_here()
    {
        var order = await Simulated.Order(await shared.Known(TestProfiles.AppleElsewhere), Simulated.Serial);
        var answer = await order.Send(Simulated.Apple.Make(order.Material, Simulated.NewKey()));

        ShouldBeInvalid(answer, "chain-untrusted-root");
    }

    [Fact]
    public async Task Evidence_of_an_expired_order_serves_no_later_one()
    {
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        var account = new TestAccount(server, "apple-device");
        await account.Register();
        var old = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(old.Material, Simulated.NewKey());
        server.Clock.Advance(TimeSpan.FromHours(25));
        var later = await Simulated.Order(account, Simulated.Serial);

        ShouldBeInvalid(await later.Send(evidence), "freshness-mismatch");
        (await old.Send(evidence)).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task Evidence_made_for_another_accounts_challenge_is_refused()
    {
        var first = await Simulated.Order(await shared.Account("linux-tpm"), Simulated.Tpm.Tpm.Identifier);
        var second = await Simulated.Order(await shared.Account("linux-tpm"), Simulated.Tpm.Tpm.Identifier);

        ShouldBeInvalid(await second.Send(Simulated.Tpm.Make(first.Material, Simulated.NewKey())), "freshness-mismatch");
        // the right token, but the key authorization of another account
        var third = await Simulated.Order(second.Account, Simulated.Tpm.Tpm.Identifier);
        var mixed = new ChallengeMaterial(third.Material.Token, $"{third.Material.Token}.{first.Account.Key.Thumbprint}");
        ShouldBeInvalid(await third.Send(Simulated.Tpm.Make(mixed, Simulated.NewKey())), "freshness-mismatch");
    }

    [Theory, Spec("device-attest §3.2")]
    [InlineData("301ea01c06082b06010505070803a010300e0c0c414243444546313233343536", true)]
    [InlineData("301ea01c06082b06010505070803a010300e0c0c414243444546313233343537", false)]
    [InlineData("301ea01c06082b06010505070803a010300e0c0c616243444546313233343536", false)]
    [InlineData("3023a02106082b06010505070803a01530130c0c41424344454631323334353606032a0304", false)]
    [InlineData("301ba01906082b06010505070804a00d300b06032a0304040441424344", false)]
    [InlineData("303ca01c06082b06010505070803a010300e0c0c414243444546313233343536a01c06082b06010505070803a010300e0c0c414243444546313233343537", false)]
    [InlineData("300d820b686f73742e6578616d706c", false)]
    public async Task A_CSR_may_repeat_the_ordered_device_and_name_no_other(string names, bool good)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), "ABCDEF123456");
        var evidence = (Simulated.Apple with { Device = AppleDevice.Mac("ABCDEF123456") }).Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);
        var reply = await Finalize(order, (ECDsa)evidence.Key, "CN=ABCDEF123456", names);

        if (good)
        {
            reply.State.Should().Be("valid", reply.Body);
        }
        else
        {
            reply.ShouldBeProblem("badCSR", 400);
            (await order.States()).Should().Be("valid valid ready");
        }
    }

    [Theory]
    [InlineData("CN=somebody else")]
    [InlineData("CN=C02SIM000001, CN=somebody else")]
    [InlineData("CN=somebody else, CN=C02SIM000001")]
    [InlineData("CN=C02SIM000001, O=Evil, OU=Domain Admins")]
    [InlineData("")]
    public async Task No_subject_of_a_CSR_reaches_the_certificate_of_a_device(string subject)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);
        var reply = await Finalize(order, (ECDsa)evidence.Key, subject, null);
        reply.State.Should().Be("valid", reply.Body);

        using var certificate = X509Certificate2.CreateFromPem((await order.Account.Get((string)reply.Json["certificate"]!)).Body);
        certificate.Subject.Should().Be($"CN={Simulated.Serial}");
    }

    [Fact, Spec("device-attest §3.2")]
    public async Task A_profile_that_keeps_identifiers_private_takes_no_CSR_with_one_and_issues_none()
    {
        var order = await Simulated.Order(await shared.Known(TestProfiles.ApplePrivate), "ABCDEF123456");
        var evidence = (Simulated.Apple with { Device = AppleDevice.Mac("ABCDEF123456") }).Make(order.Material, Simulated.NewKey());
        await order.Send(evidence);
        (await Finalize(order, (ECDsa)evidence.Key, "", "301ea01c06082b06010505070803a010300e0c0c414243444546313233343536")).ShouldBeProblem("badCSR", 400);

        var reply = await Finalize(order, (ECDsa)evidence.Key, "CN=ABCDEF123456", null);
        using var certificate = X509Certificate2.CreateFromPem((await order.Account.Get((string)reply.Json["certificate"]!)).Body);
        System.Text.Encoding.Latin1.GetString(certificate.RawData).Should().NotContain("ABCDEF123456");
    }

    [Fact]
    public async Task A_star_in_a_device_identifier_is_no_wildcard()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), "*.x");
        var authorization = await order.Account.Get(order.AuthorizationUrl);

        ((string?)authorization.Json["identifier"]!["value"]).Should().Be("*.x");
        authorization.Json["wildcard"].Should().BeNull();
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("%2e%2e%2f")]
    [InlineData("a'--")]
    [InlineData("%ff%fe")]
    public async Task No_id_of_a_URL_is_more_than_a_key_to_look_up(string id)
    {
        var account = await shared.Known("tls-server");
        foreach (var resource in new[] { "order", "authz", "chall", "cert", "account" })
        {
            var reply = await account.Get($"{account.Root}/{resource}/{id}");
            ((int)reply.Status).Should().BeInRange(400, 499);
            reply.ContentType.Should().Be("application/problem+json");
        }
    }

    [Fact, Spec("RFC 8555 §6.3")]
    public async Task An_account_of_one_directory_on_an_order_of_another_is_unauthorized()
    {
        var order = await Simulated.Order(await shared.Account("apple-device"), Simulated.Serial);
        var stranger = await shared.Account(TestProfiles.AppleProblem, order.Account.Key);

        (await stranger.Get(order.Url)).ShouldBeProblem("unauthorized", 403);
        (await stranger.Get(order.Url.Replace("apple-device", TestProfiles.AppleProblem))).ShouldBeProblem("unauthorized", 403);
        (await stranger.Post(order.ChallengeUrl.Replace("apple-device", TestProfiles.AppleProblem), Simulated.Apple.Make(order.Material, Simulated.NewKey()).Payload.ToJsonString()))
            .ShouldBeProblem("unauthorized", 403);
        (await order.States()).Should().Be("pending pending pending");
    }

    [Fact]
    public async Task Two_devices_in_one_order_need_one_key_each_and_no_CSR_has_both()
    {
        var account = await shared.Account("apple-device");
        var order = await account.Order(("permanent-identifier", "C02FIRST"), ("permanent-identifier", "C02SECOND"));
        var keys = new List<AsymmetricAlgorithm>();
        foreach (var (url, serial) in order.Json["authorizations"]!.AsArray().Zip(["C02FIRST", "C02SECOND"]))
        {
            var challenge = (await account.Get((string)url!)).Json["challenges"]![0]!;
            var evidence = (Simulated.Apple with { Device = AppleDevice.Mac(serial) }).Make(Simulated.Material(account, challenge), Simulated.NewKey());
            (await account.Post((string)challenge["url"]!, evidence.Payload.ToJsonString())).State.Should().Be("valid");
            keys.Add(evidence.Key);
        }

        foreach (var key in keys)
        {
            var refused = await account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{Simulated.Csr(key)}}"}""");
            refused.ShouldBeProblem("badCSR", 400);
        }
    }

    private static void ShouldBeInvalid(TestReply answer, string? reason)
    {
        answer.Status.Should().Be(HttpStatusCode.OK, answer.Body);
        answer.State.Should().Be("invalid", answer.Body);
        ((string?)answer.Json["error"]!["type"]).Should().Be("urn:ietf:params:acme:error:badAttestationStatement");
        if (reason is not null)
        {
            ((string?)answer.Json["error"]!["reason"]).Should().Be(reason, answer.Body);
        }
    }

    private static Task<TestReply> Finalize(DeviceOrder order, ECDsa key, string subject, string? names)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (names is not null)
        {
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", Convert.FromHexString(names), false));
        }

        return order.Account.Post((string)order.Created.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Base64(request.CreateSigningRequest())}}"}""");
    }
}
