using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Every fault of the simulator over HTTP: what is answered, and what challenge, authorization and order become (device-attest §5).</summary>
[Spec("device-attest §5")]
public sealed class RefusedEvidenceTests(SharedServer shared)
{
    public static TheoryData<string> AppleFaults => [.. Enum.GetNames<AppleFault>().Where(name => Faults.Describe(Enum.Parse<AppleFault>(name)).Classes.Count > 0 && name != nameof(AppleFault.KeySwap))];

    public static TheoryData<string> TpmFaults => [.. Enum.GetNames<TpmFault>().Where(name => Faults.Describe(Enum.Parse<TpmFault>(name)).Classes.Count > 0 && name != nameof(TpmFault.KeySwap))];

    [Theory]
    [MemberData(nameof(AppleFaults))]
    public async Task A_faulty_Apple_attestation_makes_everything_invalid(string name)
    {
        var fault = Enum.Parse<AppleFault>(name);
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        await ShouldRefuse(order, Simulated.Apple.With(fault).Make(order.Material, Simulated.NewKey()), Faults.Describe(fault).Classes);
    }

    [Theory]
    [MemberData(nameof(TpmFaults))]
    public async Task A_faulty_TPM_statement_makes_everything_invalid(string name)
    {
        var fault = Enum.Parse<TpmFault>(name);
        var order = await Simulated.Order(await shared.Known("linux-tpm"), Simulated.Tpm.Tpm.Identifier);
        await ShouldRefuse(order, Simulated.Tpm.With(fault).Make(order.Material, Simulated.NewKey()), Faults.Describe(fault).Classes);
    }

    [Theory]
    [InlineData("WrongChallenge", "freshness-mismatch")]
    [InlineData("MissingFreshness", "freshness-missing")]
    [InlineData("WrongSerial", "identifier-mismatch")]
    [InlineData("UserEnrollment", "identifier-missing")]
    [InlineData("BlankSerial", "identifier-missing")]
    [InlineData("ForeignRoot", "chain-untrusted-root")]
    [InlineData("EmptyAttObj", "attestation-missing")]
    [InlineData("EmptyJsonObject", "attestation-empty-object")]
    [InlineData("ErrorField", "attestation-device-error")]
    [InlineData("TrailingBytes", "cbor-trailing-bytes")]
    [InlineData("WebAuthnApple", "apple-not-device-attestation")]
    public async Task A_profile_may_answer_with_the_same_problem_as_400(string name, string reason)
    {
        var order = await Simulated.Order(await shared.Known(TestProfiles.AppleProblem), Simulated.Serial);
        var answer = await order.Send(Simulated.Apple.With(Enum.Parse<AppleFault>(name)).Make(order.Material, Simulated.NewKey()));

        answer.ShouldBeProblem("badAttestationStatement", 400);
        answer.Reason.Should().Be(reason);
        (await order.States()).Should().Be("invalid invalid invalid");
        var stored = (await order.Account.Get(order.ChallengeUrl)).Json["error"]!;
        foreach (var member in new[] { "type", "reason", "detail" })
        {
            ((string?)stored[member]).Should().Be((string?)answer.Json[member]);
        }
    }

    [Theory]
    [InlineData("15.5", "Full Security", null)]
    [InlineData("14.7", "Full Security", "fact-different")]
    [InlineData("15.5", "Reduced Security", "fact-different")]
    [InlineData("15.5", "", "fact-blank")]
    [InlineData("15.5", null, "fact-absent")]
    public async Task Genuine_evidence_must_meet_the_profiles_rules(string version, string? secureBoot, string? reason)
    {
        var order = await Simulated.Order(await shared.Known(TestProfiles.AppleFacts), Simulated.Serial);
        var device = Simulated.Apple.Device with { OsVersion = version, SecureBoot = secureBoot };
        var answer = await order.Send((Simulated.Apple with { Device = device }).Make(order.Material, Simulated.NewKey()));

        ((string?)answer.Json["error"]?["reason"]).Should().Be(reason, answer.Body);
        ((string?)answer.Json["status"]).Should().Be(reason is null ? "valid" : "invalid");
    }

    [Fact]
    public async Task Both_answers_give_the_same_problem()
    {
        var inChallenge = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var asProblem = await Simulated.Order(await shared.Known(TestProfiles.AppleProblem), Simulated.Serial);
        var first = (await inChallenge.Send(Simulated.Apple.With(AppleFault.UserEnrollment).Make(inChallenge.Material, Simulated.NewKey()))).Json["error"]!.AsObject();
        var second = (await asProblem.Send(Simulated.Apple.With(AppleFault.UserEnrollment).Make(asProblem.Material, Simulated.NewKey()))).Json.AsObject();

        JsonNode.DeepEquals(first, second).Should().BeTrue($"{first.ToJsonString()} against {second.ToJsonString()}");
    }

    [Theory]
    [InlineData("""{"attObj":null}""")]
    [InlineData("""{"attObj":1}""")]
    [InlineData("""{"attObj":["o2NmbXQ"]}""")]
    [InlineData("""{"attObj":{"fmt":"apple"}}""")]
    [InlineData("""{"attObj":"e30="}""")]
    [InlineData("""{"attObj":"oA=="}""")]
    [InlineData("""{"attObj":"+/+/"}""")]
    [InlineData("""{"attObj":"A"}""")]
    [InlineData("""{"attObj":"oB"}""")]
    [InlineData("""{"attObj":"AA AA"}""")]
    [InlineData("""{"attObj":"AAAA","attObj":"AAAA"}""")]
    [InlineData("""{"attObj":"\ud800"}""")]
    [InlineData("{}")]
    [InlineData("""{"error":1}""")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{")]
    public async Task A_fault_of_the_JSON_is_malformed_and_the_challenge_stays_pending(string payload)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        (await order.Account.Post(order.ChallengeUrl, payload)).ShouldBeProblem("malformed", 400);

        (await order.States()).Should().Be("pending pending pending");
        (await order.Send(Simulated.Apple.Make(order.Material, Simulated.NewKey()))).State.Should().Be("valid");
    }

    [Theory]
    [InlineData("PaddedBase64")]
    [InlineData("AttObjNotString")]
    public async Task A_fault_of_the_member_attObj_is_malformed_and_the_challenge_stays_pending(string name)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        (await order.Send(Simulated.Apple.With(Enum.Parse<AppleFault>(name)).Make(order.Material, Simulated.NewKey()))).ShouldBeProblem("malformed", 400);

        (await order.States()).Should().Be("pending pending pending");
    }

    [Theory]
    [InlineData("""{"attObj":""}""", "attestation-missing")]
    [InlineData("""{"attObj":"e30"}""", "attestation-empty-object")]
    [InlineData("""{"error":"no network"}""", "attestation-device-error")]
    [InlineData("""{"attObj":"","error":"no network"}""", "attestation-device-error")]
    [InlineData("""{"attObj":"e30","error":"no network"}""", "attestation-device-error")]
    [InlineData("""{"attObj":"","error":{"code":1}}""", "attestation-missing")]
    public async Task No_attestation_has_reasons_of_its_own(string payload, string reason)
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var answer = await order.Account.Post(order.ChallengeUrl, payload);

        answer.State.Should().Be("invalid");
        ((string?)answer.Json["error"]!["reason"]).Should().Be(reason);
        (await order.States()).Should().Be("invalid invalid invalid");
    }

    [Theory]
    [InlineData("ff")]
    [InlineData("a0")]
    [InlineData("80")]
    [InlineData("f6")]
    [InlineData("00")]
    [InlineData("a163666d74")]
    [InlineData("a163666d74656170706c65")]
    [InlineData("bf63666d74656170706c65ff")]
    [InlineData("a263666d74656170706c656761747453746d7480")]
    [InlineData("a263666d74006761747453746d74a0")]
    [InlineData("a263666d74656170706c656761747453746d74a163783563826161f6")]
    [InlineData("9b7fffffffffffffff")]
    [InlineData("bb7fffffffffffffff")]
    [InlineData("5b7fffffffffffffff")]
    [InlineData("c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c100")]
    public async Task Broken_CBOR_is_a_refusal_and_no_fault_of_ours(string hex)
    {
        var order = await Simulated.Order(await shared.Known(TestProfiles.AppleProblem), Simulated.Serial);
        var answer = await order.Account.Post(order.ChallengeUrl, $$"""{"attObj":"{{TestAccount.Base64(Convert.FromHexString(hex))}}"}""");

        answer.ShouldBeProblem("badAttestationStatement", 400);
        (await order.States()).Should().Be("invalid invalid invalid");
    }

    [Fact]
    public async Task A_format_that_the_profile_does_not_take_is_refused()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var answer = await order.Send(Simulated.Tpm.Make(order.Material, Simulated.NewKey()));

        ((string?)answer.Json["error"]!["reason"]).Should().Be("format-not-allowed");
        (await order.States()).Should().Be("invalid invalid invalid");
    }

    [Theory]
    [InlineData("apple-device", "KeySwap")]
    [InlineData("linux-tpm", "KeySwap")]
    public async Task A_key_swap_is_found_at_finalize(string profile, string fault)
    {
        var apple = profile == "apple-device";
        var order = await Simulated.Order(await shared.Known(profile), apple ? Simulated.Serial : Simulated.Tpm.Tpm.Identifier);
        var key = Simulated.NewKey();
        var evidence = apple
            ? Simulated.Apple.With(Enum.Parse<AppleFault>(fault)).Make(order.Material, key)
            : Simulated.Tpm.With(Enum.Parse<TpmFault>(fault)).Make(order.Material, key);
        (await order.Send(evidence)).State.Should().Be("valid");

        var refused = await order.Finalize(evidence.Key);
        refused.ShouldBeProblem("badCSR", 400);
        refused.Reason.Should().Be("csr-key-not-attested");
        (await order.States()).Should().Be("valid valid ready");
    }

    [Fact]
    public async Task Evidence_larger_than_a_request_may_be_is_413_and_the_challenge_stays_pending()
    {
        var order = await Simulated.Order(await shared.Known("apple-device"), Simulated.Serial);
        var reply = await order.Account.Post(order.ChallengeUrl, $$"""{"attObj":"{{TestAccount.Base64(new byte[1 << 20])}}"}""");

        reply.ShouldBeProblem("malformed", 413);
        (await order.States()).Should().Be("pending pending pending");
    }

    private async Task ShouldRefuse(DeviceOrder order, MadeEvidence evidence, IReadOnlyList<string> classes)
    {
        var answer = await order.Send(evidence);

        answer.Status.Should().Be(HttpStatusCode.OK, answer.Body);
        answer.State.Should().Be("invalid");
        answer.Links("up").Should().Equal(order.AuthorizationUrl);
        var error = answer.Json["error"]!;
        ((string?)error["type"]).Should().Be("urn:ietf:params:acme:error:badAttestationStatement");
        ((string?)error["detail"]).Should().NotBeNullOrEmpty();
        error["identifier"].Should().BeNull("RFC 8555 §6.7.1");
        var reason = Reasons.Find((string)error["reason"]!);
        reason.Should().NotBeNull();
        classes.Should().Contain(reason!.Class, answer.Body);
        error["subproblems"]!.AsArray().Should().NotBeEmpty();

        (await order.States()).Should().Be("invalid invalid invalid");
        var ordered = await order.Account.Get(order.Url);
        ((string?)ordered.Json["error"]!["reason"]).Should().Be(reason.Code);
        (await order.Finalize(evidence.Key)).ShouldBeProblem("orderNotReady", 403);

        await using var context = shared.Server.Db.Read();
        var challenge = new ChallengeId(order.ChallengeUrl.Split('/')[^1]);
        var stored = context.Evidence.Single(row => row.Challenge == challenge);
        stored.Statement.Should().Equal(evidence.AttestationObject);
        stored.Accepted.Should().BeFalse();
        stored.Device.Should().BeNull("refused evidence proves no device");
        stored.Reason.Should().Be(reason.Code);
    }
}
