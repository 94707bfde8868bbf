using Microsoft.Data.Sqlite;

namespace DeviceAcme.EndToEnd.Crashes;

/// <summary>What stands in the database of a server, read beside it.</summary>
internal static class StoredOrders
{
    /// <summary>Certificates of one order, by the last segment of its URL.</summary>
    public static long Certificates(string data, string orderUrl) =>
        Count(data, "SELECT COUNT(*) FROM certificates WHERE order_id = $value", new Uri(orderUrl).Segments[^1]);

    /// <summary>Orders with more than one certificate, valid orders without any, and certificates without a valid order.</summary>
    public static long Contradictions(string data) => Count(data, """
        SELECT (SELECT COUNT(*) FROM (SELECT order_id FROM certificates GROUP BY order_id HAVING COUNT(*) > 1))
             + (SELECT COUNT(*) FROM orders WHERE status = 'valid' AND id NOT IN (SELECT order_id FROM certificates))
             + (SELECT COUNT(*) FROM certificates WHERE order_id NOT IN (SELECT id FROM orders WHERE status = 'valid'))
        """);

    /// <summary>Certificates of orders that waited, with another serial number than was stored before they were signed.</summary>
    public static long UnpromisedSerials(string data) => Count(data, """
        SELECT COUNT(*) FROM certificates c JOIN pending_issuances p ON p.order_id = c.order_id WHERE p.serial IS NULL OR p.serial <> c.serial
        """);

    public static long HighestCrlNumber(string data) => Count(data, "SELECT MAX(number) FROM crls");

    private static long Count(string data, string sql, string? value = null)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(data, "acme.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        if (value is not null)
        {
            command.Parameters.AddWithValue("$value", value);
        }

        return (long)command.ExecuteScalar()!;
    }
}
