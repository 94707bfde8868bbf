using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using DeviceAcme.Core;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Retention;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>What an enrollment asks the database must cost the same however much is stored.</summary>
[OnlySqlite]
public sealed class QueryPlanTests
{
    [Fact]
    public async Task No_statement_of_an_enrollment_reads_a_whole_table()
    {
        using var seen = new SeenStatements();
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        await EnrollClassic(server);
        await EnrollApple(server);
        var file = Path.Combine(server.DataDirectory, "acme.db");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        await AskWhatIsKeptInMemory(server, connection);
        var statements = seen.Of(file);

        statements.Should().HaveCountGreaterThan(15, "the statements of the enrollments were seen");
        statements.SelectMany(statement => Scans(connection, statement)).Where(step => !IsOfRevokedKeys(step)).Should().BeEmpty();
    }

    [Fact]
    public async Task No_statement_of_the_vault_reads_a_whole_table()
    {
        using var seen = new SeenStatements();
        await using var server = await AdminServer.Start();
        await EnrollApple(server.Server);
        var entry = (await server.All("order=newest"))[0];
        foreach (var filter in new[] { "order=oldest", "profile=apple-device", "reason=x", $"device={Simulated.Serial}", $"device={entry.DeviceId}", "since=1d&until=1h", "profile=apple-device&since=1d&order=oldest" })
        {
            await server.All(filter);
            (await server.Send(HttpMethod.Get, $"/admin/v1/evidence?cursor=1795348800000.x&{filter}")).Dispose();
        }

        foreach (var id in new[] { entry.Id, entry.ChallengeId, entry.OrderId, "nowhere" }.OfType<string>())
        {
            (await server.Send(HttpMethod.Get, $"/admin/v1/orders/{id}/explain")).Dispose();
            (await server.Send(HttpMethod.Get, $"/admin/v1/evidence/{id}")).Dispose();
            (await server.Send(HttpMethod.Post, $"/admin/v1/evidence/{id}/acknowledge")).Dispose();
        }

        foreach (var list in new[] { "attestation-keys", "attestation-keys?identifier=x", "attestation-keys?cursor=1795348800000.x" })
        {
            (await server.Send(HttpMethod.Get, $"/admin/v1/{list}")).Dispose();
        }

        await server.Server.Services.GetRequiredService<EvidenceCleaning>().Clean(server.Clock.GetUtcNow().AddYears(9), TestContext.Current.CancellationToken);

        var file = Path.Combine(server.Server.DataDirectory, "acme.db");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        var statements = seen.Of(file);
        statements.Should().HaveCountGreaterThan(40, "the statements were seen");
        // a list without a filter is read along the index of times, as far as its page goes
        statements.SelectMany(statement => Scans(connection, statement)).Where(step => !step.StartsWith("SCAN e USING INDEX evidence_at", StringComparison.Ordinal) && !step.StartsWith("SCAN a USING INDEX attestation_keys_created", StringComparison.Ordinal) && !IsOfRevokedKeys(step)).Should().BeEmpty();
    }

    [Fact]
    public async Task No_statement_of_the_lists_of_orders_accounts_and_certificates_reads_a_whole_table()
    {
        using var seen = new SeenStatements();
        await using var server = await AdminServer.Start();
        await EnrollApple(server.Server);
        string[] filters =
        [
            "orders?profile=x", "orders?status=invalid&profile=x", "orders?status=processing&account=x", $"orders?device={Simulated.Serial}", "orders?waiting=true", "orders?account=x&cursor=1795348800000.x",
            "accounts?profile=x&status=valid", $"accounts?device={Simulated.Serial}", "accounts?ticket=x", "certificates?profile=x", "certificates?account=x&status=revoked", "certificates?order=x", "certificates?serial=0a",
            $"certificates?device={Simulated.Serial}", "orders", "accounts", "certificates", "certificates?expiring=30d", "certificates?expiring=30d&cursor=1795348800000.x", "orders/x", "accounts/x", "certificates/x",
        ];
        foreach (var filter in filters)
        {
            (await server.Send(HttpMethod.Get, $"/admin/v1/{filter}")).Dispose();
        }

        var order = (await server.Get("/admin/v1/orders", Protocol.Admin.AdminJson.Default.OrderList)).Orders[0];
        await server.Get($"/admin/v1/orders/{order.Id}", Protocol.Admin.AdminJson.Default.OrderRecord);
        await server.Get($"/admin/v1/accounts/{order.AccountId}", Protocol.Admin.AdminJson.Default.AccountRecord);
        await server.Get($"/admin/v1/certificates/{order.CertificateId}", Protocol.Admin.AdminJson.Default.CertificateRecord);

        var file = Path.Combine(server.Server.DataDirectory, "acme.db");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        string[] alongTheirOrder = ["SCAN o USING INDEX orders_created", "SCAN a USING INDEX accounts_created", "SCAN c USING INDEX certificates_created"];
        seen.Of(file).SelectMany(statement => Scans(connection, statement))
            .Where(step => !alongTheirOrder.Any(index => step.StartsWith(index, StringComparison.Ordinal)) && !IsOfRevokedKeys(step)).Should().BeEmpty("a list without a filter is read along its order, as far as its page goes");
    }

    [Fact]
    public async Task A_CRL_is_made_of_an_index_alone()
    {
        using var seen = new SeenStatements();
        await using var server = await TestServer.Start();
        await EnrollClassic(server);
        var file = Path.Combine(server.DataDirectory, "acme.db");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();

        var statements = seen.Of(file).Where(statement => statement.Text.Contains("revoked_at", StringComparison.Ordinal) && statement.Text.Contains("\"not_after\" >= ", StringComparison.Ordinal)).ToList();

        statements.Should().HaveCount(2, "certificates and attestation keys");
        statements.SelectMany(statement => Plan(connection, statement)).Should().HaveCount(2)
            .And.OnlyContain(step => step.Contains("COVERING INDEX certificates_revoked", StringComparison.Ordinal) || step.Contains("COVERING INDEX attestation_keys_revoked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_cleaned_is_looked_for_among_what_may_be_due()
    {
        using var seen = new SeenStatements();
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        await EnrollApple(server);
        var later = server.Clock.GetUtcNow().AddYears(2);

        await server.Services.GetRequiredService<UnfinishedOrders>().Clean(later, TestContext.Current.CancellationToken);
        await server.Services.GetRequiredService<EvidenceCleaning>().Clean(later, TestContext.Current.CancellationToken);

        var file = Path.Combine(server.DataDirectory, "acme.db");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        var looks = seen.Of(file).Where(statement => statement.Text.StartsWith("SELECT", StringComparison.Ordinal) && statement.Text.Contains("\" <= ", StringComparison.Ordinal)).ToList();
        Index("FROM \"orders\"").Should().Contain("INDEX orders_unfinished", "all other orders are valid, and stay");
        Index("\"statement\" IS NOT NULL").Should().Contain("INDEX evidence_kept", "most evidence has no bytes any more where those are kept for a shorter time");

        string Index(string part) => Plan(connection, looks.Should().ContainSingle(look => look.Text.Contains(part, StringComparison.Ordinal)).Subject)[0];
    }

    /// <summary>Once at start: the index holds the revoked attestation keys alone.</summary>
    private static bool IsOfRevokedKeys(string step) => step.StartsWith("SCAN a USING INDEX attestation_keys_revoked", StringComparison.Ordinal);

    private static async Task EnrollClassic(TestServer server)
    {
        var account = new TestAccount(server);
        await account.Register();
        var order = await account.Enroll("plan.example");
        (await account.Get((string)order.Json["certificate"]!)).Status.Should().Be(HttpStatusCode.OK);
        (await account.Get($"{account.Kid}/orders")).Status.Should().Be(HttpStatusCode.OK);
    }

    private static async Task EnrollApple(TestServer server)
    {
        var account = new TestAccount(server, "apple-device");
        await account.Register();
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(account, Simulated.Serial);
        (await order.Send(Simulated.Apple.Make(order.Material, key))).Status.Should().Be(HttpStatusCode.OK);
        (await order.Finalize(key)).State.Should().Be("valid");
    }

    /// <summary>What an enrollment asks where orders under way are not kept: after a restart, and on a database that other nodes change.</summary>
    private static async Task AskWhatIsKeptInMemory(TestServer server, SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT id FROM orders LIMIT 1";
        var id = new OrderId((string)command.ExecuteScalar()!);
        var stop = TestContext.Current.CancellationToken;
        await using var reader = server.Db.Read();
        reader.Recent = null;
        Ask(reader).Should().BeTrue();
        (await server.Db.Commit(Ask, stop)).Should().BeTrue("the writer's queries are its own");

        bool Ask(AcmeContext context)
        {
            var authorization = context.Hot.AuthorizationsOf(context, id).First();
            return context.Hot.Order(context, id) is not null
                && context.Hot.Authorization(context, authorization.Id) is not null
                && context.Hot.AuthorizationOf(context, authorization.Challenges[0].Id) is not null
                && context.Hot.OrdersOf(context, authorization.Id).Any();
        }
    }

    /// <summary>The steps of a plan that go through a table or an index from end to end; results of a part of the statement are read whole by nature.</summary>
    private static IEnumerable<string> Scans(SqliteConnection connection, Statement statement)
    {
        var steps = Plan(connection, statement);
        var parts = steps.Where(step => step.StartsWith("CO-ROUTINE ", StringComparison.Ordinal) || step.StartsWith("MATERIALIZE ", StringComparison.Ordinal))
            .Select(step => step[(step.IndexOf(' ', StringComparison.Ordinal) + 1)..]).ToHashSet(StringComparer.Ordinal);
        return steps.Where(step => step.StartsWith("SCAN ", StringComparison.Ordinal))
            .Where(step => !parts.Contains(step["SCAN ".Length..]) && step != "SCAN CONSTANT ROW" && !Queues.Any(queue => step.Contains(queue, StringComparison.Ordinal)))
            .Select(step => $"{step}: {statement.Text}");
    }

    private static List<string> Plan(SqliteConnection connection, Statement statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {statement.Text}";
        foreach (var name in statement.Parameters)
        {
            command.Parameters.AddWithValue(name, DBNull.Value);
        }

        var steps = new List<string>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            steps.Add(reader.GetString(3));
        }

        return steps;
    }

    /// <summary>Indexes that hold what a worker has still to do, and nothing else.</summary>
    private static readonly string[] Queues = ["challenges_processing", "pending_issuances_waiting", "pending_issuances_issuing"];

    private sealed record Statement(string Text, IReadOnlyList<string> Parameters);

    /// <summary>Every statement that EF sends in this process while it listens.</summary>
    private sealed class SeenStatements : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
    {
        private readonly ConcurrentDictionary<(string File, string Text), Statement> _statements = new();
        private readonly ConcurrentBag<IDisposable> _subscriptions = [];

        public SeenStatements() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

        /// <summary>Those for one database; other tests have their own.</summary>
        public IReadOnlyList<Statement> Of(string file) => [.. _statements.Where(seen => seen.Key.File == file).Select(seen => seen.Value)];

        public void OnNext(DiagnosticListener listener)
        {
            if (listener.Name == "Microsoft.EntityFrameworkCore")
            {
                _subscriptions.Add(listener.Subscribe(this, name => name == RelationalEventId.CommandExecuting.Name));
            }
        }

        public void OnNext(KeyValuePair<string, object?> happened)
        {
            // tests beside this one have databases of other kinds
            if (happened.Value is CommandEventData { Command: SqliteCommand command } && !command.CommandText.StartsWith("PRAGMA", StringComparison.Ordinal))
            {
                // a batch of changes is one text; each of its statements has a plan of its own
                foreach (var text in command.CommandText.Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
                {
                    var names = command.Parameters.Cast<SqliteParameter>().Select(parameter => parameter.ParameterName).Where(name => text.Contains(name, StringComparison.Ordinal)).ToList();
                    _statements.TryAdd((command.Connection!.DataSource, text), new Statement(text, names));
                }
            }
        }

        public void OnCompleted()
        {
            // a listener went away: there is nothing to do
        }

        public void OnError(Exception error) => throw new InvalidOperationException("a diagnostic listener failed", error);

        public void Dispose()
        {
            foreach (var subscription in _subscriptions)
            {
                subscription.Dispose();
            }
        }
    }
}
