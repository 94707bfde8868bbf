using Microsoft.Data.Sqlite;

namespace DeviceAcme.Bench.Floors;

/// <summary>Three durable commits, with prepared statements and the pragmas that durability rests on; the disk is the server's.</summary>
internal sealed class CommitFloor : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteParameter _id;
    private readonly SqliteParameter _body;
    private long _next;

    public CommitFloor(string folder)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "floor.db"), Pooling = false }.ToString());
        _connection.Open();
        using var setup = _connection.CreateCommand();
        setup.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows (id TEXT NOT NULL PRIMARY KEY, body BLOB NOT NULL) STRICT;";
        setup.ExecuteNonQuery();
        _insert = _connection.CreateCommand();
        _insert.CommandText = "INSERT INTO rows (id, body) VALUES ($id, $body)";
        _id = _insert.Parameters.Add("$id", SqliteType.Text);
        _body = _insert.Parameters.Add("$body", SqliteType.Blob);
        _insert.Prepare();
    }

    /// <summary>The commits of one enrollment by name, with the sizes of the rows that they write.</summary>
    /// <param name="evidence">Octets of evidence and verdict that are kept; 0 for a classic enrollment.</param>
    public IReadOnlyList<Operation> Of(int evidence) =>
    [
        Commit("newOrder: order, link, authorization, challenge, event", [350, 100, 300, 200, 200]),
        evidence > 0
            ? Commit("validation: evidence, device, challenge, authorization, order, event", [evidence, 150, 200, 300, 350, 200])
            : Commit("validation: challenge, authorization, order, event", [200, 300, 350, 200]),
        Commit("finalize: certificate, order, event", [1000, 350, 200]),
    ];

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }

    private Operation Commit(string name, int[] rows)
    {
        var bodies = rows.Select(size => new byte[size]).ToArray();
        return new Operation($"durable commit, {name}", 1, () => Write(bodies));
    }

    private void Write(byte[][] bodies)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        _insert.Transaction = transaction;
        foreach (var body in bodies)
        {
            _id.Value = $"row-{_next++:00000000000}";
            _body.Value = body;
            _insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }
}
