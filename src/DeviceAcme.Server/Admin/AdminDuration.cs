using System.Globalization;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Admin;

/// <summary>How long something is good for, as administrators write it: <c>45m</c>, <c>12h</c>, <c>30d</c>.</summary>
internal static class AdminDuration
{
    public static TimeSpan Parse(string member, string text, TimeSpan longest)
    {
        var unit = text.Length < 2 ? null : text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => (TimeSpan?)null,
        };
        var isNumber = int.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        return unit is { } one && isNumber && count > 0 && count <= longest / one
            ? one * count
            : throw Problems.Malformed("duration-malformed", $"{member}: expected a time such as 45m, 12h or 30d, at most {longest.Days}d; found '{text}'");
    }
}
