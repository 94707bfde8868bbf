using System.Globalization;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Admin;

/// <summary>The parameters of a request to the admin listener: each known, given once, and not longer than it needs to be.</summary>
internal sealed class AdminQuery
{
    /// <summary>The parameters of every list.</summary>
    public static readonly IReadOnlyList<string> OfPage = ["limit", "cursor"];

    private const int LongestValue = 256;

    private readonly IQueryCollection _values;

    public AdminQuery(HttpRequest request, params IReadOnlyCollection<string> known)
    {
        _values = request.Query;
        foreach (var (name, values) in _values)
        {
            if (!known.Contains(name))
            {
                throw Problems.Malformed("parameter-unknown", known.Count == 0
                    ? "query: no parameters were expected here"
                    : $"query: '{Shown(name)}' is not a parameter of this resource; {NearestName.Hint(Shown(name), known)}");
            }

            if (values.Count != 1 || values[0] is not { Length: > 0 and <= LongestValue } value || value.Contains('\0', StringComparison.Ordinal))
            {
                throw Problems.Malformed("parameter-malformed", $"{name}: expected one value of at most {LongestValue} characters, without U+0000");
            }
        }
    }

    public string? Text(string name) => _values.TryGetValue(name, out var values) ? values[0] : null;

    public string? OneOf(string name, IReadOnlyCollection<string> choices) => Text(name) is not { } text || choices.Contains(text)
        ? Text(name)
        : throw Problems.Malformed("parameter-malformed", $"{name}: expected one of {string.Join(", ", choices)}; found '{Shown(text)}'");

    public bool? Flag(string name) => OneOf(name, ["true", "false"]) is { } text ? text == "true" : null;

    public int Number(string name, int usual, int largest) => Text(name) is not { } text ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= largest ? number
        : throw Problems.Malformed("parameter-malformed", $"{name}: expected a number from 1 to {largest}; found '{Shown(text)}'");

    /// <summary>Which page of a list is asked for (<see cref="OfPage"/>).</summary>
    public Page Page() => new(Number("limit", Storage.Page.UsualLimit, Storage.Page.LargestLimit), Text("cursor") is { } cursor ? Place.Parse(cursor) : null);

    /// <summary>A time as in RFC 3339, or how long ago it was: <c>36h</c>, <c>7d</c>.</summary>
    public DateTimeOffset? Time(string name, DateTimeOffset now)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (Rfc3339.TryParse(text, out var time))
        {
            return time;
        }

        return Ago(text) is { } ago && ago < now - DateTimeOffset.MinValue
            ? now - ago
            : throw Problems.Malformed("parameter-malformed", $"{name}: expected a time such as 2026-01-31T12:00:00Z, or how long ago: 45m, 36h, 7d; found '{Shown(text)}'");
    }

    /// <summary>A time as in RFC 3339, or how long it is until then: <c>36h</c>, <c>7d</c>.</summary>
    public DateTimeOffset? Within(string name, DateTimeOffset now)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (Rfc3339.TryParse(text, out var time))
        {
            return time;
        }

        return Ago(text) is { } span && span < DateTimeOffset.MaxValue - now
            ? now + span
            : throw Problems.Malformed("parameter-malformed", $"{name}: expected a time such as 2026-01-31T12:00:00Z, or how long until then: 36h, 7d; found '{Shown(text)}'");
    }

    private static TimeSpan? Ago(string text)
    {
        TimeSpan? unit = text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'y' => TimeSpan.FromDays(365),
            _ => null,
        };
        return unit is { } one && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= TimeSpan.MaxValue / one
            ? one * count
            : null;
    }

    private static string Shown(string text) =>
        string.Concat(text.Take(60).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '\uFFFD' : letter)) + (text.Length > 60 ? "…" : "");
}
