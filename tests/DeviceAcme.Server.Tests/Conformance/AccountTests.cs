using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Accounts: made, found, changed, given up (RFC 8555 §7.3).</summary>
public sealed class AccountTests(SharedServer shared)
{
    [Fact, Spec("RFC 8555 §7.3")]
    public async Task A_new_account_is_201_with_Location_and_its_object()
    {
        var account = new TestAccount(shared.Server);
        var reply = await account.Register("""{"contact":["mailto:admin@example.com"],"termsOfServiceAgreed":true}""");

        reply.Status.Should().Be(HttpStatusCode.Created);
        reply.ContentType.Should().Be("application/json");
        account.Kid.Should().MatchRegex($"^{account.Root}/account/[A-Za-z0-9_-]{{22}}$");
        reply.State.Should().Be("valid");
        reply.Json["contact"]!.AsArray().Select(contact => (string)contact!).Should().Equal("mailto:admin@example.com");
        ((bool?)reply.Json["termsOfServiceAgreed"]).Should().BeTrue();
        ((string?)reply.Json["orders"]).Should().Be($"{account.Kid}/orders");
        reply.Json.AsObject().Select(member => member.Key).Should().BeSubsetOf(["status", "contact", "termsOfServiceAgreed", "orders"]);
    }

    [Fact, Spec("RFC 8555 §7.3")]
    public async Task Members_without_value_are_left_out()
    {
        var reply = await new TestAccount(shared.Server).Register("{}");
        reply.Json.AsObject().Select(member => member.Key).Should().Equal("status", "orders");
    }

    [Fact, Spec("RFC 8555 §7.3")]
    public async Task What_only_the_server_sets_is_ignored_and_so_are_unknown_members()
    {
        var account = new TestAccount(shared.Server);
        var reply = await account.Register("""{"status":"revoked","orders":"https://evil.test/","resource":"new-reg","unknown":{"a":[1]}}""");

        reply.Status.Should().Be(HttpStatusCode.Created);
        reply.State.Should().Be("valid");
        ((string?)reply.Json["orders"]).Should().StartWith(account.Root);
    }

    [Fact, Spec("RFC 8555 §7.3")]
    public async Task A_known_key_is_200_with_the_account_as_it_is()
    {
        var account = new TestAccount(shared.Server);
        await account.Register("""{"contact":["mailto:first@example.com"]}""");
        var url = account.Kid;

        var again = await account.Post($"{account.Root}/new-account", """{"contact":["mailto:second@example.com"]}""", useJwk: true);

        again.Status.Should().Be(HttpStatusCode.OK);
        again.Header("Location").Should().Be(url);
        again.Json["contact"]!.AsArray().Single()!.GetValue<string>().Should().Be("mailto:first@example.com");
        (await account.Get(url!)).Json["contact"]!.AsArray().Single()!.GetValue<string>().Should().Be("mailto:first@example.com");
    }

    [Fact, Spec("RFC 8555 §7.3")]
    public async Task The_same_key_registered_many_times_at_once_has_one_account()
    {
        var key = TestKey.P256();
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new TestAccount(shared.Server, key: key).Register())));

        replies.Select(reply => reply.Header("Location")).Distinct().Should().ContainSingle();
        replies.Count(reply => reply.Status == HttpStatusCode.Created).Should().Be(1);
        replies.Should().OnlyContain(reply => reply.Status == HttpStatusCode.Created || reply.Status == HttpStatusCode.OK);
    }

    [Fact, Spec("RFC 8555 §7.3.1")]
    public async Task OnlyReturnExisting_of_an_unknown_key_is_accountDoesNotExist_and_makes_nothing()
    {
        var account = new TestAccount(shared.Server);
        (await account.Register("""{"onlyReturnExisting":true}""")).ShouldBeProblem("accountDoesNotExist", 400);
        (await account.Register("""{"onlyReturnExisting":true,"termsOfServiceAgreed":true}""")).ShouldBeProblem("accountDoesNotExist", 400);

        (await account.Register()).Status.Should().Be(HttpStatusCode.Created, "it did not exist until now");
    }

    [Fact, Spec("RFC 8555 §7.3.1")]
    public async Task OnlyReturnExisting_of_a_known_key_is_200_with_Location()
    {
        var account = await shared.Account();
        var reply = await account.Post($"{account.Root}/new-account", """{"onlyReturnExisting":true}""", useJwk: true);

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.Header("Location").Should().Be(account.Kid);
    }

    [Theory, Spec("RFC 8555 §7.3")]
    [InlineData("tel:+15551234")]
    [InlineData("https://example.com/")]
    [InlineData("admin@example.com")]
    [InlineData("")]
    public async Task Another_scheme_than_mailto_is_unsupportedContact(string contact)
    {
        var account = await shared.Account();
        var payload = new JsonObject { ["contact"] = new JsonArray(contact) }.ToJsonString();

        (await new TestAccount(shared.Server).Register(payload)).ShouldBeProblem("unsupportedContact", 400);
        (await account.Post(account.Kid!, payload)).ShouldBeProblem("unsupportedContact", 400);
    }

    [Theory, Spec("RFC 8555 §7.3")]
    [InlineData("mailto:admin@example.com?subject=hello")]
    [InlineData("mailto:admin@example.com,other@example.com")]
    [InlineData("mailto:")]
    [InlineData("mailto:admin")]
    [InlineData("mailto:Admin <admin@example.com>")]
    [InlineData("mailto:admin@example.com\r\nBcc: x@example.com")]
    [InlineData("mailto:ädmin@example.com")]
    public async Task A_bad_mail_address_is_invalidContact(string contact)
    {
        var account = await shared.Account();
        var payload = new JsonObject { ["contact"] = new JsonArray("mailto:good@example.com", contact) }.ToJsonString();

        (await new TestAccount(shared.Server).Register(payload)).ShouldBeProblem("invalidContact", 400);
        (await account.Post(account.Kid!, payload)).ShouldBeProblem("invalidContact", 400);
        (await account.Get(account.Kid!)).Json["contact"].Should().BeNull();
    }

    [Theory, Spec("RFC 8555 §7.3")]
    [InlineData("""{"contact":"mailto:a@example.com"}""")]
    [InlineData("""{"contact":[1]}""")]
    [InlineData("""{"termsOfServiceAgreed":"yes"}""")]
    [InlineData("""{"onlyReturnExisting":1}""")]
    [InlineData("""{"externalAccountBinding":"text"}""")]
    [InlineData("""{"contact":["mailto:a@example.com\ud800"]}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task A_payload_of_other_types_is_malformed(string payload) =>
        (await new TestAccount(shared.Server).Register(payload)).ShouldBeProblem("malformed", 400);

    [Fact, Spec("RFC 8555 §7.3.2")]
    public async Task An_update_replaces_the_contacts_and_ignores_the_rest()
    {
        var account = await shared.Account();
        var reply = await account.Post(account.Kid!, """{"contact":["mailto:a@example.com","MAILTO:b@example.com"],"status":"valid","orders":"x","key":{},"unknown":1}""");

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.Json["contact"]!.AsArray().Select(contact => (string)contact!).Should().Equal("mailto:a@example.com", "MAILTO:b@example.com");
        (await account.Post(account.Kid!, """{"status":"revoked"}""")).State.Should().Be("valid");
        (await account.Post(account.Kid!, """{"contact":[]}""")).Json["contact"].Should().BeNull();
        (await account.Get(account.Kid!)).Json["contact"].Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §7.3.6")]
    public async Task A_deactivated_account_and_its_key_are_401_ever_after()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));

        var reply = await account.Post(account.Kid!, """{"status":"deactivated"}""");
        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.State.Should().Be("deactivated");

        (await account.Get(account.Kid!)).ShouldBeProblem("unauthorized", 401);
        (await account.Get(order.Header("Location")!)).ShouldBeProblem("unauthorized", 401);
        (await account.Order(("dns", "other.example"))).ShouldBeProblem("unauthorized", 401);
        (await account.Post(account.Kid!, """{"status":"valid"}""")).ShouldBeProblem("unauthorized", 401);
        (await account.Post($"{account.Root}/new-account", "{}", useJwk: true)).ShouldBeProblem("unauthorized", 401);
        (await account.Post($"{account.Root}/new-account", """{"onlyReturnExisting":true}""", useJwk: true)).ShouldBeProblem("unauthorized", 401);
    }

    [Fact, Spec("RFC 8555 §7.3.6")]
    public async Task Deactivation_cancels_the_orders_that_are_open_and_revokes_no_certificate()
    {
        var account = await shared.Account();
        var valid = await account.Enroll("valid.example");
        var pending = await account.Order(("dns", "pending.example"));
        var ready = await account.Authorize(await account.Order(("dns", "ready.example")));
        await account.Post(account.Kid!, """{"status":"deactivated"}""");

        await using var context = shared.Server.Db.Read();
        string Status(TestReply made)
        {
            var id = new OrderId(made.Header("Location")!.Split('/')[^1]);
            return context.Orders.Single(row => row.Id == id).Status.ToString();
        }

        Status(pending).Should().Be("Invalid");
        Status(ready).Should().Be("Invalid");
        Status(valid).Should().Be("Valid");
        var order = new OrderId(valid.Header("Location")!.Split('/')[^1]);
        context.Certificates.Single(row => row.Order == order).RevokedAt.Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §7.1.2.1")]
    public async Task The_orders_list_has_the_orders_but_the_invalid_ones()
    {
        var account = await shared.Account();
        var first = await account.Order(("dns", "first.example"));
        var failed = await account.Authorize(await account.Order(("dns", "refused.example")));
        var second = await account.Order(("dns", "second.example"));
        failed.State.Should().Be("invalid");

        var list = await account.Get($"{account.Kid}/orders");

        list.Status.Should().Be(HttpStatusCode.OK);
        list.Json["orders"]!.AsArray().Select(url => (string)url!).Should().BeEquivalentTo([first.Header("Location"), second.Header("Location")]);
        list.Links("next").Should().BeEmpty();
    }

    [Fact, Spec("RFC 8555 §7.1.2.1")]
    public async Task The_orders_list_has_pages()
    {
        var account = await shared.Account();
        var made = await shared.Server.Db.Commit(context => Enumerable.Range(0, 205).Select(_ => StoreOrder(context, account)).ToList());

        var read = new List<string>();
        var pages = 0;
        for (var next = $"{account.Kid}/orders"; next is not null; pages++)
        {
            var page = await account.Get(next);
            page.Status.Should().Be(HttpStatusCode.OK, page.Body);
            read.AddRange(page.Json["orders"]!.AsArray().Select(url => (string)url!));
            next = page.Links("next").SingleOrDefault();
        }

        pages.Should().Be(3);
        read.Should().OnlyHaveUniqueItems().And.BeEquivalentTo(made);
    }

    private static string StoreOrder(AcmeContext context, TestAccount account)
    {
        // all at the same instant, so that a page can end between two of one time
        var (order, _) = Order.Create(
            new NewOrder { Account = new AccountId(account.Kid!.Split('/')[^1]), Profile = account.Profile, ProfileHash = "", Identifiers = [new AcmeIdentifier("dns", "a.example")], Lifetime = TimeSpan.FromHours(1) },
            Simulated.Now);
        context.Orders.Add(order);
        return $"{account.Root}/order/{order.Id}";
    }

    [Theory, Spec("RFC 8555 §7.1.2.1")]
    [InlineData("x")]
    [InlineData(".")]
    [InlineData("-1.x")]
    [InlineData("99999999999999999999.x")]
    [InlineData("253402300800000.x")]
    public async Task A_cursor_that_was_not_given_out_is_malformed(string cursor)
    {
        var account = await shared.Account();
        (await account.Get($"{account.Kid}/orders?after={cursor}")).ShouldBeProblem("malformed", 400);
    }
}
