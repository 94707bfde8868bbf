using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>Statements that stay prepared must answer as new ones would, and contexts that are lent again and again must be one reader's at a time.</summary>
public sealed class PreparedConnectionTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;
    private readonly PreparedConnection _connection;

    public PreparedConnectionTests()
    {
        _connection = new PreparedConnection($"Data Source={Path.Combine(_folder, "own.db")};Pooling=False");
        _connection.Open();
        Run("CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
        Run("INSERT INTO things (name) VALUES (@name)", "a");
        Run("INSERT INTO things (name) VALUES (@name)", "b");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public void A_statement_that_is_used_again_has_the_values_of_its_own_command()
    {
        Ask("SELECT id FROM things WHERE name = @name", "a").Should().Be(1L);
        Ask("SELECT id FROM things WHERE name = @name", "b").Should().Be(2L);
        Ask("SELECT id FROM things WHERE name = @name", "c").Should().BeNull();

        var forgotten = () => Ask("SELECT id FROM things WHERE name = @name", null);
        forgotten.Should().Throw<InvalidOperationException>("what was bound for others is not there for whoever binds nothing");
        Ask("SELECT id FROM things WHERE name = @name", "a").Should().Be(1L);
    }

    [Fact]
    public void Two_can_read_with_one_text_at_once()
    {
        using var outer = Command("SELECT name FROM things ORDER BY id", null);
        using var names = outer.ExecuteReader();
        names.Read().Should().BeTrue();
        using (var inner = Command("SELECT name FROM things ORDER BY id", null))
        using (var again = inner.ExecuteReader())
        {
            again.Read().Should().BeTrue();
            again.GetString(0).Should().Be("a");
        }

        names.Read().Should().BeTrue();
        names.GetString(0).Should().Be("b");
    }

    [Fact]
    public void A_statement_that_failed_does_not_spoil_the_next_one()
    {
        const string Insert = "INSERT INTO things (id, name) VALUES (1, @name)";
        var twice = () => Run(Insert, "again");
        twice.Should().Throw<SqliteException>();
        Run("DELETE FROM things WHERE name = @name", "a");

        Run(Insert, "again");
        Ask("SELECT name FROM things WHERE id = 1", null).Should().Be("again");
    }

    [Fact]
    public void Statements_follow_a_changed_schema_and_a_connection_that_is_opened_again()
    {
        Ask("SELECT * FROM things WHERE name = @name", "a").Should().Be(1L);
        Run("ALTER TABLE things ADD COLUMN colour TEXT");
        Ask("SELECT * FROM things WHERE name = @name", "b").Should().Be(2L);

        _connection.Close();
        _connection.Open();
        Ask("SELECT * FROM things WHERE name = @name", "b").Should().Be(2L);
    }

    [Fact]
    public void A_transaction_that_is_undone_leaves_nothing_with_statements_of_before()
    {
        using (var transaction = _connection.BeginTransaction())
        {
            Run("INSERT INTO things (name) VALUES (@name)", "c");
            transaction.Rollback();
        }

        Ask("SELECT count(*) FROM things", null).Should().Be(2L);
        using (var transaction = _connection.BeginTransaction())
        {
            Run("INSERT INTO things (name) VALUES (@name)", "c");
            transaction.Commit();
        }

        Ask("SELECT count(*) FROM things", null).Should().Be(3L);
    }

    [Fact]
    public async Task A_reader_that_is_disposed_twice_is_lent_once()
    {
        await using var db = AcmeDb.Open(Path.Combine(_folder, "acme.db"));
        var first = db.Read();
        first.Dispose();
        first.Dispose();
        await first.DisposeAsync();

        using var one = db.Read();
        using var two = db.Read();
        one.Should().NotBeSameAs(two);
    }

    [Fact]
    public async Task A_reader_that_is_lent_again_sees_what_was_committed_meanwhile()
    {
        await using var db = AcmeDb.Open(Path.Combine(_folder, "acme.db"));
        for (var number = 0; number < 3; number++)
        {
            using (var reader = db.Read())
            {
                reader.Hot.DeviceNamed(reader, "permanent-identifier", $"device {number}").Should().BeNull();
            }

            var device = await db.Commit(context =>
            {
                var (made, _) = Device.Register(new DeviceKey("permanent-identifier", $"device {number}"), "p", DateTimeOffset.UnixEpoch);
                context.Devices.Add(made);
                context.Name(made, [new DeviceKey("permanent-identifier", $"device {number}")]);
                return made.Id;
            }, Stop);
            using (var reader = db.Read())
            {
                reader.Hot.DeviceNamed(reader, "permanent-identifier", $"device {number}").Should().Be(device);
                reader.Hot.Device(reader, device)!.Id.Should().Be(device);
                reader.ChangeTracker.Entries().Should().BeEmpty("readers track nothing");
            }
        }

        (await db.Commit(context => context.Hot.Device(context, context.Hot.DeviceNamed(context, "permanent-identifier", "device 0")!.Value) is { } found ? context.Entry(found).State : EntityState.Detached, Stop))
            .Should().Be(EntityState.Unchanged, "the writer's own compiled queries track");
    }

    private void Run(string text, string? name = null)
    {
        using var command = Command(text, name);
        command.ExecuteNonQuery();
    }

    private object? Ask(string text, string? name)
    {
        using var command = Command(text, name);
        return command.ExecuteScalar();
    }

    private SqliteCommand Command(string text, string? name)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        if (name is not null)
        {
            command.Parameters.AddWithValue("@name", name);
        }

        return command;
    }
}
