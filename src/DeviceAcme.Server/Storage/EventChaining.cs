using System.Data.Common;
using System.Globalization;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Server.Storage;

/// <summary>Finds the end of the chain of events; chains first what was recorded before there was a chain.</summary>
internal static class EventChaining
{
    /// <summary>Rows of one transaction: the start can be stopped between two, and the next one goes on.</summary>
    private const int Step = 5_000;

    /// <summary>Rows between two words about progress.</summary>
    private const int Told = 100_000;

    /// <summary>What an event is made of, in the order in which it is read.</summary>
    private const string Columns = "sequence, at, kind, actor, profile, account_id, order_id, authorization_id, certificate_id, device_id, reason, detail";

    /// <summary>Every event as it stands there, with the hashes that stand beside it; those of rows that were never chained are empty.</summary>
    public static IEnumerable<AuditRecord> Stored(DbConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns}, previous_hash, hash FROM events ORDER BY sequence";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return AuditChain.Record(Event(reader)) with { Previous = Hex(12), Hash = Hex(13) };
        }

        string Hex(int column) => reader.IsDBNull(column) ? "" : Convert.ToHexStringLower((byte[])reader[column]);
    }

    public static ChainEnd Run(SqliteConnection connection, Action<string> progress)
    {
        // rows are chained in their order, so the last one tells whether all are
        if (Scalar(connection, "SELECT hash IS NULL FROM events ORDER BY sequence DESC LIMIT 1") is 1L)
        {
            ChainOld(connection, progress);
        }

        var hash = Scalar(connection, "SELECT hash FROM events ORDER BY sequence DESC LIMIT 1") as byte[] ?? AuditChain.Genesis.ToArray();

        // not the last row's own number: where rows were cut off at the end, the next number leaves the gap open
        var sequence = Scalar(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'events'") as long? ?? 0;
        return new ChainEnd(sequence, hash);
    }

    private static void ChainOld(SqliteConnection connection, Action<string> progress)
    {
        var all = (long)Scalar(connection, "SELECT count(*) FROM events WHERE hash IS NULL")!;
        var last = Scalar(connection, "SELECT max(sequence) FROM events WHERE hash IS NOT NULL") as long? ?? 0;
        var hash = Scalar(connection, $"SELECT hash FROM events WHERE sequence = {last.ToString(CultureInfo.InvariantCulture)}") as byte[] ?? AuditChain.Genesis.ToArray();
        for (long done = 0, told = 0; ;)
        {
            var rows = Read(connection, last);
            if (rows.Count == 0)
            {
                return;
            }

            using var transaction = connection.BeginTransaction(deferred: false);
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "UPDATE events SET previous_hash = $previous, hash = $hash WHERE sequence = $sequence";
            var previous = command.Parameters.Add("$previous", SqliteType.Blob);
            var own = command.Parameters.Add("$hash", SqliteType.Blob);
            var sequence = command.Parameters.Add("$sequence", SqliteType.Integer);
            foreach (var row in rows)
            {
                row.Chain(hash);
                (previous.Value, own.Value, sequence.Value) = (row.Previous, row.Hash, row.Sequence);
                command.ExecuteNonQuery();
                (hash, last) = (row.Hash!, row.Sequence);
            }

            transaction.Commit();
            done += rows.Count;
            if (done - told >= Told || done == all)
            {
                progress(string.Create(CultureInfo.InvariantCulture, $"chaining the audit log: {done} of {all} events"));
                told = done;
            }
        }
    }

    private static List<AuditEvent> Read(SqliteConnection connection, long behind)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM events WHERE sequence > $behind ORDER BY sequence LIMIT $count";
        command.Parameters.AddWithValue("$behind", behind);
        command.Parameters.AddWithValue("$count", Step);
        using var reader = command.ExecuteReader();
        var rows = new List<AuditEvent>();
        while (reader.Read())
        {
            rows.Add(Event(reader));
        }

        return rows;
    }

    private static AuditEvent Event(DbDataReader reader)
    {
        var row = new AuditEvent
        {
            At = DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)),
            Kind = reader.GetString(2),
            Actor = Text(3),
            Profile = Text(4),
            Account = Text(5) is { } account ? new AccountId(account) : null,
            Order = Text(6) is { } order ? new OrderId(order) : null,
            Authorization = Text(7) is { } authorization ? new AuthorizationId(authorization) : null,
            Certificate = Text(8) is { } certificate ? new CertificateId(certificate) : null,
            Device = Text(9) is { } device ? new DeviceId(device) : null,
            Reason = Text(10),
            Detail = Text(11),
        };
        row.Number(reader.GetInt64(0));
        return row;

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
