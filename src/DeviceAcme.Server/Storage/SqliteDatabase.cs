using System.Data.Common;
using DeviceAcme.Core.Audit;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>The one database file of a process, and connections to it, each with the pragmas that durability rests on.</summary>
internal sealed class SqliteDatabase(string file) : IDatabase
{
    /// <summary>
    /// WAL lets readers go on beside the writer; FULL syncs the log on every commit, without which a power cut could undo
    /// a commit that was already answered. A checkpoint copies a page once however often it was written since the last one, so fewer of them write less. What is dropped is overwritten: evidence whose time is over must not stay in free pages.
    /// </summary>
    private const string Pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA busy_timeout=5000; PRAGMA wal_autocheckpoint=4000;";

    /// <summary>
    /// What a savepoint would need to undo one change of a group stands in memory: beyond 64 KiB SQLite made a file for it, and removed it again, for nearly every commit.
    /// It is never read after a crash.
    /// </summary>
    private const string WriterPragmas = "PRAGMA temp_store=MEMORY;";

    /// <summary>
    /// KiB of pages that a reader keeps at most. A commit of anybody else makes them worthless, and the system has them anyway; with SQLite's 2 MB the sixteen readers that are kept
    /// could hold 32 MB.
    /// </summary>
    private const int ReaderCache = 256;

    private readonly string _connectionString = new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString();

    private bool _marked;

    public bool IsShared => false;

    /// <summary>Stands beside the file while somebody writes into it.</summary>
    private string Mark => file + "-in-use";

    public ChainEnd Prepare(Action<string> progress)
    {
        // whoever looked at the file first has made an empty one
        var lost = File.Exists(Mark) && new FileInfo(file + "-wal") is not { Exists: true, Length: > 0 };
        using var connection = Open();
        Migrations.Sqlite.Run(connection);
        var end = EventChaining.Run(connection, progress);
        if (lost)
        {
            // SQLite itself takes the file as it is, and says nothing
            progress($"warning: the server did not end in good order, and {file}-wal, where its last commits stood, has been taken away since. Unless SQLite's own tools did that, what was "
                + "acknowledged last is gone: run 'deviceacme check', and compare the head of the audit log with the one that you kept");
        }

        return end;
    }

    public IReaders Readers() => new SqliteReaders(OpenReader, this);

    public void Use(DbContextOptionsBuilder options, DbConnection? connection)
    {
        options.UseSqlite(connection ?? new SqliteConnection()).EnableThreadSafetyChecks(false);
#if !WITHOUT_COMPILED_MODELS
        options.UseModel(Models.Sqlite.AcmeContextModel.Instance);
#endif
    }

    public DbConnection Connect() => Open(WriterPragmas);

    public DbConnection? Peek()
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    public bool HasTable(DbConnection connection, string name) => connection.Scalar("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = @name", ("@name", name)) is 1L;

    /// <summary>BEGIN IMMEDIATE: the write lock is taken before the first read, so that no change works on what another one replaces.</summary>
    public DbTransaction BeginTurn(DbConnection connection, ChainEnd chain) => ((SqliteConnection)connection).BeginTransaction(deferred: false);

    public void EndTurn(DbTransaction turn, ChainEnd.State before, ChainEnd.State after)
    {
        turn.Commit();
        if (!_marked)
        {
            _marked = true;
            MarkInUse();
        }
    }

    /// <summary>Deferred: a reader must not take the writer's lock.</summary>
    public DbTransaction BeginMoment() => Open().BeginTransaction(deferred: true);

    public ChainEnd.State? StoredEnd() => null;

    public ValueTask DisposeAsync()
    {
        try
        {
            File.Delete(Mark);
        }
        catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
        {
            // the disk cannot be written: then the log stays beside the file as well, and the next start finds both
            return ValueTask.CompletedTask;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>After a commit: from here on there is a log that may not be missing.</summary>
    private void MarkInUse()
    {
        try
        {
            Hosting.OwnerFile.Make(Mark);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            // the commit is durable all the same, and the next start only cannot tell that its log was taken away
            return;
        }
    }

    private PreparedConnection OpenReader() => Open($"PRAGMA cache_size=-{ReaderCache};");

    /// <param name="more">Pragmas beside those of every connection.</param>
    private PreparedConnection Open(string more = "")
    {
        var connection = new PreparedConnection(_connectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Pragmas + more;
        command.ExecuteNonQuery();
        return connection;
    }
}
