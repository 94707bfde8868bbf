using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Bench.Stores;

/// <summary>
/// Fills the database of a server that does not run: every device with an account, an order, its authorization and challenge, two pieces of evidence, a
/// certificate, sightings and events. Each row is that of a real enrollment with other ids, names and times, so that rows are as large as the server
/// writes them and ids lie as its own do; the events are chained.
/// </summary>
internal sealed class StoreFill : IDisposable
{
    /// <summary>The enrollments lie this far back, evenly: evidence is kept longer than that.</summary>
    private static readonly TimeSpan Past = TimeSpan.FromDays(300);

    /// <summary>Most lines of the CRL, one of twenty certificates; the newest ones, which are still good.</summary>
    private const int MostRevoked = 50_000;

    /// <summary>Rows between two words about progress.</summary>
    private const int Told = 1_000_000;

    private readonly SqliteConnection _connection;
    private readonly int _count;
    private readonly string _serial;
    private readonly DateTimeOffset _filled;
    private readonly long _now;
    private readonly Action<string> _say;

    /// <param name="serial">The device whose enrollment is the pattern.</param>
    public StoreFill(string database, string serial, int count, DateTimeOffset now, Action<string> say)
    {
        (_serial, _count, _filled, _now, _say) = (serial, count, now, now.ToUnixTimeMilliseconds(), say);
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        _connection.Open();
        _connection.CreateFunction<string, long, string>("made", Made, isDeterministic: true);
        _connection.CreateFunction<string, long, string>("mixed", Mixed, isDeterministic: true);
        _connection.CreateFunction<long, string>("serial_of", CertificateOf, isDeterministic: true);
        _connection.CreateFunction<string, long, byte[]>("hashed", Hash, isDeterministic: true);

        // what is lost when the machine fails now is made again: no durability is measured here
        Execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-1500000; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=OFF; PRAGMA foreign_keys=OFF;");
    }

    /// <summary>The serial number of a device that was filled in.</summary>
    public static string SerialOf(long number) => $"C02F{number.ToString("00000000", CultureInfo.InvariantCulture)}";

    /// <summary>The id of one of its rows, as the server makes them.</summary>
    public static string Id(string kind, long number, int count, DateTimeOffset now) => Secrets.Id(DateTimeOffset.FromUnixTimeMilliseconds(TimeOf(number, count, now)), Hash(kind, number).AsSpan(0, 11));

    /// <summary>The serial number of its certificate.</summary>
    public static string CertificateOf(long number)
    {
        // as the server makes them: neither a sign bit nor leading zeros
        var serial = Hash("serial", number).AsSpan(0, 16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return Convert.ToHexStringLower(serial);
    }

    /// <summary>When the enrollment of this number was, in Unix milliseconds.</summary>
    public static long TimeOf(long number, int count, DateTimeOffset now) => now.ToUnixTimeMilliseconds() - ((count - number) * ((long)Past.TotalMilliseconds / count)) - 3_600_000;

    /// <summary>How many lines the CRL has.</summary>
    public static int RevokedOf(int count) => Math.Min(MostRevoked, count / 20);

    public void Run()
    {
        Execute($"CREATE TEMP TABLE pattern AS SELECT device_id AS device, (SELECT order_id FROM certificates c WHERE c.device_id = i.device_id) AS ordered FROM device_identifiers i WHERE value = '{_serial}'");
        var at = $"({_now} - ({_count} - i) * {(long)Past.TotalMilliseconds / _count} - 3600000)";
        Insert("accounts", "id = (SELECT account_id FROM orders, pattern WHERE orders.id = ordered)", ("id", "made('account', i)"), ("thumbprint", "mixed('thumb', i)"), ("created_at", at));
        Insert("devices", "id = (SELECT device FROM pattern)", ("id", "made('device', i)"), ("identifier_value", Serial("i")), ("created_at", at), ("state_since", at), ("last_seen_at", at));
        Insert("device_identifiers", $"value = '{_serial}'", ("value", Serial("i")), ("device_id", "made('device', i)"));
        Insert("orders", "id = (SELECT ordered FROM pattern)", ("id", "made('order', i)"), ("account_id", "made('account', i)"), ("identifiers", Renamed("identifiers")), ("expires", $"{at} + expires - created_at"),
            ("created_at", at), ("certificate_id", "made('certificate', i)"));
        Insert("order_authorizations", "order_id = (SELECT ordered FROM pattern)", ("order_id", "made('order', i)"), ("authorization_id", "made('authorization', i)"));

        // facts are forgotten with the authorization's end
        Insert("authorizations", "id = (SELECT authorization_id FROM order_authorizations, pattern WHERE order_id = ordered)", ("id", "made('authorization', i)"), ("account_id", "made('account', i)"), ("identifier_value", Serial("i")),
            ("expires", $"{at} + expires - created_at"), ("created_at", at), ("evidence_id", "made('evidence', i)"), ("device_id", "made('device', i)"),
            ("facts", $"CASE WHEN {at} + expires - created_at > {_now} THEN {Renamed("facts")} END"));
        Insert("challenges", "authorization_id = (SELECT authorization_id FROM order_authorizations, pattern WHERE order_id = ordered)", ("id", "made('challenge', i)"), ("authorization_id", "made('authorization', i)"),
            ("token", "mixed('token', i)"), ("validated_at", at), ("answered_at", $"CASE WHEN answered_at IS NULL THEN NULL ELSE {at} END"));
        Insert("evidence", "kind = 'challenge' AND device_id = (SELECT device FROM pattern)", ("id", "made('evidence', i)"), ("at", at), ("identifier_value", Serial("i")), ("account_id", "made('account', i)"),
            ("authorization_id", "made('authorization', i)"), ("challenge_id", "made('challenge', i)"), ("device_id", "made('device', i)"), ("verdict", Renamed("verdict")));
        Insert("evidence", "kind = 'finalize' AND order_id = (SELECT ordered FROM pattern)", ("id", "made('finalize', i)"), ("at", at), ("identifier_value", Serial("i")), ("account_id", "made('account', i)"),
            ("order_id", "made('order', i)"), ("device_id", "made('device', i)"), ("verdict", Renamed("verdict")));
        Insert("certificates", "order_id = (SELECT ordered FROM pattern)", ("id", "made('certificate', i)"), ("order_id", "made('order', i)"), ("account_id", "made('account', i)"), ("device_id", "made('device', i)"),
            ("serial", "serial_of(i)"), ("not_before", at), ("not_after", $"{at} + not_after - created_at"), ("created_at", at),
            ("revoked_at", $"CASE WHEN i > {_count - RevokedOf(_count)} THEN {at} + 60000 END"), ("revocation_reason", $"CASE WHEN i > {_count - RevokedOf(_count)} THEN 1 END"));
        Insert("sightings", "evidence_id = (SELECT id FROM evidence, pattern WHERE kind = 'challenge' AND device_id = device)", ("subject", "hashed('subject' || kind, i)"), ("partner", "hashed('partner' || kind, i)"),
            ("first_seen_at", at), ("last_seen_at", at), ("evidence_id", "made('evidence', i)"));
        Execute("BEGIN IMMEDIATE");
        Events();
        Execute("COMMIT; DROP TABLE temp.pattern; PRAGMA wal_checkpoint(TRUNCATE);");
    }

    public void Dispose() => _connection.Dispose();

    private string Made(string kind, long number) => Id(kind, number, _count, _filled);

    private static string Mixed(string kind, long number) => Base64Url.EncodeToString(Hash(kind, number));

    private static byte[] Hash(string kind, long number) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind} {number}")));

    private string Serial(string number) => $"'C02F' || printf('%08d', {number})";

    private string Renamed(string column) => $"replace({column}, '{_serial}', {Serial("i")})";

    private void Insert(string table, string pattern, params (string Column, string Value)[] changes)
    {
        _say($"filling {table}");
        var columns = Strings($"SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
        var values = columns.Select(column => changes.FirstOrDefault(change => change.Column == column).Value ?? column);

        // a copy of the pattern: whoever reads and fills one table at once keeps all new rows aside first
        Execute($"""
            CREATE TEMP TABLE copied AS SELECT * FROM {table} WHERE {pattern};
            WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {_count})
            INSERT INTO {table} ({string.Join(", ", columns)})
            SELECT {string.Join(", ", values)} FROM numbers CROSS JOIN temp.copied;
            DROP TABLE temp.copied;
            """);
    }

    /// <summary>What happened to the device of the pattern, for each of the others, behind what is there.</summary>
    private void Events()
    {
        var pattern = Patterns();
        var hash = (byte[])Scalar("SELECT hash FROM events ORDER BY sequence DESC LIMIT 1");
        var sequence = (long)Scalar("SELECT max(sequence) FROM events");
        using var insert = _connection.CreateCommand();
        insert.CommandText = """
            INSERT INTO events (sequence, at, kind, profile, account_id, order_id, authorization_id, certificate_id, device_id, detail, previous_hash, hash)
            VALUES ($sequence, $at, $kind, $profile, $account, $order, $authorization, $certificate, $device, $detail, $previous, $hash)
            """;
        var parameters = "sequence at kind profile account order authorization certificate device detail previous hash".Split(' ').Select(name => insert.Parameters.Add("$" + name, SqliteType.Text)).ToArray();
        parameters[0].SqliteType = parameters[1].SqliteType = SqliteType.Integer;
        parameters[10].SqliteType = parameters[11].SqliteType = SqliteType.Blob;
        insert.Prepare();
        for (var number = 1L; number <= _count; number++)
        {
            var at = DateTimeOffset.FromUnixTimeMilliseconds(TimeOf(number, _count, _filled));
            var (account, order, authorization) = (new AccountId(Made("account", number)), new OrderId(Made("order", number)), new AuthorizationId(Made("authorization", number)));
            var (certificate, device) = (new CertificateId(Made("certificate", number)), new DeviceId(Made("device", number)));
            foreach (var one in pattern)
            {
                var happened = new AuditEvent
                {
                    At = at,
                    Kind = one.Kind,
                    Profile = one.Profile,
                    Account = one.Account ? account : null,
                    Order = one.Order ? order : null,
                    Authorization = one.Authorization ? authorization : null,
                    Certificate = one.Certificate ? certificate : null,
                    Device = one.Device ? device : null,
                    Detail = one.Detail?.Replace(_serial, SerialOf(number), StringComparison.Ordinal),
                };
                happened.Number(++sequence);
                happened.Chain(hash);
                hash = happened.Hash!;
                object?[] values =
                [
                    sequence, happened.At.ToUnixTimeMilliseconds(), happened.Kind, happened.Profile, happened.Account?.Value, happened.Order?.Value, happened.Authorization?.Value, happened.Certificate?.Value,
                    happened.Device?.Value, happened.Detail, happened.Previous, hash,
                ];
                for (var i = 0; i < values.Length; i++)
                {
                    parameters[i].Value = values[i] ?? DBNull.Value;
                }

                insert.ExecuteNonQuery();
                if (sequence % Told == 0)
                {
                    _say($"filling events: {sequence}");
                }
            }
        }
    }

    private List<PatternEvent> Patterns()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = """
            SELECT kind, profile, account_id IS NOT NULL, order_id IS NOT NULL, authorization_id IS NOT NULL, certificate_id IS NOT NULL, device_id IS NOT NULL, detail FROM events, pattern
            WHERE order_id = ordered OR device_id = device OR authorization_id = (SELECT authorization_id FROM order_authorizations WHERE order_id = ordered) ORDER BY sequence
            """;
        using var reader = command.ExecuteReader();
        var found = new List<PatternEvent>();
        while (reader.Read())
        {
            found.Add(new PatternEvent(
                reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetBoolean(2), reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5), reader.GetBoolean(6),
                reader.IsDBNull(7) ? null : reader.GetString(7)));
        }

        return found.Count > 0 ? found : throw new BenchFailure($"the store has no events of {_serial}");
    }

    private List<string> Strings(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read())
        {
            found.Add(reader.GetString(0));
        }

        return found;
    }

    private object Scalar(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() ?? throw new BenchFailure($"the store has nothing for: {sql}");
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed record PatternEvent(string Kind, string? Profile, bool Account, bool Order, bool Authorization, bool Certificate, bool Device, string? Detail);
}
