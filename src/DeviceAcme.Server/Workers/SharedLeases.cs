using System.Security.Cryptography;
using DeviceAcme.Server.Storage;
using Npgsql;

namespace DeviceAcme.Server.Workers;

/// <summary>
/// Leases in the database, by its clock alone. They keep two nodes from doing the same work at once; what comes of the work is guarded by the
/// commit that stores it, as it was before there were several nodes.
/// </summary>
internal sealed class SharedLeases(PostgresDatabase database) : ILeases
{
    private const int Attempts = 4;

    // a name that another node has just taken is not returned; those that are locked by a statement that goes on are passed by
    private const string TakeSql = """
        WITH free AS (
            SELECT wanted.name FROM unnest($1) WITH ORDINALITY AS wanted(name, place)
            WHERE NOT EXISTS (SELECT 1 FROM leases WHERE leases.name = wanted.name AND leases.node <> $2 AND leases.ends >= clock_timestamp())
            ORDER BY wanted.place LIMIT $3)
        INSERT INTO leases (name, node, ends) SELECT free.name, $2, clock_timestamp() + $4 FROM free ORDER BY free.name COLLATE "C"
        ON CONFLICT (name) DO UPDATE SET node = excluded.node, ends = excluded.ends WHERE leases.node = excluded.node OR leases.ends < clock_timestamp()
        RETURNING name
        """;

    /// <summary>New for each start: what an earlier process of this node had is free when its time is over.</summary>
    private readonly string _node = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public async Task<IReadOnlySet<string>> Take(IReadOnlyCollection<string> names, int most, TimeSpan time, CancellationToken cancellation)
    {
        if (names.Count == 0 || most <= 0)
        {
            return new HashSet<string>();
        }

        return await Outages.Retry(Attempts, async () =>
        {
            await using var connection = database.Make();
            await connection.OpenAsync(cancellation);
            await using var command = new NpgsqlCommand(TakeSql, connection);
            command.Parameters.Add(new() { Value = names.ToArray() });
            command.Parameters.Add(new() { Value = _node });
            command.Parameters.Add(new() { Value = most });
            command.Parameters.Add(new() { Value = time });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            var taken = new HashSet<string>(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellation))
            {
                taken.Add(reader.GetString(0));
            }

            return taken;
        });
    }

    public Task Release(string name) => Outages.Retry(Attempts, async () =>
    {
        await using var connection = database.Make();
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("DELETE FROM leases WHERE name = $1 AND node = $2", connection);
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = _node });
        return await command.ExecuteNonQueryAsync();
    });

    /// <summary>Forgets leases that ended long ago: work of nodes that died, done by others since.</summary>
    public async Task Clean(CancellationToken cancellation)
    {
        await using var connection = database.Make();
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand("DELETE FROM leases WHERE ends < clock_timestamp() - interval '1 day'", connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
