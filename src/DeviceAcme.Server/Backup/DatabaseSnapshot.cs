using DeviceAcme.Server.Hosting;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Server.Backup;

/// <summary>The database as it was at one moment, copied beside a server that goes on writing; the copy is checked before anybody relies on it.</summary>
internal sealed class DatabaseSnapshot : IDisposable
{
    private DatabaseSnapshot(string path, int schema, long auditSequence, string? auditHash) =>
        (Path, Schema, AuditSequence, AuditHash) = (path, schema, auditSequence, auditHash);

    public string Path { get; }
    public int Schema { get; }
    public long AuditSequence { get; }
    public string? AuditHash { get; }

    /// <param name="database">The database in use.</param>
    /// <param name="path">Where the copy goes; what is there is replaced.</param>
    /// <exception cref="StartFailure">The database is damaged, or is none of this product.</exception>
    public static DatabaseSnapshot Take(string database, string path)
    {
        File.Delete(path);
        OwnerFile.Make(path);
        try
        {
            using var source = Open(database, SqliteOpenMode.ReadOnly);
            using var copy = Open(path, SqliteOpenMode.ReadWrite);

            // one step: readers of a write-ahead log see one moment, and the writer goes on beside them
            source.BackupDatabase(copy);

            // the copy is one file, without a log beside it
            Scalar(copy, "PRAGMA journal_mode=DELETE");
            if (Scalar(copy, "PRAGMA quick_check(1)") is not "ok" and var damage)
            {
                throw new StartFailure($"the database {database} is damaged: {damage}", "nothing was written; 'deviceacme check' says more, and an earlier backup may still be whole");
            }

            return new DatabaseSnapshot(
                path,
                (int)(long)Scalar(copy, "SELECT max(number) FROM schema_migrations")!,
                Scalar(copy, "SELECT max(sequence) FROM events") as long? ?? 0,
                Scalar(copy, "SELECT lower(hex(hash)) FROM events ORDER BY sequence DESC LIMIT 1") as string);
        }
        catch (SqliteException broken)
        {
            File.Delete(path);
            throw new StartFailure($"the database {database} cannot be copied: {broken.Message}", "'deviceacme check' says what is wrong with it");
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    public void Dispose() => File.Delete(Path);

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
