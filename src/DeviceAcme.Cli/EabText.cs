using System.Globalization;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>How keys are printed, for people and for machines.</summary>
internal static class EabText
{
    public static string Json(ExternalAccountKeyEntry key) => JsonSerializer.Serialize(key, AdminJson.Default.ExternalAccountKeyEntry);

    public static string Json(ExternalAccountKeyList keys) => JsonSerializer.Serialize(keys, AdminJson.Default.ExternalAccountKeyList);

    public static string One(ExternalAccountKeyEntry key) => string.Join(Environment.NewLine,
    [
        $"key id   {key.KeyId}",
        $"mac key  {key.MacKey}",
        $"profile  {key.Profile ?? "all"}",
        $"expires  {Time(key.ExpiresAt) ?? "never"}",
    ]);

    public static string Table(ExternalAccountKeyList keys)
    {
        string[][] rows =
        [
            ["KEY ID", "PROFILE", "CREATED", "EXPIRES", "ACCOUNT"],
            .. keys.Keys.Select(key => new[] { key.KeyId, key.Profile ?? "all", Time(key.CreatedAt)!, Time(key.ExpiresAt) ?? "never", key.AccountId ?? "none yet" }),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.AppendLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }

        return text.ToString();
    }

    private static string? Time(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
