using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace DeviceAcme.Server.Storage;

/// <summary>Brings the schema up to date: numbered SQL files, each run once in a transaction of its own. The folders of both databases give a schema the same number.</summary>
internal sealed partial class Migrations
{
    public static readonly Migrations Sqlite = new("Sqlite", "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL) STRICT");

    public static readonly Migrations PostgreSql = new("PostgreSql", "CREATE TABLE IF NOT EXISTS schema_migrations (number integer NOT NULL PRIMARY KEY, name text NOT NULL)");

    private readonly string _folder;
    private readonly string _ownTable;

    private Migrations(string folder, string ownTable)
    {
        _folder = folder;
        _ownTable = ownTable;
    }

    /// <summary>The number of the newest migration that this program knows.</summary>
    public int Newest => All().Max(migration => migration.Number);

    /// <param name="upTo">The last one to run, for a schema of an earlier version; null for all.</param>
    public void Run(DbConnection connection, int? upTo = null)
    {
        Execute(connection, null, _ownTable);
        var applied = Applied(connection);
        var all = All();
        if (applied.Count > 0 && applied.Max() > all[^1].Number)
        {
            throw new NewerSchemaException(applied.Max(), all[^1].Number);
        }

        foreach (var migration in all.Where(migration => !applied.Contains(migration.Number) && !(migration.Number > upTo)))
        {
            using var transaction = connection.BeginTransaction();
            Execute(connection, transaction, migration.Sql);
            using var record = connection.CreateCommand();
            record.Transaction = transaction;
            record.CommandText = "INSERT INTO schema_migrations (number, name) VALUES (@number, @name)";
            Add(record, "@number", migration.Number);
            Add(record, "@name", migration.Name);
            record.ExecuteNonQuery();
            transaction.Commit();
        }
    }

    private List<Migration> All()
    {
        var assembly = Assembly.GetExecutingAssembly();
        return assembly.GetManifestResourceNames()
            .Select(resource => (resource, match: FileName().Match(resource)))
            .Where(found => found.match.Success && found.match.Groups[1].Value == _folder)
            .Select(found =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(found.resource)!);
                return new Migration(int.Parse(found.match.Groups[2].Value, CultureInfo.InvariantCulture), found.match.Groups[3].Value, reader.ReadToEnd());
            })
            .OrderBy(migration => migration.Number)
            .ToList();
    }

    private static HashSet<int> Applied(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT number FROM schema_migrations";
        using var reader = command.ExecuteReader();
        var numbers = new HashSet<int>();
        while (reader.Read())
        {
            numbers.Add(reader.GetInt32(0));
        }

        return numbers;
    }

    private static void Execute(DbConnection connection, DbTransaction? transaction, string sql)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.Value) = (name, value);
        command.Parameters.Add(parameter);
    }

    [GeneratedRegex(@"\.Migrations\.(\w+)\.(\d{4})_(\w+)\.sql$")]
    private static partial Regex FileName();

    private sealed record Migration(int Number, string Name, string Sql);
}

/// <summary>The database was written by a newer version of this program, which this one must not touch.</summary>
internal sealed class NewerSchemaException(int found, int known)
    : Exception($"the database has schema {found}, this program knows up to {known}: run the newer version of DeviceAcme, or restore a backup made by this one");
