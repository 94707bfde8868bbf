using System.Globalization;
using System.Text;
using System.Text.Json;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Webhooks;

/// <summary>What a webhook answered: allow or refuse, a reason for people, and attributes that become facts.</summary>
internal sealed record WebhookAnswer(bool Allowed, string? Reason, IReadOnlyDictionary<string, FactValue> Attributes)
{
    /// <summary>Largest answer that is read.</summary>
    public const int MaxBytes = 16 * 1024;

    public const int MostAttributes = 32;
    public const int LongestKey = 63;
    public const int LongestValue = 255;
    public const int LongestReason = 300;

    private static readonly string[] Members = ["decision", "reason", "attributes"];

    /// <summary>Reads an answer.</summary>
    /// <exception cref="ProblemException">It is no answer; the detail says what is wrong with it.</exception>
    public static WebhookAnswer Parse(ReadOnlySpan<byte> body)
    {
        var answer = JsonFields.Of(StrictJson.ParseObject(body, "answer", MaxBytes));
        if (answer.Element.EnumerateObject().FirstOrDefault(member => !Members.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
        {
            // a misspelt attribute would else be no attribute, silently
            throw Invalid($"{Clean(unknown.Name, 40)}: expected only {string.Join(", ", Members)}");
        }

        var allowed = answer.RequiredString("decision") switch
        {
            "allow" => true,
            "refuse" => false,
            var other => throw Invalid($"decision: expected allow or refuse, found '{Clean(other, 40)}'"),
        };
        var reason = answer.OptionalString("reason", MaxBytes) is { } text ? Clean(text, LongestReason) : null;
        var attributes = new Dictionary<string, FactValue>(StringComparer.Ordinal);
        if (answer.Optional("attributes") is { } given)
        {
            foreach (var member in JsonFields.Of(given, "attributes").Element.EnumerateObject())
            {
                attributes.Add(Key(member.Name), Value(member));
            }
        }

        return attributes.Count <= MostAttributes
            ? new WebhookAnswer(allowed, reason is { Length: > 0 } ? reason : null, attributes)
            : throw Invalid($"attributes: expected at most {MostAttributes}, found {attributes.Count}");
    }

    /// <summary>Text of somebody else on one line, without what could make it look like something else than text, cut to a length.</summary>
    public static string Clean(string text, int longest)
    {
        var clean = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            var plain = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate);
            if (!plain || category == UnicodeCategory.SpaceSeparator)
            {
                _ = clean.Length == 0 || clean[^1] == ' ' ? clean : clean.Append(' ');
            }
            else if (clean.Length + rune.Utf16SequenceLength > longest)
            {
                return clean.ToString().TrimEnd() + "…";
            }
            else
            {
                clean.Append(rune.ToString());
            }
        }

        return clean.ToString().TrimEnd();
    }

    private static string Key(string name) => name.Length <= LongestKey && DeviceDescription.IsName(name)
        ? name
        : throw Invalid($"attributes: the key '{Clean(name, 40)}' must have only lower-case letters, digits and single inner hyphens, at most {LongestKey}");

    private static FactValue Value(JsonProperty member) => member.Value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => new FactValue.Flag(member.Value.GetBoolean()),
        JsonValueKind.Number when member.Value.TryGetInt64(out var number) => new FactValue.Number(number),
        JsonValueKind.String when member.Value.GetString() is { Length: <= LongestValue } text && !text.Any(char.IsControl) => text.Length == 0 ? new FactValue.Blank() : new FactValue.Text(text),
        _ => throw Invalid($"attributes.{member.Name}: expected a text of at most {LongestValue} characters without control characters, a whole number, true or false"),
    };

    private static ProblemException Invalid(string detail) => Problems.Malformed("webhook-answer-invalid", detail);
}
