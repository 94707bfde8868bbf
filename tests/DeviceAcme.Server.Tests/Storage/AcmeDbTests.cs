using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>The unit of work: groups of changes in one transaction, each of which can fail alone.</summary>
public sealed class AcmeDbTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;
    private readonly AcmeDb _db;

    public AcmeDbTests() => _db = AcmeDb.Open(Path.Combine(_folder, "acme.db"));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _db.DisposeAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task A_change_gives_its_result_and_is_seen_by_readers_and_by_other_connections()
    {
        (await _db.Commit(context => Add(context, "a"), Stop)).Should().Be("a");

        Names().Should().Equal("a");
        using var other = new SqliteConnection($"Data Source={Path.Combine(_folder, "acme.db")};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = "SELECT identifier_value FROM devices";
        command.ExecuteScalar().Should().Be("a");
    }

    [Fact]
    public async Task Changes_that_wait_together_become_one_transaction_and_nobody_sees_half_of_it()
    {
        using var group = new HeldGroup(_db);
        var first = _db.Commit(context => Add(context, "first"), Stop);
        using var reached = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var second = _db.Commit(context =>
        {
            // in the same transaction: it sees what its reader cannot see yet
            var seen = context.Devices.Count();
            reached.Set();
            release.Wait(Stop);
            return seen;
        }, Stop);
        await group.Release();
        reached.Wait(TimeSpan.FromSeconds(30), Stop).Should().BeTrue();

        Names().Should().BeEmpty("readers see committed changes alone");
        first.IsCompleted.Should().BeFalse("nothing is acknowledged before it is durable");
        release.Set();
        (await second).Should().Be(1);
        (await first).Should().Be("first");
        Names().Should().Equal("first");
    }

    [Fact]
    public async Task A_change_that_fails_undoes_itself_alone()
    {
        using var group = new HeldGroup(_db);
        var before = _db.Commit(context => Add(context, "before"), Stop);
        var refused = _db.Commit<string>(context =>
        {
            Add(context, "refused");
            throw Problems.Malformed("test", "the rule does not hold");
        }, Stop);
        var saved = _db.Commit<string>(context =>
        {
            Add(context, "saved before it fails");
            context.SaveChanges();
            throw new InvalidOperationException("after a part of it was written");
        }, Stop);
        var twice = _db.Commit(context => Add(context, "before"), Stop);
        var after = _db.Commit(context => Add(context, "after"), Stop);
        await group.Release();

        (await before).Should().Be("before");
        (await after).Should().Be("after");
        await ((Func<Task>)(() => refused)).Should().ThrowAsync<ProblemException>();
        await ((Func<Task>)(() => saved)).Should().ThrowAsync<InvalidOperationException>();
        await ((Func<Task>)(() => twice)).Should().ThrowAsync<DbUpdateException>("devices are unique by identifier");
        Names().Should().Equal("after", "before");
    }

    [Fact]
    public async Task A_change_that_fails_alone_in_its_transaction_leaves_nothing_and_the_next_one_goes_on()
    {
        await _db.Commit(context => context.Record(new AuditEvent { At = DateTimeOffset.UnixEpoch, Kind = "first" }), Stop);
        var head = _db.AuditHead;
        var failing = () => _db.Commit<string>(context =>
        {
            context.Record(new AuditEvent { At = DateTimeOffset.UnixEpoch, Kind = "lost" });
            Add(context, "lost");
            context.SaveChanges();
            throw new InvalidOperationException("after it was written");
        }, Stop);
        (await failing.Should().ThrowAsync<InvalidOperationException>()).WithMessage("after it was written");

        Names().Should().BeEmpty();
        _db.AuditHead.Should().Be(head, "the chain goes on where the store ends");
        await _db.Commit(context => context.Record(new AuditEvent { At = DateTimeOffset.UnixEpoch, Kind = "next" }), Stop);
        await using var context = _db.Read();
        context.Events.OrderBy(happened => happened.Sequence).Select(happened => $"{happened.Sequence} {happened.Kind}").Should().Equal("1 first", "2 next");
    }

    [Fact]
    public async Task What_is_known_to_be_stored_is_not_believed_of_a_change_that_was_undone()
    {
        var failing = () => _db.Commit<bool>(context =>
        {
            Keep(context);
            context.SaveChanges();
            context.HasStored("hash", context.Hot.HasProfile).Should().BeTrue("it was written in this change");
            throw new InvalidOperationException("undone");
        }, Stop);
        await failing.Should().ThrowAsync<InvalidOperationException>();

        (await _db.Commit(context => context.HasStored("hash", context.Hot.HasProfile), Stop)).Should().BeFalse();
        await _db.Commit(Keep, Stop);
        (await _db.Commit(context => context.HasStored("hash", context.Hot.HasProfile), Stop)).Should().BeTrue();
        var asked = 0;
        (await _db.Commit(context => context.HasStored("hash", (_, _) => ++asked > 0), Stop)).Should().BeTrue();
        asked.Should().Be(0, "what is stored stays");

        static void Keep(AcmeContext context) => context.Insert(new StoredProfile { Hash = "hash", Name = "name", Text = "{}" });
    }

    [Fact]
    public async Task A_name_is_asked_once_in_a_change_and_anew_in_the_next_one()
    {
        var serial = new DeviceKey(DeviceKey.Serial, "C02");
        (await _db.Commit(context => context.DeviceNamed(serial), Stop)).Should().BeNull();
        var made = await _db.Commit(context =>
        {
            var (device, _) = Device.Register(serial, "profile", DateTimeOffset.UnixEpoch);
            context.Insert(device);
            context.Name(device, [serial]);
            context.DeviceNamed(serial).Should().BeNull("it is not written yet");
            context.SaveChanges();
            context.DeviceNamed(serial).Should().Be(device.Id);
            return device.Id;
        }, Stop);
        (await _db.Commit(context => context.DeviceNamed(serial), Stop)).Should().Be(made);
    }

    [Fact]
    public async Task The_rows_of_a_change_stand_or_fall_together()
    {
        var failing = () => _db.Commit(context =>
        {
            context.Record(new AuditEvent { At = DateTimeOffset.UnixEpoch, Kind = "device.made" });
            Add(context, "a");
            Add(context, "a");
        }, Stop);
        await failing.Should().ThrowAsync<Exception>();

        await using var context = _db.Read();
        context.Events.Should().BeEmpty();
        Names().Should().BeEmpty();
    }

    [Fact]
    public async Task Many_changes_at_once_are_all_durable_but_those_that_fail()
    {
        var changes = Enumerable.Range(0, 300).Select(number => Task.Run(async () =>
        {
            try
            {
                await _db.Commit(context =>
                {
                    Add(context, $"device {number:000}");
                    return number % 3 == 0 ? throw new InvalidOperationException("every third") : number;
                });
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }));
        var results = await Task.WhenAll(changes);

        results.Count(kept => kept).Should().Be(200);
        await _db.DisposeAsync();
        await using var again = AcmeDb.Open(Path.Combine(_folder, "acme.db"));
        await using var context = again.Read();
        context.Devices.Select(device => device.IdentifierValue).ToList().Should()
            .BeEquivalentTo(Enumerable.Range(0, 300).Where(number => number % 3 != 0).Select(number => $"device {number:000}"));
    }

    [Fact]
    public async Task A_change_that_was_handed_over_happens_also_when_its_client_leaves()
    {
        using var group = new HeldGroup(_db);
        using var client = new CancellationTokenSource();
        var change = _db.Commit(context => Add(context, "a"), client.Token);
        await client.CancelAsync();
        await group.Release();

        (await change).Should().Be("a");
        Names().Should().Equal("a");
    }

    [Fact]
    public async Task A_change_whose_client_left_before_does_not_happen()
    {
        using var client = new CancellationTokenSource();
        await client.CancelAsync();
        var change = () => _db.Commit(context => Add(context, "a"), client.Token);

        await change.Should().ThrowAsync<OperationCanceledException>();
        Names().Should().BeEmpty();
    }

    [Fact]
    public async Task After_a_failure_the_writer_goes_on_with_a_clean_context()
    {
        var failing = () => _db.Commit(context =>
        {
            Add(context, "a");
            throw new InvalidOperationException("test");
        }, Stop);
        await failing.Should().ThrowAsync<InvalidOperationException>();

        (await _db.Commit(context => context.ChangeTracker.Entries().Count(), Stop)).Should().Be(0);
        (await _db.Commit(context => Add(context, "a"), Stop)).Should().Be("a");
    }

    [Fact]
    public async Task A_change_of_a_row_that_another_process_changed_meanwhile_is_refused()
    {
        var (order, authorization) = await MakeOrder();
        var racing = () => _db.Commit(context =>
        {
            var loaded = context.FindAuthorization(authorization)!;
            context.Database.ExecuteSql($"UPDATE authorizations SET version = version + 1 WHERE id = {authorization.Value}");
            loaded.Deactivate(DateTimeOffset.UnixEpoch);
        }, Stop);

        await racing.Should().ThrowAsync<DbUpdateConcurrencyException>();
        await using var context = _db.Read();
        context.FindAuthorization(authorization)!.Status.Should().Be(AuthorizationStatus.Pending);
        context.FindAuthorization(authorization)!.Version.Should().Be(0, "the other process's change was undone with this one here");
        context.FindOrder(order).Should().NotBeNull();
    }

    [Fact]
    public async Task Each_change_of_an_aggregate_counts_its_version_up_also_where_only_a_challenge_changes()
    {
        var (order, authorization) = await MakeOrder();
        await _db.Commit(context =>
        {
            var loaded = context.FindAuthorization(authorization)!;
            loaded.Respond(loaded.Challenges[0], "token.thumbprint", DateTimeOffset.UnixEpoch);
        }, Stop);
        await using (var context = _db.Read())
        {
            context.FindAuthorization(authorization)!.Version.Should().Be(1);
            context.FindAuthorization(authorization)!.Challenges[0].Status.Should().Be(ChallengeStatus.Processing);
            context.FindOrder(order)!.Order.Version.Should().Be(0, "it was not touched");
        }

        await _db.Commit(context =>
        {
            var loaded = context.FindAuthorization(authorization)!;
            loaded.Accept(loaded.Challenges[0], null, DateTimeOffset.UnixEpoch, TimeSpan.FromHours(1));
            context.FollowAuthorization(loaded, DateTimeOffset.UnixEpoch);
        }, Stop);
        await using (var context = _db.Read())
        {
            context.FindAuthorization(authorization)!.Version.Should().Be(2);
            context.FindOrder(order)!.Order.Version.Should().Be(1);
            context.FindOrder(order)!.Order.Status.Should().Be(OrderStatus.Ready);
        }
    }

    private Task<(OrderId Order, AuthorizationId Authorization)> MakeOrder() => _db.Commit(context =>
    {
        var now = DateTimeOffset.UnixEpoch;
        var (order, _) = Order.Create(
            new NewOrder { Account = new AccountId("a"), Profile = "p", ProfileHash = "h", Identifiers = [new AcmeIdentifier("dns", "a.example")], Lifetime = TimeSpan.FromHours(1) }, now);
        var authorization = Authorization.Create(new AccountId("a"), "p", order.Identifiers[0], false, false, ["http-01"], now, TimeSpan.FromHours(1));
        context.Orders.Add(order);
        context.Authorizations.Add(authorization);
        context.OrderAuthorizations.Add(new OrderAuthorization { OrderId = order.Id, AuthorizationId = authorization.Id, Position = 0 });
        return (order.Id, authorization.Id);
    }, Stop);

    private static string Add(AcmeContext context, string name)
    {
        var key = new DeviceKey("permanent-identifier", name);
        var (device, _) = Device.Register(key, "p", DateTimeOffset.UnixEpoch);
        context.Devices.Add(device);
        context.DeviceIdentifiers.Add(new DeviceIdentifier { Kind = key.Kind, Value = key.Value, Device = device.Id });
        return name;
    }

    private List<string> Names()
    {
        using var context = _db.Read();
        return [.. context.Devices.Select(device => device.IdentifierValue).OrderBy(name => name)];
    }
}
