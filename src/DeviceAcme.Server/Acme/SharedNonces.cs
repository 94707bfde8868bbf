using System.Buffers.Binary;
using System.Security.Cryptography;
using DeviceAcme.Server.Storage;
using Npgsql;

namespace DeviceAcme.Server.Acme;

/// <summary>
/// Nonces that are good on every node and can be spent once on all of them. The key stands in the database, and so does what was spent. Both tables
/// are unlogged, because a nonce is not worth a sync of the disk: a crash of the database empties them together, and then no nonce of before is
/// good, spent or not. A client heals that by one retry.
/// </summary>
internal sealed class SharedNonces : INonces
{
    /// <summary>How far clocks of nodes may be apart.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>How often a nonce of an unknown issuer may have the key read again: anybody can make up such nonces.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const int Attempts = 4;

    // one statement: whether the nonce was spent now, and the key that the database has
    private const string SpendSql = """
        WITH known AS (SELECT name FROM nonce_keys WHERE id = 1),
            spent AS (INSERT INTO spent_nonces (nonce, ends) SELECT $1, $2 FROM known WHERE name = $3 ON CONFLICT DO NOTHING RETURNING 1)
        SELECT (SELECT count(*) FROM spent), (SELECT name FROM known)
        """;

    private readonly PostgresDatabase _database;
    private readonly TimeProvider _time;
    private volatile Key _key;
    private long _readAt;

    /// <param name="database">With its schema.</param>
    public SharedNonces(PostgresDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;

        // at start, before anything listens: nobody waits for this but the start itself
        _key = ReadKey().GetAwaiter().GetResult();
    }

    public string Issue(DateTimeOffset now)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(number);
        var key = _key;
        return SealedNonce.Write(key.Name, key.Secret, now, BinaryPrimitives.ReadInt64BigEndian(number));
    }

    public async ValueTask<bool> Spend(string nonce, DateTimeOffset now)
    {
        if (!SealedNonce.TryRead(nonce, _key.Secret, out var issued, out var number))
        {
            // of another key: the database may have a new one that another node has seen first
            if (_time.GetElapsedTime(Interlocked.Read(ref _readAt)) < Pause)
            {
                return false;
            }

            await Refresh();
            if (!SealedNonce.TryRead(nonce, _key.Secret, out issued, out number))
            {
                return false;
            }
        }

        if (now - issued >= SealedNonce.Lifetime || issued - now > Skew)
        {
            return false;
        }

        var key = _key;
        var (spent, name) = await Outages.Retry(Attempts, () => Spend(key, issued, number));
        if (name is null || !name.AsSpan().SequenceEqual(key.Name))
        {
            // the answer's nonce must be good
            await Refresh();
            return false;
        }

        return spent;
    }

    /// <summary>Forgets what nobody could use any more.</summary>
    public async Task Clean(DateTimeOffset now, CancellationToken cancellation)
    {
        await using var connection = _database.Make();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand("DELETE FROM spent_nonces WHERE ends < $1", connection);
        command.Parameters.Add(new() { Value = now.ToUnixTimeMilliseconds() });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Reads the key that the database has, and makes one where it has lost it.</summary>
    public async Task Refresh() => _key = await Outages.Retry(Attempts, ReadKey);

    private async Task<(bool Spent, byte[]? Name)> Spend(Key key, DateTimeOffset issued, long number)
    {
        var nonce = new byte[sizeof(uint) + sizeof(long)];
        BinaryPrimitives.WriteUInt32BigEndian(nonce, (uint)issued.ToUnixTimeSeconds());
        BinaryPrimitives.WriteInt64BigEndian(nonce.AsSpan(sizeof(uint)), number);
        await using var connection = _database.Make();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(SpendSql, connection);
        command.Parameters.Add(new() { Value = nonce });

        // twice its time: a node whose clock is ahead must not forget it while another one takes it
        command.Parameters.Add(new() { Value = (issued + (2 * SealedNonce.Lifetime)).ToUnixTimeMilliseconds() });
        command.Parameters.Add(new() { Value = key.Name });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0) == 1, await reader.IsDBNullAsync(1) ? null : reader.GetFieldValue<byte[]>(1));
    }

    private async Task<Key> ReadKey()
    {
        await using var connection = _database.Make();
        await connection.OpenAsync();
        await using (var make = new NpgsqlCommand("INSERT INTO nonce_keys (id, name, key) VALUES (1, $1, $2) ON CONFLICT DO NOTHING", connection))
        {
            make.Parameters.Add(new() { Value = RandomNumberGenerator.GetBytes(SealedNonce.IssuerBytes) });
            make.Parameters.Add(new() { Value = RandomNumberGenerator.GetBytes(SealedNonce.KeyBytes) });
            await make.ExecuteNonQueryAsync();
        }

        await using var read = new NpgsqlCommand("SELECT name, key FROM nonce_keys WHERE id = 1", connection);
        await using var reader = await read.ExecuteReaderAsync();
        if (!await reader.ReadAsync())
        {
            throw new InvalidOperationException("the key of the nonces is gone from the database right after it was made");
        }

        Interlocked.Exchange(ref _readAt, _time.GetTimestamp());
        return new Key(reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<byte[]>(1));
    }

    private sealed record Key(byte[] Name, byte[] Secret);
}
