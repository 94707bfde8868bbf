using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Protocol.Acme;

/// <summary>The bytes of answers, with the names written out here.</summary>
public sealed class ResponseTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 31, 13, 0, 0, 250, TimeSpan.FromHours(1));

    [Fact, Spec("RFC 8555 §7.1.1"), Spec("RFC 8555 §9.7.6")]
    public void Directory() =>
        JsonSerializer.Serialize(
            new DirectoryObject
            {
                NewNonce = "https://a/n",
                NewAccount = "https://a/a",
                NewOrder = "https://a/o",
                RevokeCert = "https://a/r",
                KeyChange = "https://a/k",
                Meta = new DirectoryMeta
                {
                    TermsOfService = "https://a/t",
                    Website = "https://a/",
                    CaaIdentities = ["a"],
                    ExternalAccountRequired = true,
                    Profiles = new Dictionary<string, string> { ["TLS-Server"] = "what it's for" },
                },
            },
            AcmeJson.Default.DirectoryObject).Should().Be(
            """{"newNonce":"https://a/n","newAccount":"https://a/a","newOrder":"https://a/o","revokeCert":"https://a/r","keyChange":"https://a/k","meta":{"termsOfService":"https://a/t","website":"https://a/","caaIdentities":["a"],"externalAccountRequired":true,"profiles":{"TLS-Server":"what it's for"}}}""");

    [Fact, Spec("RFC 8555 §7.1.2")]
    public void Account() =>
        JsonSerializer.Serialize(
            new AccountObject { Status = "valid", Contact = ["mailto:a@b"], TermsOfServiceAgreed = true, ExternalAccountBinding = JsonElement.Parse("{\"payload\":\"x\"}"), Orders = "https://a/1/orders" },
            AcmeJson.Default.AccountObject).Should().Be(
            """{"status":"valid","contact":["mailto:a@b"],"termsOfServiceAgreed":true,"externalAccountBinding":{"payload":"x"},"orders":"https://a/1/orders"}""");

    [Fact, Spec("RFC 8555 §7.1.3"), Spec("RFC 3339 §5.6")]
    public void Order() =>
        JsonSerializer.Serialize(
            new OrderObject
            {
                Status = "pending",
                Expires = Time,
                Identifiers = [new AcmeIdentifier("dns", "é.example")],
                Profile = "p",
                NotBefore = Time,
                Authorizations = ["https://a/z"],
                Finalize = "https://a/f",
            },
            AcmeJson.Default.OrderObject).Should().Be(
            """{"status":"pending","expires":"2026-01-31T12:00:00Z","identifiers":[{"type":"dns","value":"é.example"}],"profile":"p","notBefore":"2026-01-31T12:00:00Z","authorizations":["https://a/z"],"finalize":"https://a/f"}""");

    [Fact, Spec("RFC 8555 §7.1.4"), Spec("RFC 8555 §7.1.5"), Spec("RFC 8555 §6.7.1")]
    public void Authorization() =>
        JsonSerializer.Serialize(
            new AuthorizationObject
            {
                Identifier = new AcmeIdentifier("dns", "x"),
                Status = "invalid",
                Challenges =
                [
                    new ChallengeObject
                    {
                        Type = "http-01", Url = "https://a/c", Status = "invalid", Token = "t", Validated = Time, Error = Problems.Dns("no-address", "x: none").Problem,
                    },
                ],
                Wildcard = true,
            },
            AcmeJson.Default.AuthorizationObject).Should().Be(
            """{"identifier":{"type":"dns","value":"x"},"status":"invalid","challenges":[{"type":"http-01","url":"https://a/c","status":"invalid","token":"t","validated":"2026-01-31T12:00:00Z","error":{"type":"urn:ietf:params:acme:error:dns","detail":"x: none","status":400,"reason":"no-address"}}],"wildcard":true}""");

    [Fact, Spec("RFC 8555 §7.1.2.1"), Spec("RFC 8555 §6.2")]
    public void Orders_and_a_problem_with_algorithms()
    {
        JsonSerializer.Serialize(new OrdersObject { Orders = [] }, AcmeJson.Default.OrdersObject).Should().Be("""{"orders":[]}""");
        JsonSerializer.Serialize(Problems.BadSignatureAlgorithm("r", "d", ["ES256"]).Problem, AcmeJson.Default.Problem).Should().Be(
            """{"type":"urn:ietf:params:acme:error:badSignatureAlgorithm","detail":"d","status":400,"reason":"r","algorithms":["ES256"]}""");
    }

    [Fact]
    public void What_is_written_reads_back()
    {
        var order = new OrderObject { Status = "valid", Expires = Time.AddMilliseconds(-250), Identifiers = [], Authorizations = [], Finalize = "f", Certificate = "c" };
        var back = JsonSerializer.Deserialize(JsonSerializer.Serialize(order, AcmeJson.Default.OrderObject), AcmeJson.Default.OrderObject);
        back.Should().BeEquivalentTo(order);
    }
}
