using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tests.Storage;
using DeviceAcme.Server.Tests.Tickets;
using DeviceAcme.Server.Workers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace DeviceAcme.Server.Tests.Nodes;

/// <summary>Two nodes on one PostgreSQL are one server.</summary>
[Needs("postgresql")]
public sealed class NodesTests : IAsyncLifetime
{
    private string _database = "";
    private TestServer _one = null!;
    private TestServer _two = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _one.Clock.GetUtcNow();

    public async ValueTask InitializeAsync()
    {
        _database = await PostgresCluster.NewDatabase();
        _one = await TestServer.Start(TestProfiles.All, options => options with { Database = _database }, Simulated.Anchors);
        _two = await _one.StartNode();
    }

    public async ValueTask DisposeAsync()
    {
        await _two.DisposeAsync();
        await _one.DisposeAsync();
    }

    [Fact]
    public async Task An_enrollment_may_go_to_another_node_with_each_request()
    {
        var account = new TestAccount(_one);
        await account.Register();
        account.Server = _two;
        var order = await account.Order(("dns", "nodes.example"));
        order.Status.Should().Be(HttpStatusCode.Created, order.Body);
        account.Server = _one;
        var ready = await account.Authorize(order);
        account.Server = _two;
        using var certificate = await account.Certificate(ready, "nodes.example");
        certificate.Should().NotBeNull();
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task A_nonce_of_one_node_is_good_once_on_all()
    {
        var (one, two) = (Nonces(_one), Nonces(_two));
        var nonce = one.Issue(Now);

        (await two.Spend(nonce, Now)).Should().BeTrue();
        (await one.Spend(nonce, Now)).Should().BeFalse();
        (await two.Spend(nonce, Now)).Should().BeFalse();

        var raced = Enumerable.Range(0, 40).Select(_ => two.Issue(Now)).ToList();
        var spent = await Task.WhenAll(raced.Concat(raced).Select((raised, index) => (index % 2 == 0 ? one : two).Spend(raised, Now).AsTask()));
        spent.Count(good => good).Should().Be(40);
        (await one.Spend(two.Issue(Now), Now.AddMinutes(61))).Should().BeFalse("it has expired");
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task What_a_crash_of_the_database_forgets_was_never_good_and_one_retry_heals_it()
    {
        var account = new TestAccount(_one);
        await account.Register();
        var (unspent, spent) = (Nonces(_one).Issue(Now), Nonces(_one).Issue(Now));
        (await Nonces(_two).Spend(spent, Now)).Should().BeTrue();

        // what PostgreSQL does with unlogged tables when it recovers
        await Execute("TRUNCATE nonce_keys, spent_nonces");

        (await Nonces(_one).Spend(spent, Now)).Should().BeFalse("nothing that was spent becomes good again");
        account.Server = _two;
        var refused = await account.Post(account.Kid!, null, header: header => header["nonce"] = unspent);
        refused.ShouldBeProblem("badNonce", 400);
        (await account.Post(account.Kid!, null, header: header => header["nonce"] = refused.Header("Replay-Nonce")!)).Status.Should().Be(HttpStatusCode.OK);
        account.Server = _one;
        (await account.Get(account.Kid!)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Spent_nonces_are_forgotten_when_nobody_could_use_them_any_more()
    {
        await Nonces(_one).Spend(Nonces(_one).Issue(Now), Now);
        var shared = (SharedNonces)Nonces(_two);

        await shared.Clean(Now.AddMinutes(90), Stop);
        (await Scalar("SELECT count(*) FROM spent_nonces")).Should().NotBe(0L);
        await shared.Clean(Now.AddHours(3), Stop);
        (await Scalar("SELECT count(*) FROM spent_nonces")).Should().Be(0L);
    }

    [Fact]
    public async Task A_ticket_for_one_account_makes_one_whichever_nodes_are_asked()
    {
        var ticket = await _one.NewTicket(new NewTicketRequest { Profile = TestProfiles.EabRequired });
        var accounts = Enumerable.Range(0, 6).Select(number => (number % 2 == 0 ? _one : _two).At(ticket)).ToList();

        var replies = await Task.WhenAll(accounts.Select(account => account.Register()));

        replies.Count(reply => reply.Status == HttpStatusCode.Created).Should().Be(1);
        replies.Where(reply => reply.Status != HttpStatusCode.Created).Should().OnlyContain(reply => reply.Reason == "ticket-used");
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task An_order_that_is_finalized_on_two_nodes_at_once_has_one_certificate()
    {
        var account = new TestAccount(_one);
        await account.Register();
        var there = new TestAccount(_two, key: account.Key) { Kid = account.Kid };
        for (var i = 0; i < 4; i++)
        {
            var name = $"race{i}.example";
            var ready = await account.Authorize(await account.Order(("dns", name)));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var body = $$"""{"csr":"{{TestAccount.Csr(key, name)}}"}""";
            var url = (string)ready.Json["finalize"]!;

            var replies = await Task.WhenAll(account.Post(url, body), there.Post(url, body), account.Post(url, body), there.Post(url, body));

            replies.Count(reply => reply.Status == HttpStatusCode.OK && reply.State == "valid").Should().BeGreaterThanOrEqualTo(1);
            replies.Should().OnlyContain(reply => reply.Status == HttpStatusCode.OK || reply.Reason == "order-not-ready", string.Join('\n', replies.Select(reply => reply.Body)));
            replies.Where(reply => reply.Status == HttpStatusCode.OK).Select(reply => (string)reply.Json["certificate"]!).Distinct().Should().ContainSingle();
        }

        (await Scalar("SELECT count(*) FROM certificates")).Should().Be(4L);
    }

    [Fact]
    public async Task The_events_of_all_nodes_are_one_chain()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => (number % 2 == 0 ? _one : _two).Db.Commit(
            context =>
            {
                context.Record(new AuditEvent { At = Now, Kind = "test.event", Detail = $"{number}" });
                if (number % 7 == 0)
                {
                    throw new InvalidOperationException("taken back");
                }
            },
            Stop).ContinueWith(done => done.Exception, TaskScheduler.Default)));

        await using var context = _two.Db.Read();
        var events = await context.Events.OrderBy(happened => happened.Sequence).ToListAsync(Stop);
        events.Count(happened => happened.Kind == "test.event").Should().Be(171);
        events.Select(happened => happened.Sequence).Should().Equal(Enumerable.Range(1, events.Count).Select(number => (long)number));
        events.Zip(events.Skip(1)).Should().OnlyContain(pair => pair.Second.Previous!.SequenceEqual(pair.First.Hash!));
        events.Should().OnlyContain(happened => happened.Hash!.SequenceEqual(AuditChain.Hash(AuditChain.Record(happened))));
        _one.Db.AuditHead.Should().Be(_two.Db.AuditHead).And.Be(new AuditHead { Sequence = events.Count, Hash = Convert.ToHexStringLower(events[^1].Hash!) });
    }

    [Fact]
    public async Task Work_is_one_nodes_until_its_time_is_over()
    {
        var (one, two) = (Leases(_one), Leases(_two));

        (await one.Take(["a", "b", "c"], 2, TimeSpan.FromMinutes(1), Stop)).Should().BeEquivalentTo("a", "b");
        (await two.Take(["a", "b", "c"], 2, TimeSpan.FromMinutes(1), Stop)).Should().BeEquivalentTo(["c"], "what another node has is passed by");
        (await one.Take(["a", "b", "c"], 3, TimeSpan.FromMinutes(1), Stop)).Should().BeEquivalentTo(["a", "b"], "one's own is taken again");
        await two.Release("a");
        (await two.Take(["a"], 1, TimeSpan.FromMinutes(1), Stop)).Should().BeEmpty("it was not the other's to give up");
        await one.Release("a");
        (await two.Take(["a"], 1, TimeSpan.FromMinutes(1), Stop)).Should().BeEquivalentTo("a");
        await Execute("UPDATE leases SET ends = clock_timestamp() - interval '1 second' WHERE name = 'b'");
        (await two.Take(["b"], 1, TimeSpan.FromMinutes(1), Stop)).Should().BeEquivalentTo(["b"], "its node has died");
    }

    [Fact]
    public async Task A_validation_is_done_by_one_node_and_taken_over_where_that_one_died()
    {
        var calls = 0;
        var gate = new TaskCompletionSource();
        _one.Network.Answer = async (_, _, _) =>
        {
            Interlocked.Increment(ref calls);
            await gate.Task;
            return null;
        };
        var account = new TestAccount(_one);
        await account.Register();
        var order = await account.Order(("dns", "lease.example"));
        var challenge = await account.Challenge(order, "http-01");

        // as a node that died in it would have left it
        await Execute($"INSERT INTO leases VALUES ('validation:{((string)challenge["url"]!).Split('/')[^1]}', 'dead', clock_timestamp() + interval '1 hour')");
        await account.Post((string)challenge["url"]!, "{}");
        _two.Services.GetRequiredService<ValidationWorker>().Wake();
        (await account.Get((string)challenge["url"]!)).State.Should().Be("processing");
        calls.Should().Be(0, "it is another node's");

        await Execute("UPDATE leases SET ends = clock_timestamp() - interval '1 second'");
        _one.Services.GetRequiredService<ValidationWorker>().Wake();
        _two.Services.GetRequiredService<ValidationWorker>().Wake();
        gate.SetResult();
        (await account.Settle((string)order.Json["authorizations"]![0]!)).State.Should().Be("valid");
        calls.Should().Be(1);
    }

    [Fact]
    public async Task A_profile_that_one_node_activates_is_in_force_on_the_others()
    {
        var profiles = _one.Services.GetRequiredService<ProfileVersions>();
        var changed = profiles.Find(TestProfiles.Open)!;
        var text = changed.Text.Replace("validity: 90d", "validity: 11d", StringComparison.Ordinal);
        var files = new ProfileFiles { Reason = "test", Files = [new ProfileFileText { File = $"{TestProfiles.Open}.yaml", Text = text }] };
        await _one.Services.GetRequiredService<ProfileActivation>().Activate(files, Core.Administration.AdminCaller.Local, IfMatch.Any, Stop);
        Days(_two).Should().Be(90);

        await _two.Services.GetRequiredService<NodeWatch>().LookAround(Stop);

        Days(_two).Should().Be(11);

        // the other one knows neither version 3 nor that there is one, and its change comes behind it
        await _one.Services.GetRequiredService<ProfileActivation>().Activate(files with { Files = [new ProfileFileText { File = $"{TestProfiles.Open}.yaml", Text = text.Replace("11d", "12d", StringComparison.Ordinal) }] }, Core.Administration.AdminCaller.Local, IfMatch.Any, Stop);
        await _two.Services.GetRequiredService<ProfileActivation>().Activate(files with { Files = [new ProfileFileText { File = $"{TestProfiles.Open}.yaml", Text = text.Replace("11d", "13d", StringComparison.Ordinal) }] }, Core.Administration.AdminCaller.Local, IfMatch.Any, Stop);
        _two.Services.GetRequiredService<ProfileVersions>().Current.Number.Should().Be(4);
        Days(_two).Should().Be(13);
        await _one.Services.GetRequiredService<NodeWatch>().LookAround(Stop);
        Days(_one).Should().Be(13);

        static double Days(TestServer server) => server.Profiles.Find(TestProfiles.Open)!.Certificate.Validity.TotalDays;
    }

    [Fact]
    public async Task Anchors_that_one_node_distrusts_are_distrusted_on_the_others()
    {
        var (one, two) = (_one.Services.GetRequiredService<AnchorVersions>(), _two.Services.GetRequiredService<AnchorVersions>());
        one.Current.Number.Should().Be(two.Current.Number);
        var entry = one.Current.Catalog.Entries[0];
        await one.Change("test", (catalog, _) => catalog with { Entries = [.. catalog.Entries.Skip(1)] }, Attestation.AnchorSet.Empty, _ => "one less", Stop);
        two.Current.Catalog.Entries.Should().Contain(entry);

        await _two.Services.GetRequiredService<NodeWatch>().LookAround(Stop);

        two.Current.Number.Should().Be(one.Current.Number);
        two.Current.Hash.Should().Be(one.Current.Hash);
    }

    [Fact]
    public async Task Profiles_that_two_nodes_activate_at_the_same_moment_are_all_in_force_on_both()
    {
        string[] names = [TestProfiles.Open, TestProfiles.Narrow];
        var activations = names.SelectMany((name, node) => Enumerable.Range(1, 6).Select(round => Task.Run(() => Activate(node == 0 ? _one : _two, name, 20 + round), Stop))).ToList();
        await Task.WhenAll(activations);

        await _one.Services.GetRequiredService<NodeWatch>().LookAround(Stop);
        await _two.Services.GetRequiredService<NodeWatch>().LookAround(Stop);

        var (one, two) = (_one.Services.GetRequiredService<ProfileVersions>().Current, _two.Services.GetRequiredService<ProfileVersions>().Current);
        one.Number.Should().Be(1 + activations.Count, "each change is a version");
        two.Number.Should().Be(one.Number);
        two.Entries.Should().BeEquivalentTo(one.Entries);
        names.Should().AllSatisfy(name => one.Set.Find(name)!.Certificate.Validity.TotalDays.Should().BeInRange(21, 26));
        (await Scalar("SELECT count(*) FROM profile_changes WHERE number > 1")).Should().Be((long)activations.Count);

        static async Task Activate(TestServer server, string name, int days)
        {
            var text = Regex.Replace(server.Profiles.Find(name)!.Text, "validity: [0-9]+d", $"validity: {days}d");
            var files = new ProfileFiles { Reason = "test", Files = [new ProfileFileText { File = $"{name}.yaml", Text = text }] };
            await server.Services.GetRequiredService<ProfileActivation>().Activate(files, Core.Administration.AdminCaller.Local, IfMatch.Any, Stop);
        }
    }

    [Fact]
    public async Task Anchors_that_two_nodes_distrust_at_the_same_moment_are_distrusted_on_both()
    {
        var (one, two) = (_one.Services.GetRequiredService<AnchorVersions>(), _two.Services.GetRequiredService<AnchorVersions>());
        var (before, entries) = (one.Current.Number, one.Current.Catalog.Entries.Take(6).ToList());
        await Task.WhenAll(entries.Select((entry, index) => Task.Run(() => (index % 2 == 0 ? one : two).Change(
            "test", (catalog, _) => catalog with { Entries = [.. catalog.Entries.Where(other => other != entry)] }, Attestation.AnchorSet.Empty, _ => "one less", Stop), Stop)));

        await one.Follow(Stop);
        await two.Follow(Stop);

        one.Current.Number.Should().Be(before + entries.Count);
        two.Current.Hash.Should().Be(one.Current.Hash);
        one.Current.Catalog.Entries.Should().NotContain(entries);
    }

    [Fact, Spec("RFC 5280 §5.2.3")]
    public async Task A_crl_is_built_once_and_served_by_all_and_its_number_only_grows()
    {
        var (one, two) = (_one.Services.GetRequiredService<CrlPublisher>(), _two.Services.GetRequiredService<CrlPublisher>());
        var keyId = (string)(await Scalar("SELECT issuer_key_id FROM crls ORDER BY issuer_key_id LIMIT 1"))!;
        one.Find(keyId)!.Number.Should().Be(1, "the node that came later served what was there");
        two.Find(keyId)!.Number.Should().Be(1);

        await Task.WhenAll(one.Publish(keyId), two.Publish(keyId));
        (await Scalar($"SELECT number FROM crls WHERE issuer_key_id = '{keyId}'")).Should().Be(3L);
        await one.Follow(Stop);
        await two.Follow(Stop);
        one.Find(keyId)!.Number.Should().Be(3);
        two.Find(keyId)!.Der.ToArray().Should().Equal(one.Find(keyId)!.Der.ToArray());
    }

    [Fact]
    public async Task A_node_with_another_CA_does_not_start()
    {
        var start = () => TestServer.Start(TestProfiles.All, options => options with { Database = _database }, Simulated.Anchors);

        (await start.Should().ThrowAsync<StartFailure>()).Which.Should().Match<StartFailure>(failure => failure.Message.Contains("keys of this node's CA") && failure.Hint!.Contains("copy the folders"));
        (await Scalar("SELECT max(number) FROM anchor_versions")).Should().Be(_one.Services.GetRequiredService<AnchorVersions>().Current.Number, "it has changed nothing that the others would follow");
    }

    [Fact]
    public async Task Of_two_nodes_that_start_at_once_on_an_empty_database_each_with_a_CA_of_its_own_one_does_not_start()
    {
        var empty = await PostgresCluster.NewDatabase();
        var starts = Enumerable.Range(0, 2).Select(_ => Task.Run(() => TestServer.Start(TestProfiles.All, options => options with { Database = empty }, Simulated.Anchors), Stop)).ToArray();

        await Task.WhenAny(Task.WhenAll(starts), Task.Delay(Timeout.Infinite, Stop));
        foreach (var started in starts.Where(start => start.IsCompletedSuccessfully))
        {
            await (await started).DisposeAsync();
        }

        starts.Where(start => start.IsFaulted).Should().ContainSingle().Which.Exception!.InnerException.Should().BeOfType<StartFailure>()
            .Which.Message.Should().Contain("keys of this node's CA");
    }

    [Fact]
    public async Task Connections_that_break_cost_nobody_an_answer()
    {
        var account = new TestAccount(_one);
        await account.Register();
        for (var i = 0; i < 3; i++)
        {
            await Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            var reply = await account.Order(("dns", "broken.example"));
            reply.Status.Should().Be(HttpStatusCode.Created, reply.Body);
        }
    }

    [Fact]
    public async Task A_commit_whose_answer_is_lost_is_found_out_about()
    {
        await using var database = new PostgresDatabase(_database);
        await using var connection = database.Connect();
        var chain = database.Prepare(_ => { });
        await using var turn = database.BeginTurn(connection, chain);
        var before = chain.Now;
        await Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%FOR UPDATE' AND pid <> pg_backend_pid()");

        // it was never committed: whoever waits for it must hear that
        var end = () => database.EndTurn(turn, before, before);
        end.Should().Throw<NpgsqlException>();
        await using var again = database.BeginTurn(connection, chain);
        chain.Now.Sequence.Should().Be(before.Sequence);
    }

    private static INonces Nonces(TestServer server) => server.Services.GetRequiredService<INonces>();

    private static ILeases Leases(TestServer server) => server.Services.GetRequiredService<ILeases>();

    private async Task Execute(string sql)
    {
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Stop);
    }

    private async Task<object?> Scalar(string sql)
    {
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync(Stop);
        return connection.Scalar(sql);
    }
}
