using System.Text;
using System.Text.RegularExpressions;
using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Profiles;

/// <summary>A text with placeholders: <c>{{fact}}</c>, <c>{{identifier}}</c>, and <c>{{fact|default}}</c>.</summary>
internal sealed partial class TextTemplate
{
    /// <summary>The placeholder for the ordered identifier's value.</summary>
    public const string Identifier = "identifier";

    private readonly IReadOnlyList<TemplatePart> _parts;

    private TextTemplate(string text, IReadOnlyList<TemplatePart> parts)
    {
        Text = text;
        _parts = parts;
    }

    /// <summary>The template as it is written.</summary>
    public string Text { get; }

    /// <summary>The names of all placeholders.</summary>
    public IEnumerable<string> Placeholders => _parts.Where(part => part.IsPlaceholder).Select(part => part.Text);

    /// <summary>Placeholders that must have a value, because they name no default.</summary>
    public IEnumerable<string> RequiredPlaceholders =>
        _parts.Where(part => part.IsPlaceholder && part.Default is null).Select(part => part.Text);

    /// <summary>True where nothing is to be filled.</summary>
    public bool IsLiteral => !_parts.Any(part => part.IsPlaceholder);

    /// <summary>True where the text is the identifier's placeholder and nothing else.</summary>
    public bool IsIdentifier => _parts is [{ IsPlaceholder: true, Text: Identifier }];

    /// <summary>Reads a template; null with what is wrong.</summary>
    public static TextTemplate? Parse(string text, out string error)
    {
        error = "";
        var parts = new List<TemplatePart>();
        var rest = 0;
        while (rest < text.Length)
        {
            var open = text.IndexOf("{{", rest, StringComparison.Ordinal);
            if (open < 0)
            {
                parts.Add(new TemplatePart(text[rest..], false, null));
                break;
            }

            if (open > rest)
            {
                parts.Add(new TemplatePart(text[rest..open], false, null));
            }

            var close = text.IndexOf("}}", open + 2, StringComparison.Ordinal);
            if (close < 0)
            {
                error = $"'{text[open..]}' opens a placeholder that is not closed with '}}}}'";
                return null;
            }

            var inner = text[(open + 2)..close];
            var bar = inner.IndexOf('|');
            var name = (bar < 0 ? inner : inner[..bar]).Trim();
            if (name != Identifier && !FactName().IsMatch(name))
            {
                error = $"'{{{{{inner}}}}}' must name 'identifier' or a fact such as device.serial, with a default after '|' where one is wanted";
                return null;
            }

            parts.Add(new TemplatePart(name, true, bar < 0 ? null : inner[(bar + 1)..].Trim()));
            rest = close + 2;
        }

        return new TextTemplate(text, parts);
    }

    /// <summary>Puts the values in; each value goes through <paramref name="escape"/> (placeholder, value); the template's own text does not.</summary>
    /// <exception cref="ProblemException">A value is missing and no default is named.</exception>
    public string Fill(string? identifier, FactSet facts, Func<string, string, string>? escape = null)
    {
        if (_parts is [{ IsPlaceholder: false } literal])
        {
            return literal.Text;
        }

        var filled = new StringBuilder();
        foreach (var part in _parts)
        {
            if (!part.IsPlaceholder)
            {
                filled.Append(part.Text);
                continue;
            }

            var value = part.Text == Identifier ? identifier ?? part.Default ?? throw Missing(part, "this order has no such identifier") : Value(part, facts);
            filled.Append(escape is null ? value : escape(part.Text, value));
        }

        return filled.ToString();
    }

    /// <summary>Reason code where a placeholder has no value.</summary>
    public const string MissingValue = "template-value-missing";

    /// <summary>True for a fact's dotted name.</summary>
    public static bool IsFactName(string name) => FactName().IsMatch(name);

    private static string Value(TemplatePart part, FactSet facts)
    {
        var fact = facts.Find(part.Text);

        // absent, blank and unproven are three different things, but none of them is a value
        return fact switch
        {
            { Proven: true, Value: not FactValue.Blank } when fact.Value.ToString() is { Length: > 0 } text => text,
            _ when part.Default is not null => part.Default,
            null => throw Missing(part, "the evidence does not have it"),
            { Proven: false } => throw Missing(part, "the evidence has it, but does not prove it"),
            _ => throw Missing(part, "the evidence has it, but blank"),
        };
    }

    private static ProblemException Missing(TemplatePart part, string why) => Problems.RejectedIdentifier(
        MissingValue, $"the certificate needs a value for {{{{{part.Text}}}}}: {why}");

    [GeneratedRegex(@"\A[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+\z", RegexOptions.CultureInvariant)]
    private static partial Regex FactName();

    private sealed record TemplatePart(string Text, bool IsPlaceholder, string? Default);
}
