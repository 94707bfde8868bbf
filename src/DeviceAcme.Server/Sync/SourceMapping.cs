using System.Text;
using System.Text.Json;
using DeviceAcme.Core.Devices;

namespace DeviceAcme.Server.Sync;

/// <summary>One device as an inventory of somebody else has it.</summary>
/// <param name="State">What its settings make of the state there; null says nothing.</param>
internal sealed record SourceDevice(IReadOnlyList<DeviceKey> Keys, DeviceDescription Description, DeviceState? State);

/// <summary>Which values of an entry become what in the ledger. What is mapped is the source's alone: where an entry is silent, it is taken away.</summary>
internal sealed record SourceMapping
{
    private const int LongestGroup = 63;

    public required IReadOnlyDictionary<string, JsonPath> Identifiers { get; init; }
    public JsonPath? Label { get; init; }
    public JsonPath? Owner { get; init; }
    public JsonPath? Groups { get; init; }

    /// <summary>Groups that every device of the source is in.</summary>
    public IReadOnlyList<string> AlwaysIn { get; init; } = [];

    public IReadOnlyDictionary<string, JsonPath> Attributes { get; init; } = new Dictionary<string, JsonPath>();
    public JsonPath? State { get; init; }
    public IReadOnlyDictionary<string, DeviceState> States { get; init; } = new Dictionary<string, DeviceState>();

    public SourceDevice Read(JsonElement entry) => new(
        [.. Identifiers.SelectMany(kind => Texts(kind.Value, entry).Distinct().Select(value => new DeviceKey(kind.Key, value)))],
        new DeviceDescription
        {
            Label = Label is null ? null : One(Label, entry),
            Owner = Owner is null ? null : One(Owner, entry),
            Groups = Groups is null && AlwaysIn.Count == 0 ? null
                : [.. AlwaysIn.Concat(Groups is null ? [] : Texts(Groups, entry).Select(GroupName).Where(name => name.Length > 0)).Distinct(StringComparer.Ordinal)],
            Attributes = Attributes.Count == 0 ? null : Attributes.ToDictionary(attribute => attribute.Key, attribute => One(attribute.Value, entry)),
        },
        State is not null && States.TryGetValue(One(State, entry), out var state) ? state : null);

    /// <summary>The name of a group as the ledger has it: "Marketing (Berlin)" is <c>marketing-berlin</c>.</summary>
    internal static string GroupName(string text)
    {
        var name = new StringBuilder();
        foreach (var letter in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                name.Append(letter);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return name.ToString()[..Math.Min(name.Length, LongestGroup)].Trim('-');
    }

    // of several values the first counts; none takes away
    private static string One(JsonPath path, JsonElement entry) => Texts(path, entry).FirstOrDefault() ?? "";

    private static IEnumerable<string> Texts(JsonPath path, JsonElement entry) => path.Of(entry)
        .SelectMany(value => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : Enumerable.Repeat(value, 1))
        .Select(value => value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!.Trim(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => "",
        })
        .Where(text => text.Length > 0);
}
