using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Tests.Tickets;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>URIs as identifiers: the ledger vouches, for the device that the account has proven, and for its attested key alone.</summary>
public sealed class UriIdentifierTests : IAsyncLifetime
{
    private const string Own = "spiffe://example.org/host/4711";

    private const string Profile = """
        name: workload
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
          uri:
            challenges: [ledger-01]
            allow: ["spiffe://example.org/*", "urn:*"]
            vouched: ["spiffe://example.org/host/{{ledger.asset}}", "{{ledger.uris}}"]
        attestation: { mode: required, formats: [apple], anchors: [apple] }
        devices: { unknown: refuse }
        certificate:
          subject: CN={{ledger.asset|none}}
          subject-alternative-names: [identifiers]
          identifier-in-certificate: false
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 1d
        """;

    private TestServer? _server;

    private TestServer Server => _server!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.Start(
            new Dictionary<string, string>
            {
                ["workload"] = Profile,
                ["by-ticket"] = Profile.Replace("name: workload", "name: by-ticket", StringComparison.Ordinal).Replace("vouched:", "by: ticket\n    vouched:", StringComparison.Ordinal),
            },
            anchors: Simulated.Anchors, ledger: true);
        await Import($$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"attributes":{"asset":"4711","uris":"urn:x:1 urn:x:2"}}]""");
    }

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_proven_device_gets_the_names_that_the_ledger_vouches_for_and_no_device_identifier()
    {
        var (account, order, evidence) = await Proven(("uri", Own), ("uri", "urn:x:2"));
        foreach (var authorization in await Authorizations(account, order, "uri"))
        {
            (await Answer(account, authorization)).State.Should().Be("valid");
        }

        var valid = await Finalize(account, order, evidence.Key);

        valid.State.Should().Be("valid", valid.Body);
        using var certificate = X509Certificate2.CreateFromPem((await account.Get((string)valid.Json["certificate"]!)).Body);
        certificate.Subject.Should().Be("CN=4711");
        var names = certificate.Extensions.Single(extension => extension.Oid!.Value == "2.5.29.17").Format(false);
        names.Should().Contain(Own).And.Contain("urn:x:2").And.NotContain(Simulated.Serial);
        await using var context = Server.Db.Read();
        context.Certificates.Single().Device.Should().Be(context.Devices.Single().Id);
    }

    [Fact]
    public async Task The_device_must_be_proven_first_and_then_the_challenge_can_be_answered_again()
    {
        var account = await Account("workload");
        var order = await account.Order(("permanent-identifier", Simulated.Serial), ("uri", Own));
        var uri = (await Authorizations(account, order, "uri")).Single();

        var early = await Answer(account, uri);
        early.ShouldBeProblem("unauthorized", 403);
        early.Reason.Should().Be("device-not-proven");

        var proof = new DeviceOrder(account, order, await account.Challenge(order, "device-attest-01"));
        await proof.Send(Simulated.Apple.Make(proof.Material, Simulated.NewKey()));
        (await Answer(account, uri)).State.Should().Be("valid");
    }

    [Theory]
    [InlineData("spiffe://example.org/host/4712")]
    [InlineData("spiffe://example.org/host/4711/more")]
    [InlineData("urn:x:3")]
    [InlineData("urn:x:1%20urn:x:2")]
    public async Task Another_name_than_the_ledger_vouches_for_is_refused(string uri)
    {
        var (account, order, _) = await Proven(("uri", uri));

        var answer = await Answer(account, (await Authorizations(account, order, "uri")).Single());

        answer.State.Should().Be("invalid");
        ((string)answer.Json["error"]!["reason"]!).Should().Be("uri-not-vouched");
        (await account.Get(order.Header("Location")!)).State.Should().Be("invalid");
    }

    [Fact]
    public async Task A_name_alone_is_bound_to_the_key_of_the_evidence()
    {
        var (account, _, evidence) = await Proven();
        var order = await account.Order(("uri", Own));
        (await Answer(account, (await Authorizations(account, order, "uri")).Single())).State.Should().Be("valid");

        using var foreign = Simulated.NewKey();
        (await Finalize(account, order, foreign)).Reason.Should().Be("csr-key-not-attested");
        (await Finalize(account, order, evidence.Key)).State.Should().Be("valid");
    }

    [Fact]
    public async Task Another_account_cannot_lean_on_the_proof()
    {
        await Proven();
        var stranger = await Account("workload");
        var order = await stranger.Order(("uri", Own));

        (await Answer(stranger, (await Authorizations(stranger, order, "uri")).Single())).Reason.Should().Be("device-not-proven");
    }

    [Fact]
    public async Task What_the_ledger_takes_back_before_the_finalize_is_not_certified()
    {
        var (account, order, evidence) = await Proven(("uri", Own));
        await Answer(account, (await Authorizations(account, order, "uri")).Single());
        await Import($$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"attributes":{"asset":"9999"}}]""");

        (await Finalize(account, order, evidence.Key)).Reason.Should().Be("uri-not-vouched");
        await Import($$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"attributes":{"asset":"4711"},"state":"blocked"}]""");
        (await Finalize(account, order, evidence.Key)).Reason.Should().Be("device-blocked");
    }

    [Fact]
    public async Task A_CSR_may_name_the_ordered_URIs_and_no_others()
    {
        var (account, order, evidence) = await Proven(("uri", Own));
        await Answer(account, (await Authorizations(account, order, "uri")).Single());

        (await Finalize(account, order, evidence.Key, "spiffe://example.org/host/1")).Reason.Should().Be("csr-uri-not-ordered");
        (await Finalize(account, order, evidence.Key, Own)).State.Should().Be("valid");
    }

    [Theory]
    [InlineData("spiffe://Example.org/host/4711")]
    [InlineData("spiffe://example.org/host/../4711")]
    [InlineData("spiffe://example.org/host/4711/")]
    [InlineData("spiffe://example.org/host?x")]
    [InlineData("SPIFFE://example.org/host/4711")]
    [InlineData("tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500")]
    [InlineData("no uri")]
    [InlineData("https://example.org/elsewhere")]
    public async Task What_is_no_such_name_or_not_allowed_is_not_ordered(string uri) =>
        (await (await Account("workload")).Order(("uri", uri))).ShouldBeProblem("rejectedIdentifier", 400);

    [Fact]
    public async Task Elsewhere_the_type_is_not_supported() =>
        (await (await Account("apple-device")).Order(("uri", Own))).ShouldBeProblem("unsupportedIdentifier", 400);

    [Fact]
    public async Task By_ticket_an_account_without_one_gets_nothing()
    {
        var account = await Account("by-ticket");
        var order = await account.Order(("uri", Own));

        var refused = await Answer(account, (await Authorizations(account, order, "uri")).Single());
        refused.Reason.Should().Be("device-not-proven");
        ((string)refused.Json["detail"]!).Should().Contain("ticket for a device");
    }

    [Fact]
    public async Task By_ticket_the_account_speaks_for_the_device_that_the_ticket_is_for()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "by-ticket", Device = Simulated.Serial });
        var account = Server.At(ticket);
        (await account.Register()).Status.Should().Be(HttpStatusCode.Created);
        var order = await account.Order(("uri", Own));
        (await Answer(account, (await Authorizations(account, order, "uri")).Single())).State.Should().Be("valid");

        using var key = Simulated.NewKey();
        (await Finalize(account, order, key)).State.Should().Be("valid");
        var other = await account.Order(("uri", "urn:x:9"));
        ((string)(await Answer(account, (await Authorizations(account, other, "uri")).Single())).Json["error"]!["reason"]!).Should().Be("uri-not-vouched");
    }

    private async Task<TestAccount> Account(string profile)
    {
        var account = new TestAccount(Server, profile);
        await account.Register();
        return account;
    }

    private async Task<(TestAccount Account, TestReply Order, MadeEvidence Evidence)> Proven(params (string Type, string Value)[] more)
    {
        var account = await Account("workload");
        var order = await account.Order([("permanent-identifier", Simulated.Serial), .. more]);
        order.Status.Should().Be(HttpStatusCode.Created, order.Body);
        var proof = new DeviceOrder(account, order, await account.Challenge(order, "device-attest-01"));
        var evidence = Simulated.Apple.Make(proof.Material, Simulated.NewKey());
        (await proof.Send(evidence)).State.Should().Be("valid");
        return (account, order, evidence);
    }

    private static async Task<IReadOnlyList<JsonNode>> Authorizations(TestAccount account, TestReply order, string type)
    {
        var found = new List<JsonNode>();
        foreach (var url in order.Json["authorizations"]!.AsArray())
        {
            var authorization = (await account.Get((string)url!)).Json;
            if ((string)authorization["identifier"]!["type"]! == type)
            {
                found.Add(authorization);
            }
        }

        return found;
    }

    private static Task<TestReply> Answer(TestAccount account, JsonNode authorization)
    {
        var challenge = authorization["challenges"]!.AsArray().Should().ContainSingle().Subject!;
        ((string)challenge["type"]!).Should().Be("ledger-01");
        return account.Post((string)challenge["url"]!, "{}");
    }

    private static Task<TestReply> Finalize(TestAccount account, TestReply order, AsymmetricAlgorithm key, string? uri = null)
    {
        var request = new CertificateRequest("", (ECDsa)key, HashAlgorithmName.SHA256);
        if (uri is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddUri(new Uri(uri));
            request.CertificateExtensions.Add(names.Build());
        }

        return account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Base64(request.CreateSigningRequest())}}"}""");
    }

    private async Task Import(string json)
    {
        var result = await Server.Services.GetRequiredService<DeviceImport>().Run(Inventory.Read(Encoding.UTF8.GetBytes(json)), "test", "test", false, null, TestContext.Current.CancellationToken);
        result.Mistakes.Should().BeEmpty();
    }
}
