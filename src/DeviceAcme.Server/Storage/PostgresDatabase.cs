using System.Data;
using System.Data.Common;
using System.Diagnostics;
using DeviceAcme.Core.Audit;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// A PostgreSQL database that any number of nodes share. Whoever writes locks the row with the chain's end first and holds it until the commit:
/// one writer at a time on all nodes, as with SQLite, so that nothing that holds there is different here.
/// </summary>
internal sealed class PostgresDatabase : IDatabase
{
    /// <summary>"deviceacme" as a number: nodes that start together bring the schema up to date one after the other.</summary>
    private const long MigrationLock = 0x6465_7661_636d65;

    /// <summary>How long a change waits for a database that is being restarted.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly string _readers;
    private readonly string _writers;
    private string? _turn;

    /// <param name="connectionString">As Npgsql takes it.</param>
    public PostgresDatabase(string connectionString)
    {
        // a node that hangs in its turn must not stop the others for longer than this, nor one whose machine is gone
        const string Turns = "-c idle_in_transaction_session_timeout=15000 -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=15000";
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        Name = $"{settings.Host}/{settings.Database}";
        _readers = settings.ConnectionString;
        settings.Options = string.IsNullOrEmpty(settings.Options) ? Turns : $"{settings.Options} {Turns}";
        (settings.MinPoolSize, settings.MaxPoolSize) = (0, 2);
        _writers = settings.ConnectionString;
    }

    /// <summary>Host and database, without a secret.</summary>
    public string Name { get; }

    public bool IsShared => true;

    /// <summary>A connection for statements that stand by themselves; not open yet.</summary>
    public NpgsqlConnection Make() => new(_readers);

    public ChainEnd Prepare(Action<string> progress)
    {
        using var connection = new NpgsqlConnection(_writers);
        connection.Open();
        if (connection.Scalar("SELECT current_setting('server_encoding')") is not "UTF8")
        {
            throw new InvalidDataException($"the database {Name} is not encoded in UTF8: make it with ENCODING 'UTF8'");
        }

        connection.Scalar($"SELECT pg_advisory_lock({MigrationLock})");
        try
        {
            Migrations.PostgreSql.Run(connection);
        }
        finally
        {
            connection.Scalar($"SELECT pg_advisory_unlock({MigrationLock})");
        }

        var end = ReadEnd(connection);
        return new ChainEnd(end.Sequence, end.Hash);
    }

    public ChainEnd.State? StoredEnd()
    {
        using var connection = Make();
        connection.Open();
        return ReadEnd(connection);
    }

    public IReaders Readers() => new PooledReaders(options => UseModel(options.UseNpgsql(_readers, npgsql => npgsql.EnableRetryOnFailure(6, TimeSpan.FromSeconds(3), null))));

    public void Use(DbContextOptionsBuilder options, DbConnection? connection) => UseModel(options.UseNpgsql(connection ?? new NpgsqlConnection()));

    public DbConnection Connect() => new NpgsqlConnection(_writers);

    public DbConnection? Peek()
    {
        var connection = Make();
        try
        {
            connection.Open();
            return connection;
        }
        catch (NpgsqlException)
        {
            // not ours to tell: the start opens the same database next, and says what is wrong with it
            connection.Dispose();
            return null;
        }
    }

    public bool HasTable(DbConnection connection, string name) => connection.Scalar("SELECT to_regclass(@name) IS NOT NULL", ("@name", name)) is true;

    /// <summary>READ COMMITTED, and the lock first: every statement behind it sees all that was committed before.</summary>
    public DbTransaction BeginTurn(DbConnection connection, ChainEnd chain)
    {
        for (var since = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                Reopen(connection);
                var turn = ((NpgsqlConnection)connection).BeginTransaction(IsolationLevel.ReadCommitted);
                using var command = new NpgsqlCommand("SELECT sequence, hash, pg_current_xact_id()::text FROM audit_head WHERE id = 1 FOR UPDATE", (NpgsqlConnection)connection, turn);
                using var reader = command.ExecuteReader();
                if (!reader.Read())
                {
                    throw new InvalidOperationException("the row of audit_head is gone: the database was changed by somebody else");
                }

                chain.Now = new ChainEnd.State(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1));
                _turn = reader.GetString(2);
                return turn;
            }
            catch (NpgsqlException failure) when (Outages.Is(failure) && Stopwatch.GetElapsedTime(since) < Patience)
            {
                // nothing of the change has run yet: the database is being restarted, or another node held its turn too long
                connection.Close();
                Thread.Sleep(Pause);
            }
            catch (Exception)
            {
                // a transaction that began is not left behind
                connection.Close();
                throw;
            }
        }
    }

    public void EndTurn(DbTransaction turn, ChainEnd.State before, ChainEnd.State after)
    {
        var connection = (NpgsqlConnection)turn.Connection!;
        if (before != after)
        {
            using var command = new NpgsqlCommand("UPDATE audit_head SET sequence = $1, hash = $2 WHERE id = 1", connection, (NpgsqlTransaction)turn);
            command.Parameters.Add(new() { Value = after.Sequence });
            command.Parameters.Add(new() { Value = after.Hash });
            command.ExecuteNonQuery();
        }

        try
        {
            turn.Commit();
        }
        catch (NpgsqlException failure) when (Outages.Is(failure) && WasCommitted(connection))
        {
            // the answer was lost on its way, the commit was not
        }
    }

    public DbTransaction BeginMoment()
    {
        var connection = Make();
        connection.Open();
        return connection.BeginTransaction(IsolationLevel.RepeatableRead);
    }

    public ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearPool(new NpgsqlConnection(_readers));
        NpgsqlConnection.ClearPool(new NpgsqlConnection(_writers));
        return ValueTask.CompletedTask;
    }

    /// <summary>What became of a transaction whose answer was lost; asks until the database says so.</summary>
    private bool WasCommitted(NpgsqlConnection connection)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < Patience; Thread.Sleep(Pause))
        {
            try
            {
                connection.Close();
                connection.Open();
                var status = connection.Scalar($"SELECT pg_xact_status('{_turn}'::xid8)") as string;
                if (status != "in progress")
                {
                    return status == "committed";
                }
            }
            catch (NpgsqlException failure) when (Outages.Is(failure))
            {
                // not back yet
            }
        }

        return false;
    }

    private static void UseModel(DbContextOptionsBuilder options)
    {
#if WITHOUT_COMPILED_MODELS
        _ = options;
#else
        options.UseModel(Models.Postgres.AcmeContextModel.Instance);
#endif
    }

    private static ChainEnd.State ReadEnd(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand("SELECT sequence, hash FROM audit_head WHERE id = 1", connection);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new ChainEnd.State(reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : throw new InvalidOperationException("the row of audit_head is gone: the database was changed by somebody else");
    }

    private static void Reopen(DbConnection connection)
    {
        if (connection.State != ConnectionState.Open)
        {
            connection.Close();
            connection.Open();

            // a reply waits for its commit; whoever wants less for other databases must not have it here
            connection.Scalar("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'");
        }
    }
}
