using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace DeviceAcme.Server.Storage;

/// <summary>Opens connections to the one database file, each with the pragmas that durability rests on.</summary>
internal sealed class SqliteConnections(string file) : DbConnectionInterceptor
{
    /// <summary>
    /// WAL lets readers go on beside the writer; FULL syncs the log on every commit, without which a power cut could undo
    /// a commit that was already answered. What is dropped is overwritten: evidence whose time is over must not stay in free pages.
    /// </summary>
    private const string Pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA busy_timeout=5000;";

    public string ConnectionString { get; } = new SqliteConnectionStringBuilder { DataSource = file, Pooling = true }.ToString();

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        Apply(connection);
        return connection;
    }

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Apply(connection);

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Apply(connection);
        return Task.CompletedTask;
    }

    private static void Apply(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Pragmas;
        command.ExecuteNonQuery();
    }
}
