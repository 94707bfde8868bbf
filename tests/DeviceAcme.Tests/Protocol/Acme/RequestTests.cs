using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Acme;

public sealed class RequestTests
{
    private const string OldKey = """{"crv":"P-256","kty":"EC","x":"kw9lZXwdw-9kIAWW9vV-s_xMd3T2NlrrZ8yT4-xewDk","y":"a1AkhDxoyby3c2jrYRzKkgNgv_lY21H5fvxdyMWtYvk"}""";

    private static readonly Dictionary<string, Func<JsonElement, object?>> Readers = new()
    {
        ["newAccount"] = NewAccountRequest.Parse,
        ["account"] = AccountUpdate.Parse,
        ["newOrder"] = NewOrderRequest.Parse,
        ["newAuthz"] = NewAuthorizationRequest.Parse,
        ["authz"] = AuthorizationUpdate.Parse,
        ["challenge"] = ChallengeResponse.Parse,
        ["finalize"] = FinalizeRequest.Parse,
        ["revokeCert"] = RevocationRequest.Parse,
        ["keyChange"] = KeyChangeRequest.Parse,
    };

    [Fact, Spec("RFC 8555 §7.3")]
    public void NewAccount_is_read()
    {
        var request = Read(NewAccountRequest.Parse, """
            {"contact":["mailto:a@example.org"],"termsOfServiceAgreed":true,"onlyReturnExisting":true,"externalAccountBinding":{"payload":"x"},"status":"revoked","orders":7}
            """);
        request.Contact.Should().Equal("mailto:a@example.org");
        (request.TermsOfServiceAgreed, request.OnlyReturnExisting).Should().Be((true, true));
        request.ExternalAccountBinding!.Value.GetProperty("payload").GetString().Should().Be("x");
    }

    [Theory, Spec("RFC 8555 §7.3")]
    [InlineData("{}")]
    [InlineData("""{"contact":null,"termsOfServiceAgreed":null,"externalAccountBinding":null}""")]
    public void Nothing_in_newAccount_is_required(string json)
    {
        var request = Read(NewAccountRequest.Parse, json);
        request.Contact.Should().BeEmpty();
        (request.TermsOfServiceAgreed, request.OnlyReturnExisting, request.ExternalAccountBinding).Should().Be((false, false, null));
    }

    [Fact, Spec("RFC 8555 §7.3.2"), Spec("RFC 8555 §7.3.6")]
    public void Account_updates_tell_absent_from_empty_and_know_one_status()
    {
        Read(AccountUpdate.Parse, "{}").Should().Be(new AccountUpdate(null, false, false));
        Read(AccountUpdate.Parse, """{"contact":[]}""").Contact.Should().BeEmpty();
        Read(AccountUpdate.Parse, """{"status":"deactivated"}""").Deactivate.Should().BeTrue();
        Read(AccountUpdate.Parse, """{"status":"valid"}""").Deactivate.Should().BeFalse();
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public void NewOrder_is_read()
    {
        var request = Read(NewOrderRequest.Parse, """
            {"identifiers":[{"type":"permanent-identifier","value":"A\u0000B/1.2"},{"type":"dns","value":"x"}],
             "notBefore":"2026-01-01T00:00:00+02:00","notAfter":"2026-02-01T00:00:00.5Z","profile":"p","replaces":5}
            """);
        request.Identifiers.Should().Equal(new AcmeIdentifier("permanent-identifier", "A\0B/1.2"), new AcmeIdentifier("dns", "x"));
        request.NotBefore.Should().Be(new DateTimeOffset(2025, 12, 31, 22, 0, 0, TimeSpan.Zero));
        request.NotAfter.Should().Be(new DateTimeOffset(2026, 2, 1, 0, 0, 0, 500, TimeSpan.Zero));
        request.Profile.Should().Be("p");
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public void An_order_has_1_to_100_identifiers()
    {
        Read(NewOrderRequest.Parse, Order(100)).Identifiers.Should().HaveCount(100);
        Refused("newOrder", Order(101), "malformed", "json-too-many-items", "identifiers: ");
        Refused("newOrder", Order(0), "malformed", "json-empty-array", "identifiers: ");

        static string Order(int count) =>
            $$"""{"identifiers":[{{string.Join(',', Enumerable.Range(0, count).Select(n => $$"""{"type":"dns","value":"h{{n}}.example"}"""))}}]}""";
    }

    [Fact, Spec("device-attest §5")]
    public void A_challenge_answer_tells_absent_empty_and_present_evidence()
    {
        Read(ChallengeResponse.Parse, "{}").Should().Be(new ChallengeResponse(null, null));
        Read(ChallengeResponse.Parse, """{"attObj":""}""").AttestationObject!.Value.Length.Should().Be(0);
        Read(ChallengeResponse.Parse, """{"attObj":"e30"}""").AttestationObject!.Value.ToArray().Should().Equal((byte)'{', (byte)'}');
        Read(ChallengeResponse.Parse, """{"attObj":"oA","error":"no attestation","other":1}""").Error.Should().Be("no attestation");
        Read(ChallengeResponse.Parse, """{"error":{"code":1}}""").Error.Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §7.6"), Spec("RFC 8555 §7.4"), Spec("RFC 8555 §7.3.5"), Spec("RFC 8555 §7.4.1")]
    public void The_others_are_read()
    {
        Read(RevocationRequest.Parse, """{"certificate":"AQI","reason":4}""").Should().BeEquivalentTo(new { Reason = 4 });
        Read(RevocationRequest.Parse, """{"certificate":"AQI"}""").Certificate.ToArray().Should().Equal(1, 2);
        Read(FinalizeRequest.Parse, """{"csr":"AQI"}""").Csr.ToArray().Should().Equal(1, 2);
        Read(KeyChangeRequest.Parse, $$"""{"account":"https://a","oldKey":{{OldKey}}}""").OldKey.ToJson().Should().Be(OldKey);
        Read(NewAuthorizationRequest.Parse, """{"identifier":{"type":"dns","value":"x"}}""").Identifier.Should().Be(new AcmeIdentifier("dns", "x"));
        Read(AuthorizationUpdate.Parse, """{"status":"deactivated"}""").Should().NotBeNull();
    }

    [Theory, Spec("RFC 8555 §6.1"), Spec("RFC 8555 §6.7")]
    [InlineData("newAccount", """{"contact":"mailto:a"}""", "json-wrong-type", "contact: expected an array, found a string")]
    [InlineData("newAccount", """{"contact":["x",5]}""", "json-wrong-type", "contact[1]: expected a string, found a number")]
    [InlineData("newAccount", """{"termsOfServiceAgreed":"yes"}""", "json-wrong-type", "termsOfServiceAgreed: expected true or false, found a string")]
    [InlineData("newAccount", """{"externalAccountBinding":[]}""", "json-wrong-type", "externalAccountBinding: expected an object, found an array")]
    [InlineData("newOrder", "{}", "json-missing-member", "identifiers: expected an array, found nothing")]
    [InlineData("newOrder", """{"identifiers":[{"type":"dns","value":"a"},{"type":"dns","value":7}]}""", "json-wrong-type", "identifiers[1].value: expected a string, found a number")]
    [InlineData("newOrder", """{"identifiers":[{"type":"dns"}]}""", "json-missing-member", "identifiers[0].value: expected a string, found nothing")]
    [InlineData("newOrder", """{"identifiers":["dns"]}""", "json-wrong-type", "identifiers[0]: expected an object, found a string")]
    [InlineData("newOrder", """{"identifiers":[{"type":"dns","value":"a"}],"notBefore":"tomorrow"}""", "json-wrong-time", "notBefore: ")]
    [InlineData("newOrder", """{"identifiers":[{"type":"dns","value":"a"}],"notAfter":1767225600}""", "json-wrong-type", "notAfter: ")]
    [InlineData("newAuthz", """{"identifier":null}""", "json-wrong-type", "identifier: expected an object, found null")]
    [InlineData("authz", """{"status":"valid"}""", "authorization-status-not-settable", "status: ")]
    [InlineData("challenge", """{"attObj":null}""", "json-wrong-type", "attObj: expected a string, found null")]
    [InlineData("challenge", """{"attObj":{}}""", "json-wrong-type", "attObj: expected a string, found an object")]
    [InlineData("challenge", """{"attObj":"e30="}""", "base64url-invalid", "attObj: ")]
    [InlineData("challenge", """{"attObj":"+/8"}""", "base64url-invalid", "attObj: ")]
    [InlineData("finalize", "{}", "json-missing-member", "csr: ")]
    [InlineData("finalize", """{"csr":"AQ=="}""", "base64url-invalid", "csr: ")]
    [InlineData("revokeCert", """{"certificate":5}""", "json-wrong-type", "certificate: ")]
    [InlineData("revokeCert", """{"certificate":"AQI","reason":"4"}""", "json-wrong-type", "reason: ")]
    [InlineData("keyChange", """{"account":"https://a"}""", "json-missing-member", "oldKey: ")]
    [InlineData("keyChange", """{"account":"https://a","oldKey":{}}""", "json-missing-member", "oldKey.kty: ")]
    public void Faults_name_the_member(string reader, string json, string reason, string detail) => Refused(reader, json, "malformed", reason, detail);

    [Theory, Spec("RFC 8555 §7.6")]
    [InlineData("1.5")]
    [InlineData("99999999999")]
    public void A_reason_that_is_no_code_is_badRevocationReason(string reason) =>
        Refused("revokeCert", $$"""{"certificate":"AQI","reason":{{reason}}}""", "badRevocationReason", "revocation-reason-unknown", "reason: ");

    [Fact]
    public void A_request_for_a_certificate_is_bounded()
    {
        var json = $$"""{"csr":"{{new string('A', FinalizeRequest.MaxCsrBytes / 3 * 4 + 4)}}"}""";
        Refused("finalize", json, "malformed", "base64url-too-long", "csr: expected at most 16384 bytes");
    }

    [Fact]
    public void Random_members_never_end_in_anything_but_a_problem()
    {
        string[] names =
        [
            "contact", "termsOfServiceAgreed", "onlyReturnExisting", "externalAccountBinding", "status", "identifiers", "identifier", "notBefore",
            "notAfter", "profile", "attObj", "error", "csr", "certificate", "reason", "account", "oldKey",
        ];
        string[] values =
        [
            "null", "true", "1", "1e999", "-0.5", "\"\"", "\"x\"", "\"\\u0000\"", "[]", "[null]", "[[]]", "{}", "[{}]", "{\"type\":1}", "[{\"type\":\"a\",\"value\":[]}]",
            "\"deactivated\"", "\"2026-13-01T00:00:00Z\"", "\"0001-01-01T00:00:00+23:59\"", OldKey, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":{}}",
        ];
        Prop.ForAll<int[]>(picks =>
        {
            var members = picks.Select(pick => (uint)pick).Select(pick => $"\"{names[pick % names.Length]}\":{values[pick / names.Length % values.Length]}");
            var json = "{" + string.Join(',', members.DistinctBy(member => member.Split(':')[0])) + "}";
            foreach (var read in Readers.Values)
            {
                try
                {
                    read(StrictJson.ParseObject(Encoding.UTF8.GetBytes(json), "payload"));
                }
                catch (ProblemException refusal)
                {
                    refusal.Problem.Status.Should().Be(400);
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    private static T Read<T>(Func<JsonElement, T> parse, string json) => parse(StrictJson.ParseObject(Encoding.UTF8.GetBytes(json), "payload"));

    private static void Refused(string reader, string json, string type, string reason, string detail)
    {
        Func<object?> call = () => Read(Readers[reader], json);
        call.ShouldRefuse(type, reason).Detail.Should().StartWith(detail);
    }
}
