using DeviceAcme.Core.Audit;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

public sealed class SchemaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task The_migrations_make_the_schema_that_the_mappings_expect()
    {
        var migrated = Path.Combine(_folder, "migrated.db");
        await AcmeDb.Open(migrated).DisposeAsync();
        var mapped = Path.Combine(_folder, "mapped.db");
        using var context = new AcmeContext(new DbContextOptionsBuilder<AcmeContext>().UseSqlite($"Data Source={mapped};Pooling=False").Options);
        var script = context.Database.GenerateCreateScript();
        context.Database.EnsureCreated();

        var expected = Describe(mapped);
        Describe(migrated).Where(line => !line.StartsWith("schema_migrations", StringComparison.Ordinal)).Should().BeEquivalentTo(expected, because: script);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        var file = Path.Combine(_folder, "newer.db");
        await AcmeDb.Open(file).DisposeAsync();
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO schema_migrations VALUES (9999, 'future')";
            command.ExecuteNonQuery();
        }

        var open = () => AcmeDb.Open(file);
        open.Should().Throw<NewerSchemaException>().WithMessage("*9999*newer version*");
    }

    [Theory]
    [InlineData("UPDATE events SET kind = 'x'")]
    [InlineData("DELETE FROM events")]
    public async Task Events_are_append_only(string statement)
    {
        var file = Path.Combine(_folder, "events.db");
        await using (var db = AcmeDb.Open(file))
        {
            await db.Commit(context => context.Record(new AuditEvent { At = DateTimeOffset.UnixEpoch, Kind = "test" }), TestContext.Current.CancellationToken);
        }

        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        var change = () => command.ExecuteNonQuery();
        change.Should().Throw<SqliteException>().WithMessage("*append-only*");
    }

    [Fact]
    public async Task Every_connection_syncs_each_commit()
    {
        var file = Path.Combine(_folder, "pragmas.db");
        await using var db = AcmeDb.Open(file);
        for (var i = 0; i < 3; i++)
        {
            using var reader = db.Read();
            reader.Database.SqlQueryRaw<int>("PRAGMA synchronous").ToList().Should().Equal(2);
            reader.Database.SqlQueryRaw<string>("PRAGMA journal_mode").ToList().Should().Equal("wal");
        }

        var onWriter = await db.Commit(context => context.Database.SqlQueryRaw<int>("PRAGMA synchronous").ToList(), TestContext.Current.CancellationToken);
        onWriter.Should().Equal([2], "2 is FULL: a commit that was answered survives a power cut");
        (await db.Commit(context => context.Database.SqlQueryRaw<int>("PRAGMA temp_store").ToList(), TestContext.Current.CancellationToken)).Should().Equal([2], "2 is MEMORY: a savepoint needs no file");
    }

    private static List<string> Describe(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        var lines = new List<string>();
        foreach (var table in Rows(connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").Select(row => row[0]))
        {
            lines.AddRange(Rows(connection, $"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')").Select(row => $"{table} column {string.Join(' ', row)}"));
            foreach (var index in Rows(connection, $"SELECT name, \"unique\", partial FROM pragma_index_list('{table}') WHERE origin = 'c'"))
            {
                var columns = string.Join(',', Rows(connection, $"SELECT name FROM pragma_index_info('{index[0]}')").Select(row => row[0]));
                lines.Add($"{table} index {string.Join(' ', index)} ({columns})");
            }

            lines.AddRange(Rows(connection, $"SELECT \"table\", \"from\", \"to\" FROM pragma_foreign_key_list('{table}')").Select(row => $"{table} references {string.Join(' ', row)}"));
        }

        return lines;
    }

    private static List<string[]> Rows(SqliteConnection connection, string query)
    {
        using var command = connection.CreateCommand();
        command.CommandText = query;
        using var reader = command.ExecuteReader();
        var rows = new List<string[]>();
        while (reader.Read())
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i).ToString()!).ToArray());
        }

        return rows;
    }
}
