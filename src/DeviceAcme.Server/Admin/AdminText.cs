using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Admin;

/// <summary>What people write into a request: a line that fits into a problem document and a log.</summary>
internal static class AdminText
{
    public const int Longest = 500;

    public static string Required(string field, string? text)
    {
        var trimmed = text?.Trim() ?? "";
        return trimmed.Length is > 0 and <= Longest && !trimmed.Any(char.IsControl)
            ? trimmed
            : throw Problems.Malformed("text-malformed", $"{field}: expected one line of 1 to {Longest} characters");
    }

    /// <summary>Null where nothing was written.</summary>
    public static string? Optional(string field, string? text) => string.IsNullOrWhiteSpace(text) ? null : Required(field, text);
}
