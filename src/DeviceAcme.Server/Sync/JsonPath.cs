using System.Globalization;
using System.Text.Json;

namespace DeviceAcme.Server.Sync;

/// <summary>Where a value stands in JSON: member names with dots between them, <c>[0]</c> for an item of a list, <c>[*]</c> for all of them.</summary>
internal sealed class JsonPath
{
    private const int MostSteps = 16;
    private const int Every = -1;

    private readonly IReadOnlyList<(string? Member, int Index)> _steps;

    private JsonPath(string text, IReadOnlyList<(string? Member, int Index)> steps) => (Text, _steps) = (text, steps);

    public string Text { get; }

    /// <summary>Reads a path; null with what is wrong.</summary>
    public static JsonPath? Parse(string text, out string error)
    {
        var steps = new List<(string?, int)>();
        foreach (var part in text.Split('.'))
        {
            var open = part.IndexOf('[', StringComparison.Ordinal);
            var name = open < 0 ? part : part[..open];
            if (name.Length > 0)
            {
                steps.Add((name, 0));
            }
            else if (open != 0)
            {
                error = $"'{text}' must have a name between its dots";
                return null;
            }

            for (var rest = open < 0 ? "" : part[open..]; rest.Length > 0;)
            {
                var close = rest.IndexOf(']', StringComparison.Ordinal);
                var inner = close < 0 ? "" : rest[1..close];
                if (rest[0] != '[' || !(inner == "*" || int.TryParse(inner, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
                {
                    error = $"'{text}' must have a number or * in its brackets: name[0], name[*]";
                    return null;
                }

                steps.Add((null, inner == "*" ? Every : int.Parse(inner, CultureInfo.InvariantCulture)));
                rest = rest[(close + 1)..];
            }
        }

        error = steps.Count > MostSteps ? $"'{text}' must have at most {MostSteps} steps" : "";
        return error.Length > 0 ? null : new JsonPath(text, steps);
    }

    /// <summary>The values at this place; none where it is not there.</summary>
    public IEnumerable<JsonElement> Of(JsonElement root) => _steps.Aggregate<(string? Member, int Index), IEnumerable<JsonElement>>([root], (values, step) => values.SelectMany(value => Step(value, step)));

    private static IEnumerable<JsonElement> Step(JsonElement value, (string? Member, int Index) step)
    {
        if (step.Member is { } member)
        {
            return value.ValueKind == JsonValueKind.Object && value.TryGetProperty(member, out var found) ? [found] : [];
        }

        return value.ValueKind != JsonValueKind.Array ? [] : step.Index == Every ? value.EnumerateArray() : value.EnumerateArray().Skip(step.Index).Take(1);
    }
}
