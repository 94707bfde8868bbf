using System.Data;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Audit;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Server.Backup;

/// <summary>Holds a store and the keys of its data directory against each other, beside running servers or without one; changes nothing.</summary>
internal sealed class StoreCheck
{
    /// <summary>Problems of one kind that are described; the rest is counted.</summary>
    private const int MostDescribed = 10;

    /// <summary>Work that waits longer than this is stuck: workers look every few seconds.</summary>
    private static readonly TimeSpan Stuck = TimeSpan.FromHours(1);

    private readonly string _data;
    private readonly Func<IReadOnlyList<IssuerFolder>> _issuers;
    private readonly DateTimeOffset _now;
    private readonly Action<string> _progress;
    private readonly DbConnection _connection;

    private StoreCheck(string data, Func<IReadOnlyList<IssuerFolder>> issuers, DateTimeOffset now, Action<string> progress, DbConnection connection) =>
        (_data, _issuers, _now, _progress, _connection) = (data, issuers, now, progress, connection);

    private bool IsSqlite => _connection is SqliteConnection;

    /// <param name="options">Data directory and database.</param>
    /// <param name="issuers">Opens the issuers of its CA.</param>
    /// <param name="quick">Leaves out what looks at every certificate and event.</param>
    /// <param name="now">The time.</param>
    /// <param name="progress">Is told what is looked at.</param>
    public static CheckReport Run(ServerOptions options, Func<IReadOnlyList<IssuerFolder>> issuers, bool quick, DateTimeOffset now, Action<string> progress)
    {
        using var connection = Connect(options);
        var check = new StoreCheck(options.DataDirectory, issuers, now, progress, connection);
        var lines = new List<CheckLine>();
        if (Try("database", () => check.Database(quick), lines))
        {
            // one moment for all of it: what a running server writes meanwhile is no contradiction
            using var moment = connection is SqliteConnection sqlite ? sqlite.BeginTransaction(deferred: true) : connection.BeginTransaction(IsolationLevel.RepeatableRead);
            Try("schema", check.Schema, lines);
            Try("orders", check.Orders, lines);
            Try("work", check.Work, lines);
            if (!quick)
            {
                Try("certificates", check.Certificates, lines);
                Try("audit", check.Audit, lines);
            }

            Try("issuers", check.Issuers, lines);
        }

        return new CheckReport { Checks = lines };
    }

    private static DbConnection Connect(ServerOptions options)
    {
        if (options.Database is { } database)
        {
            return new PostgresDatabase(database).Make();
        }

        var file = Path.Combine(options.DataDirectory, BackupFormat.DatabaseName);
        return File.Exists(file)
            ? new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString())
            : throw new StartFailure($"there is no database in {Path.GetFullPath(options.DataDirectory)}", "--data names the data directory of a server");
    }

    /// <summary>True where the rest can be looked at.</summary>
    private static bool Try(string name, Func<CheckLine> look, List<CheckLine> lines)
    {
        try
        {
            lines.Add(look());
            return lines[^1].Problems.Count == 0;
        }
        catch (DbException broken)
        {
            lines.Add(new CheckLine(name, "could not be read", [broken.Message]));
            return false;
        }
    }

    private CheckLine Database(bool quick)
    {
        _connection.Open();
        if (!IsSqlite)
        {
            // PostgreSQL looks after its own pages and references
            return new CheckLine("database", $"{Count("SELECT pg_database_size(current_database())") / 1_000_000} MB in PostgreSQL", []);
        }

        _progress("reading every page of the database");
        var problems = Texts(quick ? $"PRAGMA quick_check({MostDescribed})" : $"PRAGMA integrity_check({MostDescribed})").Where(text => text != "ok")
            .Concat(Texts("SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' refers to a row of ' || parent || ' that is not there' FROM pragma_foreign_key_check LIMIT 10"));
        return new CheckLine("database", $"{new FileInfo(_connection.DataSource).Length / 1_000_000} MB", [.. problems]);
    }

    private CheckLine Schema()
    {
        var number = Count("SELECT max(number) FROM schema_migrations");
        var newest = (IsSqlite ? Migrations.Sqlite : Migrations.PostgreSql).Newest;
        return new CheckLine(
            "schema", number < newest ? $"{number}; the next start brings it to {newest}" : Text(number),
            number > newest ? [$"schema {number} is newer than this program, which knows up to {newest}"] : []);
    }

    private CheckLine Orders()
    {
        _progress("orders and their certificates");
        return new CheckLine("orders", $"{Count("SELECT count(*) FROM orders")} orders, {Count("SELECT count(*) FROM certificates")} certificates",
        [
            .. Described("order {0} has more than one certificate", "SELECT order_id FROM certificates GROUP BY order_id HAVING count(*) > 1"),
            .. Described("order {0} is valid and has no certificate", "SELECT o.id FROM orders o LEFT JOIN certificates c ON c.order_id = o.id WHERE o.status = 'valid' AND c.id IS NULL"),
            .. Described("certificate {0} belongs to no valid order", "SELECT c.id FROM certificates c LEFT JOIN orders o ON o.id = c.order_id WHERE o.id IS NULL OR o.status <> 'valid'"),
            .. Described("order {0} names another certificate than the one that was issued for it", "SELECT o.id FROM orders o JOIN certificates c ON c.order_id = o.id WHERE o.certificate_id <> c.id"),
            .. Described("order {0} has no authorization", "SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM order_authorizations a WHERE a.order_id = o.id)"),
            .. Described(
                "order {0} got another serial number than was stored before signing",
                "SELECT c.order_id FROM certificates c JOIN pending_issuances p ON p.order_id = c.order_id WHERE p.serial IS NULL OR p.serial <> c.serial"),
        ]);
    }

    private CheckLine Work()
    {
        var before = (_now - Stuck).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        return new CheckLine(
            "work", $"{Count("SELECT count(*) FROM challenges WHERE status = 'processing'")} validations and {Count("SELECT count(*) FROM pending_issuances WHERE state = 'issuing'")} issuances under way",
            [
                .. Described("the validation of challenge {0} is stuck since an hour or more", $"SELECT id FROM challenges WHERE status = 'processing' AND answered_at < {before}"),
                .. Described("the issuance of order {0} is stuck since an hour or more", $"SELECT order_id FROM pending_issuances WHERE state = 'issuing' AND coalesce(decided_at, requested_at) < {before}"),
                .. Described("order {0} is processing, and nobody works on it", "SELECT o.id FROM orders o LEFT JOIN pending_issuances p ON p.order_id = o.id WHERE o.status = 'processing' AND p.order_id IS NULL"),
            ]);
    }

    private CheckLine Certificates()
    {
        var problems = new List<string>();
        long seen = 0;
        foreach (var (id, serial, notAfter, der) in Rows("SELECT id, serial, not_after, certificate FROM certificates", row => (row.GetString(0), row.GetString(1), row.GetInt64(2), (byte[])row[3])))
        {
            if (++seen % 100_000 == 0)
            {
                _progress($"{seen} certificates");
            }

            if (Wrong(der, serial, notAfter) is { } wrong && problems.Count < MostDescribed)
            {
                problems.Add($"certificate {id}: {wrong}");
            }
        }

        return new CheckLine("certificates", $"{seen} read", problems);
    }

    private static string? Wrong(byte[] der, string serial, long notAfter)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return !certificate.SerialNumber.Equals(serial, StringComparison.OrdinalIgnoreCase) ? $"its serial number is {certificate.SerialNumber.ToLowerInvariant()}, its row says {serial}"
                : new DateTimeOffset(certificate.NotAfter.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000 != notAfter / 1000 ? "it ends at another time than its row says" : null;
        }
        catch (CryptographicException broken)
        {
            return $"it cannot be read: {broken.Message}";
        }
    }

    private CheckLine Audit()
    {
        _progress("the chain of the audit log");
        var verification = new AuditVerification(fromTheBeginning: true);
        foreach (var happened in EventChaining.Stored(_connection))
        {
            verification.Add(happened);
        }

        verification.Finish();
        var given = Count(IsSqlite ? "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'" : "SELECT sequence FROM audit_head");
        return new CheckLine("audit", $"{verification.Rows} events, the last is {verification.Last} with hash {verification.LastHash}",
        [
            .. verification.Findings.Take(MostDescribed).Select(finding => $"{finding.Reason}: {finding.Message}"),
            .. given > verification.Last ? new[] { $"{AuditReasons.LogTruncated}: number {given} was given, and the last event has {verification.Last}" } : [],
        ]);
    }

    private CheckLine Issuers()
    {
        IReadOnlyList<IssuerFolder> folders;
        try
        {
            folders = _issuers();
        }
        catch (IssuerException wrong)
        {
            return new CheckLine("issuers", $"keys and certificates in {Path.GetFullPath(_data)}", [wrong.Message]);
        }

        var keys = folders.ToDictionary(folder => folder.KeyId, folder => folder.Name, StringComparer.Ordinal);
        var problems = folders.Where(folder => folder.Current.NotAfter <= _now).Select(folder => $"the certificate of issuer {folder.Name} has ended").ToList();
        foreach (var keyId in Texts($"SELECT DISTINCT issuer_key_id FROM certificates WHERE not_after > {_now.ToUnixTimeMilliseconds()}").Where(keyId => !keys.ContainsKey(keyId)))
        {
            problems.Add($"certificates in force were signed with the key {keyId}, which is not there: their CRL cannot be signed");
        }

        foreach (var folder in folders)
        {
            folder.Dispose();
        }

        return new CheckLine("issuers", string.Join(", ", keys.Values.Order(StringComparer.Ordinal)), problems);
    }

    private IEnumerable<string> Described(string format, string sql)
    {
        var ids = Texts($"SELECT * FROM ({sql}) AS found LIMIT {MostDescribed + 1}").ToList();
        foreach (var id in ids.Take(MostDescribed))
        {
            yield return string.Format(CultureInfo.InvariantCulture, format, id);
        }

        if (ids.Count > MostDescribed)
        {
            yield return $"and {Count($"SELECT count(*) FROM ({sql}) AS found") - MostDescribed} more like it";
        }
    }

    private IEnumerable<string> Texts(string sql) => Rows(sql, row => row.GetString(0));

    private IEnumerable<T> Rows<T>(string sql, Func<DbDataReader, T> read)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return read(reader);
        }
    }

    private long Count(string sql) => Rows(sql, row => row.IsDBNull(0) ? 0 : row.GetInt64(0)).Single();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
