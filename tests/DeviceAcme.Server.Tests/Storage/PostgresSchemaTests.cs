using System.Globalization;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>The same questions to PostgreSQL's schema as <see cref="SchemaTests"/> asks SQLite's.</summary>
[Needs("postgresql")]
public sealed class PostgresSchemaTests : IAsyncLifetime
{
    /// <summary>Tables that no mapping has: how nodes share one database.</summary>
    private const string Own = "('schema_migrations', 'audit_head', 'nonce_keys', 'spent_nonces', 'leases')";

    private string _database = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await PostgresCluster.NewEmptyDatabase();

    public async ValueTask DisposeAsync() => await PostgresCluster.Drop(_database);

    [Fact]
    public async Task The_migrations_make_the_schema_that_the_mappings_expect()
    {
        await AcmeDb.Open(new PostgresDatabase(_database)).DisposeAsync();
        var mapped = await PostgresCluster.NewEmptyDatabase();
        await using var context = new AcmeContext(new DbContextOptionsBuilder<AcmeContext>().UseNpgsql(mapped).Options);
        await context.Database.EnsureCreatedAsync(Stop);

        var expected = await Describe(mapped);
        expected.Should().HaveCountGreaterThan(200);
        (await Describe(_database)).Should().BeEquivalentTo(expected, because: context.Database.GenerateCreateScript());
        await PostgresCluster.Drop(mapped);
    }

    [Fact]
    public async Task Texts_compare_by_their_bytes_as_they_do_in_SQLite()
    {
        await AcmeDb.Open(new PostgresDatabase(_database)).DisposeAsync();

        (await Rows(_database, "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'schema_migrations'"))
            .Should().BeEmpty();
        (await Rows(_database, "SELECT v FROM (VALUES ('b'), ('B'), ('a')) t(v) ORDER BY v")).Should().NotEqual(["B", "a", "b"], "this cluster sorts otherwise where nothing is said, so the test can fail");
    }

    [Fact]
    public void Both_databases_give_a_schema_the_same_number() => Migrations.PostgreSql.Newest.Should().Be(Migrations.Sqlite.Newest);

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        await AcmeDb.Open(new PostgresDatabase(_database)).DisposeAsync();
        await Rows(_database, "INSERT INTO schema_migrations VALUES (9999, 'future')");

        var open = () => AcmeDb.Open(new PostgresDatabase(_database));
        open.Should().Throw<NewerSchemaException>().WithMessage("*9999*newer version*");
    }

    [Fact]
    public async Task Nodes_that_start_together_make_the_schema_once()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => AcmeDb.Open(new PostgresDatabase(_database)), Stop)));

        (await Rows(_database, "SELECT number::text FROM schema_migrations ORDER BY number")).Should().OnlyHaveUniqueItems().And.EndWith(Migrations.PostgreSql.Newest.ToString(CultureInfo.InvariantCulture));
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("events")]
    [InlineData("anchor_certificates")]
    [InlineData("anchor_versions")]
    [InlineData("profiles")]
    [InlineData("profile_versions")]
    [InlineData("profile_changes")]
    public async Task What_is_written_once_stays(string table)
    {
        await AcmeDb.Open(new PostgresDatabase(_database)).DisposeAsync();
        var column = (await Rows(_database, $"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' AND ordinal_position = 2"))[0];

        foreach (var statement in new[] { $"DELETE FROM {table}", $"TRUNCATE {table}", $"UPDATE {table} SET {column} = {column}" })
        {
            var change = () => Rows(_database, statement);
            await change.Should().ThrowAsync<PostgresException>().WithMessage("*append-only*");
        }
    }

    [Fact]
    public async Task A_commit_waits_for_the_disk_whatever_the_database_is_set_to()
    {
        await Rows(_database, $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(_database).Database} SET synchronous_commit = off");
        NpgsqlConnection.ClearPool(new NpgsqlConnection(_database));
        await using var db = AcmeDb.Open(new PostgresDatabase(_database));

        var onWriter = await db.Commit(context => context.Database.SqlQueryRaw<string>("SELECT current_setting('synchronous_commit') AS \"Value\"").ToList(), Stop);
        onWriter.Should().Equal("on");
    }

    private static async Task<List<string>> Describe(string database) =>
    [
        .. await Rows(database, $"SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT IN {Own}"),
        .. await Rows(database, $"SELECT indexdef FROM pg_indexes i WHERE schemaname = 'public' AND tablename NOT IN {Own} AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"),
        .. await Rows(database, $"SELECT conrelid::regclass::text || ' ' || contype::text || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f') AND conrelid::regclass::text NOT IN {Own}"),
    ];

    private static async Task<List<string>> Rows(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Stop);
        var rows = new List<string>();
        while (await reader.ReadAsync(Stop))
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
