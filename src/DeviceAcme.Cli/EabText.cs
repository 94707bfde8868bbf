using System.Globalization;
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
        return TextTable.Of(rows);
    }

    private static string? Time(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
