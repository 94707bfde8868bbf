using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Orders: made, followed, ended (RFC 8555 §7.1.3, §7.1.6, §7.4).</summary>
public sealed class OrderTests(SharedServer shared)
{
    [Fact, Spec("RFC 8555 §7.4")]
    public async Task A_new_order_is_201_with_Location_and_its_object()
    {
        var account = await shared.Account();
        var reply = await account.Order(("dns", "b.example"), ("dns", "a.example"), ("ip", "192.0.2.1"));

        reply.Status.Should().Be(HttpStatusCode.Created);
        reply.ContentType.Should().Be("application/json");
        reply.Header("Location").Should().StartWith($"{account.Root}/order/");
        reply.State.Should().Be("pending");
        ((string?)reply.Json["expires"]).Should().Be("2026-11-23T12:00:00Z");
        reply.Json["identifiers"]!.AsArray().Select(identifier => $"{identifier!["type"]}:{identifier["value"]}").Should().Equal("dns:b.example", "dns:a.example", "ip:192.0.2.1");
        reply.Json["authorizations"]!.AsArray().Should().HaveCount(3);
        ((string?)reply.Json["finalize"]).Should().Be($"{reply.Header("Location")}/finalize");
        reply.Json.AsObject().Select(member => member.Key).Should().BeEquivalentTo("status", "expires", "identifiers", "profile", "authorizations", "finalize");
    }

    [Fact, Spec("RFC 8555 §7.1.3")]
    public async Task Authorizations_stand_in_the_order_of_the_identifiers()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "z.example"), ("dns", "a.example"), ("dns", "m.example"));
        var values = new List<string>();
        foreach (var url in order.Json["authorizations"]!.AsArray())
        {
            values.Add((string)(await account.Get((string)url!)).Json["identifier"]!["value"]!);
        }

        values.Should().Equal("z.example", "a.example", "m.example");
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task An_order_goes_from_pending_over_ready_to_valid_and_keeps_its_arrays()
    {
        var account = await shared.Account();
        var pending = await account.Order(("dns", "a.example"), ("dns", "b.example"));
        var ready = await account.Authorize(pending);
        using var key = Simulated.NewKey();
        var valid = await account.Post((string)ready.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, "a.example", "b.example")}}"}""");
        var read = await account.Get(pending.Header("Location")!);

        new[] { pending, ready, valid, read }.Select(order => order.State).Should().Equal("pending", "ready", "valid", "valid");
        foreach (var order in new[] { ready, valid, read })
        {
            order.Json["identifiers"]!.ToJsonString().Should().Be(pending.Json["identifiers"]!.ToJsonString());
            order.Json["authorizations"]!.ToJsonString().Should().Be(pending.Json["authorizations"]!.ToJsonString());
            ((string?)order.Json["expires"]).Should().NotBeNull("it is required in pending and valid orders");
            order.Json["error"].Should().BeNull();
        }

        ready.Json["certificate"].Should().BeNull();
        ((string?)valid.Json["certificate"]).Should().StartWith($"{account.Root}/cert/");
        ((string?)read.Json["certificate"]).Should().Be((string)valid.Json["certificate"]!);
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task An_order_is_ready_only_when_every_authorization_is_valid()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "a.example"), ("dns", "b.example"));
        foreach (var (url, state) in order.Json["authorizations"]!.AsArray().Zip(["pending", "ready"]))
        {
            var challenge = (await account.Get((string)url!)).Json["challenges"]![0]!;
            await account.Post((string)challenge["url"]!, "{}");
            (await account.Settle((string)url!)).State.Should().Be("valid");
            (await account.Get(order.Header("Location")!)).State.Should().Be(state);
        }
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task One_failed_authorization_makes_the_order_invalid_with_its_error()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "refused.example"), ("dns", "b.example"));
        var challenge = await account.Challenge(order, "http-01");
        await account.Post((string)challenge["url"]!, "{}");
        await account.Settle((string)order.Json["authorizations"]![0]!);

        var invalid = await account.Get(order.Header("Location")!);
        invalid.State.Should().Be("invalid");
        ((string?)invalid.Json["error"]!["type"]).Should().Be("urn:ietf:params:acme:error:incorrectResponse");
        (await account.Post((string)order.Json["finalize"]!, """{"csr":"MAA"}""")).ShouldBeProblem("orderNotReady", 403);
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task An_order_that_is_not_finished_in_time_is_invalid()
    {
        await using var server = await TestServer.Start();
        var account = new TestAccount(server);
        await account.Register();
        var pending = await account.Order(("dns", "a.example"));
        server.Clock.Advance(TimeSpan.FromHours(23.9));
        (await account.Get(pending.Header("Location")!)).State.Should().Be("pending");
        var ready = await account.Authorize(await account.Order(("dns", "b.example")));
        server.Clock.Advance(TimeSpan.FromHours(0.2));

        (await account.Get(pending.Header("Location")!)).State.Should().Be("invalid");
        (await account.Get((string)pending.Json["authorizations"]![0]!)).State.Should().Be("expired");
        (await account.Get(ready.Header("Location")!)).State.Should().Be("ready");
        var list = (await account.Get($"{account.Kid}/orders")).Json["orders"]!.AsArray();
        list.Select(url => (string)url!).Should().Equal(ready.Header("Location")!);

        // the proof does not last as long as the order
        server.Clock.Advance(TimeSpan.FromHours(7));
        (await account.Get((string)ready.Json["authorizations"]![0]!)).State.Should().Be("expired");
        (await account.Get(ready.Header("Location")!)).State.Should().Be("invalid");
        using var key = Simulated.NewKey();
        (await account.Post((string)ready.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, "b.example")}}"}""")).ShouldBeProblem("orderNotReady", 403);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task An_order_that_is_being_processed_says_when_to_look_again()
    {
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        var id = order.Header("Location")!.Split('/')[^1];
        await shared.Server.Db.Commit(context => context.ChangeAtOnce(context.Orders.Where(row => row.Id == new OrderId(id)), row => row.SetProperty(stored => stored.Status, OrderStatus.Processing)), TestContext.Current.CancellationToken);

        var processing = await account.Get(order.Header("Location")!);
        processing.State.Should().Be("processing");
        processing.Header("Retry-After").Should().MatchRegex("^[0-9]+$");
        (await account.Post((string)order.Json["finalize"]!, """{"csr":"MAA"}""")).ShouldBeProblem("orderNotReady", 403);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task A_wished_validity_is_shown_and_kept()
    {
        var account = await shared.Account();
        var created = await account.Post($"{account.Root}/new-order", """
            {"identifiers":[{"type":"dns","value":"a.example"}],"notBefore":"2026-11-22T13:00:00+01:00","notAfter":"2026-12-01T00:00:00.000Z"}
            """);
        ((string?)created.Json["notBefore"]).Should().Be("2026-11-22T12:00:00Z");
        ((string?)created.Json["notAfter"]).Should().Be("2026-12-01T00:00:00Z");

        using var certificate = await account.Certificate(await account.Authorize(created), "a.example");
        certificate.NotBefore.ToUniversalTime().Should().Be(new DateTime(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc));
        certificate.NotAfter.ToUniversalTime().Should().Be(new DateTime(2026, 12, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    [Theory, Spec("RFC 8555 §7.4")]
    [InlineData("notAfter", "2026-11-22T11:00:00Z")]
    [InlineData("notAfter", "2036-11-22T12:00:00Z")]
    [InlineData("notAfter", "2026-12-01T00:00:00.5Z")]
    [InlineData("notAfter", "2026-12-01")]
    [InlineData("notAfter", "tomorrow")]
    [InlineData("notAfter", "9999-12-31T23:59:59Z")]
    [InlineData("notBefore", "2020-01-01T00:00:00Z")]
    [InlineData("notBefore", "2036-01-01T00:00:00Z")]
    [InlineData("notBefore", "0001-01-01T00:00:00Z")]
    [InlineData("notBefore", "")]
    public async Task A_validity_that_cannot_be_kept_is_refused(string member, string time)
    {
        var account = await shared.Account();
        var payload = new JsonObject { ["identifiers"] = new JsonArray(new JsonObject { ["type"] = "dns", ["value"] = "a.example" }), [member] = time };

        (await account.Post($"{account.Root}/new-order", payload.ToJsonString())).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task An_unknown_type_is_unsupportedIdentifier()
    {
        var account = await shared.Account();
        (await account.Order(("email", "a@example.com"))).ShouldBeProblem("unsupportedIdentifier", 400);
        (await account.Order(("permanent-identifier", "ABC"))).ShouldBeProblem("unsupportedIdentifier", 400)["detail"]!.GetValue<string>().Should().Contain("dns");
        (await account.Order(("DNS", "a.example"))).ShouldBeProblem("unsupportedIdentifier", 400);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Several_refused_identifiers_are_compound()
    {
        var account = await shared.Account();
        var problem = (await account.Order(("dns", "-.example"), ("ip", "999"), ("x", "y"))).ShouldBeProblem("compound", 400);

        problem["subproblems"]!.AsArray().Select(one => ((string)one!["type"]!).Split(':')[^1]).Should().Equal("rejectedIdentifier", "rejectedIdentifier", "unsupportedIdentifier");
    }

    [Theory, Spec("RFC 8555 §7.4")]
    [InlineData("{}")]
    [InlineData("""{"identifiers":null}""")]
    [InlineData("""{"identifiers":[]}""")]
    [InlineData("""{"identifiers":{}}""")]
    [InlineData("""{"identifiers":["a.example"]}""")]
    [InlineData("""{"identifiers":[{"type":"dns"}]}""")]
    [InlineData("""{"identifiers":[{"value":"a.example"}]}""")]
    [InlineData("""{"identifiers":[{"type":"dns","value":1}]}""")]
    [InlineData("""{"identifiers":[{"type":"dns","value":"a.example","value":"b.example"}]}""")]
    [InlineData("""{"identifiers":[{"type":"dns","value":"a.example"}],"notBefore":1}""")]
    [InlineData("""{"identifiers":[{"type":"dns","value":"a.example"}],"profile":1}""")]
    public async Task A_payload_of_other_types_is_malformed(string payload)
    {
        var account = await shared.Account();
        (await account.Post($"{account.Root}/new-order", payload)).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task A_hundred_identifiers_are_taken_and_one_more_is_malformed()
    {
        var account = await shared.Account();
        var names = Enumerable.Range(0, 101).Select(number => ("dns", $"host{number}.example")).ToArray();

        (await account.Order(names[..100])).Json["authorizations"]!.AsArray().Should().HaveCount(100);
        (await account.Order(names)).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task A_name_that_stands_twice_is_authorized_once()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "a.example"), ("dns", "A.EXAMPLE"), ("dns", "a.example"));

        order.Json["identifiers"]!.AsArray().Should().ContainSingle();
        order.Json["authorizations"]!.AsArray().Should().ContainSingle();
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Unknown_members_of_an_order_are_ignored()
    {
        var account = await shared.Account();
        var reply = await account.Post(
            $"{account.Root}/new-order", """{"resource":"new-order","identifiers":[{"type":"dns","value":"a.example","x":1}],"replaces":"AAAA.BBBB","status":"valid","expires":"x"}""");

        reply.Status.Should().Be(HttpStatusCode.Created);
        reply.State.Should().Be("pending");
    }
}
