using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>An order that is kept in memory must never be anything else than what the store has.</summary>
public sealed class RecentOrdersTests : IAsyncDisposable
{
    private static readonly DateTimeOffset _now = DateTimeOffset.UnixEpoch;
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;
    private readonly AcmeDb _db;

    public RecentOrdersTests() => _db = AcmeDb.Open(Path.Combine(_folder, "acme.db"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _db.DisposeAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task A_new_order_is_found_by_itself_and_by_what_belongs_to_it_and_the_store_is_not_asked()
    {
        var made = await Make();
        using var reader = _db.Read();
        var (authorization, challenge) = (made.Authorizations[0], made.Authorizations[0].Challenges[0]);

        reader.FindOrder(made.Order.Id)!.Should().BeSameAs(made).And.BeSameAs(Recall(made.Order.Id));
        reader.FindAuthorization(authorization.Id).Should().BeSameAs(authorization);
        reader.FindAuthorizationOf(challenge.Id).Should().BeSameAs(authorization);
        reader.FindAuthorization(new AuthorizationId("x")).Should().BeNull();
    }

    [Fact]
    public async Task A_change_works_on_a_copy_that_everybody_has_after_it()
    {
        var made = await Make();
        await Answer(made);

        var now = Recall(made.Order.Id)!;
        now.Authorizations[0].Challenges[0].Status.Should().Be(ChallengeStatus.Processing);
        now.Authorizations[0].Version.Should().Be(1);
        made.Authorizations[0].Challenges[0].Status.Should().Be(ChallengeStatus.Pending, "somebody may still read it");
        Stored(made.Order.Id).Should().BeEquivalentTo(now);
    }

    [Fact]
    public async Task What_an_undone_change_did_is_not_there()
    {
        var made = await Make();
        var alone = () => _db.Commit(context => Fail(context, made), Stop);
        await alone.Should().ThrowAsync<InvalidOperationException>();
        Recall(made.Order.Id).Should().BeSameAs(made);

        // the same within a group: the one before and the one behind it stand
        using var group = new HeldGroup(_db);
        var before = _db.Commit(context => Respond(context, made), Stop);
        var failing = _db.Commit(context => Fail(context, made), Stop);
        var behind = _db.Commit(context => context.FindAuthorization(made.Authorizations[0].Id)!.Challenges[0].Status, Stop);
        await group.Release();
        await before;
        await ((Func<Task>)(() => failing)).Should().ThrowAsync<InvalidOperationException>();
        (await behind).Should().Be(ChallengeStatus.Processing);
        var now = Recall(made.Order.Id)!;
        now.Authorizations[0].Status.Should().Be(AuthorizationStatus.Pending);
        now.Authorizations[0].Challenges[0].Status.Should().Be(ChallengeStatus.Processing);
        Stored(made.Order.Id).Should().BeEquivalentTo(now);
    }

    [Fact]
    public async Task An_order_is_not_told_before_it_is_durable()
    {
        var made = await Make();
        using var reached = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var group = new HeldGroup(_db);
        var change = _db.Commit(context => Respond(context, made), Stop);
        var held = _db.Commit(_ =>
        {
            reached.Set();
            release.Wait(Stop);
        }, Stop);
        await group.Release();
        reached.Wait(TimeSpan.FromSeconds(30), Stop).Should().BeTrue();

        Recall(made.Order.Id)!.Authorizations[0].Challenges[0].Status.Should().Be(ChallengeStatus.Pending);
        release.Set();
        await Task.WhenAll(change, held);
        Recall(made.Order.Id)!.Authorizations[0].Challenges[0].Status.Should().Be(ChallengeStatus.Processing);
    }

    [Fact]
    public void While_a_commit_goes_on_only_the_store_says_what_an_order_is()
    {
        var recent = new RecentOrders();
        var (first, second) = (New(), New());
        recent.Remember([first, second]);
        var turn = new OrdersOfTurn(recent);
        var copy = new OrderWithAuthorizations(first.Order.Copy(), [first.Authorizations[0].Copy()]);
        turn.Changed(copy.Order, _ => copy);
        turn.KeepChange();
        turn.Find(first.Authorizations[0].Id).Should().BeSameAs(copy);

        turn.BeginCommit();
        recent.Find(first.Order.Id).Should().BeNull();
        recent.Find(first.Authorizations[0].Id).Should().BeNull();
        recent.Find(first.Authorizations[0].Challenges[0].Id).Should().BeNull();
        recent.Find(second.Order.Id).Should().BeSameAs(second);

        turn.EndCommit();
        recent.Find(first.Order.Id).Should().BeSameAs(copy);
    }

    [Fact]
    public async Task An_order_whose_authorization_serves_another_one_is_asked_for_and_both_follow_it()
    {
        var made = await Make();
        var second = await _db.Commit(context =>
        {
            var (order, _) = Order.Create(Wanted("a.example"), _now);
            context.Insert(order);
            context.Insert(new OrderAuthorization { OrderId = order.Id, AuthorizationId = made.Authorizations[0].Id, Position = 0 });
            return order.Id;
        }, Stop);
        Recall(made.Order.Id).Should().BeNull();
        Recall(second).Should().BeNull();

        await _db.Commit(context =>
        {
            var authorization = context.FindAuthorization(made.Authorizations[0].Id)!;
            authorization.Accept(authorization.Challenges[0], null, _now, TimeSpan.FromHours(1));
            context.FollowAuthorization(authorization, _now);
        }, Stop);

        using var reader = _db.Read();
        reader.FindOrder(made.Order.Id)!.Order.Status.Should().Be(OrderStatus.Ready);
        reader.FindOrder(second)!.Order.Status.Should().Be(OrderStatus.Ready);
    }

    [Fact]
    public async Task The_one_order_of_an_authorization_follows_it_in_the_same_change()
    {
        var made = await Make();
        await _db.Commit(context =>
        {
            var authorization = context.FindAuthorizationOf(made.Authorizations[0].Challenges[0].Id)!;
            authorization.Accept(authorization.Challenges[0], null, _now, TimeSpan.FromHours(1));
            context.FollowAuthorization(authorization, _now);
            context.FindOrder(made.Order.Id)!.Authorizations[0].Should().BeSameAs(authorization, "a change has one of each");
        }, Stop);

        Recall(made.Order.Id)!.Order.Status.Should().Be(OrderStatus.Ready);
        Stored(made.Order.Id).Should().BeEquivalentTo(Recall(made.Order.Id));
    }

    [Fact]
    public async Task What_a_query_brought_and_a_change_changed_is_not_as_it_was()
    {
        var made = await Make();
        await _db.Commit(context =>
        {
            var order = context.Orders.Single(row => row.Id == made.Order.Id);
            order.Fail(new Problem { Type = "t", Detail = "d" }, _now);
            context.FindOrder(made.Order.Id)!.Order.Should().BeSameAs(order);
        }, Stop);

        using var reader = _db.Read();
        reader.FindOrder(made.Order.Id)!.Order.Status.Should().Be(OrderStatus.Invalid);
    }

    [Fact]
    public async Task What_statements_change_or_remove_at_once_is_asked_for()
    {
        var (changed, removed) = (await Make(), await Make());
        await Answer(changed);
        await _db.Commit(context => context.ChangeAtOnce(context.Authorizations.Where(row => row.Id == changed.Authorizations[0].Id), row => row.SetProperty(one => one.Facts, "{}")), Stop);
        using (var reader = _db.Read())
        {
            reader.FindAuthorization(changed.Authorizations[0].Id)!.Facts.Should().Be("{}");
        }

        // a change of the same transaction is before or behind it
        using var group = new HeldGroup(_db);
        var before = _db.Commit(context => Respond(context, removed), Stop);
        var change = _db.Commit(context => context.RemoveAtOnce(context.OrderAuthorizations.Where(row => row.OrderId == removed.Order.Id))
            + context.RemoveAtOnce(context.Orders.Where(row => row.Id == removed.Order.Id)), Stop);
        var behind = _db.Commit(context => context.FindOrder(removed.Order.Id), Stop);
        await group.Release();
        await before;
        (await change).Should().Be(2);
        (await behind).Should().BeNull();
        using (var reader = _db.Read())
        {
            reader.FindOrder(removed.Order.Id).Should().BeNull();
        }
    }

    [Fact]
    public async Task What_has_ended_is_in_the_store_alone()
    {
        var made = await Make();
        await _db.Commit(context => context.FailOrder(context.FindOrder(made.Order.Id)!.Order, new Problem { Type = "t", Detail = "d" }, _now), Stop);

        Recall(made.Order.Id).Should().BeNull();
        using var reader = _db.Read();
        reader.FindOrder(made.Order.Id)!.Order.Status.Should().Be(OrderStatus.Invalid);
    }

    [Fact]
    public void The_oldest_make_room()
    {
        var recent = new RecentOrders();
        var orders = Enumerable.Range(0, RecentOrders.Capacity + 1).Select(_ => New()).ToList();
        recent.Remember(orders.SkipLast(1));
        recent.Find(orders[0].Order.Id).Should().BeSameAs(orders[0]);

        // changed since, so it is none of the oldest
        var copy = new OrderWithAuthorizations(orders[0].Order, [orders[0].Authorizations[0].Copy()]);
        recent.Forget([orders[0].Order.Id]);
        recent.Remember([copy]);
        recent.Remember([orders[^1]]);
        recent.Find(orders[0].Order.Id).Should().BeSameAs(copy);
        recent.Find(orders[1].Order.Id).Should().BeNull();
        recent.Find(orders[1].Authorizations[0].Id).Should().BeNull();
        recent.Find(orders[1].Authorizations[0].Challenges[0].Id).Should().BeNull();
        recent.Find(orders[^1].Order.Id).Should().BeSameAs(orders[^1]);
    }

    private static NewOrder Wanted(string name) =>
        new() { Account = new AccountId("a"), Profile = "p", ProfileHash = "h", Identifiers = [new AcmeIdentifier("dns", name)], Lifetime = TimeSpan.FromHours(1) };

    private static OrderWithAuthorizations New()
    {
        var (order, _) = Order.Create(Wanted("a.example"), _now);
        return new OrderWithAuthorizations(order, [Authorization.Create(order.AccountId, "p", order.Identifiers[0], false, false, ["http-01", "dns-01"], _now, TimeSpan.FromHours(1))]);
    }

    private async Task<OrderWithAuthorizations> Make()
    {
        var made = await _db.Commit(context =>
        {
            var made = New();
            context.Insert(made.Order);
            context.InsertWithChallenges(made.Authorizations[0]);
            context.Insert(new OrderAuthorization { OrderId = made.Order.Id, AuthorizationId = made.Authorizations[0].Id, Position = 0 });
            return made;
        }, Stop);
        return Recall(made.Order.Id)!;
    }

    private Task Answer(OrderWithAuthorizations made) => _db.Commit(context => Respond(context, made), Stop);

    private static void Respond(AcmeContext context, OrderWithAuthorizations made)
    {
        var authorization = context.FindAuthorizationOf(made.Authorizations[0].Challenges[0].Id)!;
        authorization.Respond(authorization.Challenges[0], "token.thumbprint", _now);
    }

    private static void Fail(AcmeContext context, OrderWithAuthorizations made)
    {
        context.FindAuthorization(made.Authorizations[0].Id)!.Deactivate(_now);
        context.Flush();
        throw new InvalidOperationException("test");
    }

    /// <summary>Without the store.</summary>
    private OrderWithAuthorizations? Recall(OrderId id)
    {
        using var reader = _db.Read();
        return reader.Recall(recent => recent.Find(id));
    }

    /// <summary>By the store alone.</summary>
    private OrderWithAuthorizations Stored(OrderId id)
    {
        using var reader = _db.Read();
        reader.Recent = null;
        return reader.FindOrder(id)!;
    }
}
