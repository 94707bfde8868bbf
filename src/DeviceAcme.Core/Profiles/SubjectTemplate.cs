using System.Text;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads <c>CN={{device.serial}}, O=Example</c>: RFC 4514 with spaces after commas, placeholders and short names or OIDs.</summary>
/// <remarks>The structure comes from the file alone; a value is filled in later and stays one value, whatever characters it has.</remarks>
internal static class SubjectTemplate
{
    /// <summary>The RDNs as written; null with what is wrong.</summary>
    public static IReadOnlyList<IReadOnlyList<SubjectAttribute>>? Parse(string text, out string error)
    {
        var rdns = new List<IReadOnlyList<SubjectAttribute>>();
        var current = new List<SubjectAttribute>();
        var position = 0;
        while (true)
        {
            if (Attribute(text, ref position, out error) is not { } attribute)
            {
                return null;
            }

            if (current.Any(other => other.Type.Oid == attribute.Type.Oid))
            {
                error = $"'{attribute.Type.Name}' stands twice in one RDN";
                return null;
            }

            current.Add(attribute);
            var separator = position < text.Length ? text[position++] : '\0';
            if (separator == '+')
            {
                continue;
            }

            rdns.Add(current);
            current = [];
            if (separator == '\0')
            {
                return rdns;
            }
        }
    }

    private static SubjectAttribute? Attribute(string text, ref int position, out string error)
    {
        var equals = text.IndexOf('=', position);
        var name = equals < 0 ? text[position..].Trim() : text[position..equals].Trim();
        if (equals < 0)
        {
            error = $"'{name}' has no '=': expected attributes such as CN={{{{device.serial}}}}, O=Example";
            return null;
        }

        if (AttributeType.Find(name) is not { } type)
        {
            error = $"'{name}' is not a known attribute nor an OID; {NearestName.Hint(name, AttributeType.Names)}";
            return null;
        }

        position = equals + 1;
        if (Value(text, ref position, out error) is not { } value || TextTemplate.Parse(value, out error) is not { } template)
        {
            return null;
        }

        if (value.Length == 0 || (template.IsLiteral && type.Refuses(value) is not null))
        {
            error = $"the value '{value}' of {type.Name} {type.Refuses(value)}";
            return null;
        }

        return new SubjectAttribute(type, template);
    }

    // RFC 4514 §2.4: a backslash before a special character or two hex digits (one octet of UTF-8); quotes as in RFC 2253
    private static string? Value(string text, ref int position, out string error)
    {
        error = "";
        var value = new List<byte>();
        var kept = 0;
        while (position < text.Length && text[position] == ' ')
        {
            position++;
        }

        var quoted = position < text.Length && text[position] == '"';
        position += quoted ? 1 : 0;
        while (position < text.Length)
        {
            var character = text[position];
            if (character == '{' && text.AsSpan(position).StartsWith("{{"))
            {
                var close = text.IndexOf("}}", position, StringComparison.Ordinal);
                var end = close < 0 ? text.Length : close + 2;
                value.AddRange(Encoding.UTF8.GetBytes(text[position..end]));
                kept = value.Count;
                position = end;
                continue;
            }

            if (character == '\\')
            {
                if (Escaped(text, ref position) is not { } octets)
                {
                    error = $"'{text[position..]}': after a backslash stands a special character or two hex digits (RFC 4514 §2.4)";
                    return null;
                }

                value.AddRange(octets);
                kept = value.Count;
                continue;
            }

            if (quoted ? character == '"' : character is ',' or '+')
            {
                break;
            }

            if (!quoted && character is '"' or ';' or '<' or '>')
            {
                error = $"'{character}' must be escaped with a backslash (RFC 4514 §2.4)";
                return null;
            }

            var length = char.IsHighSurrogate(character) && position + 1 < text.Length ? 2 : 1;
            value.AddRange(Encoding.UTF8.GetBytes(text.Substring(position, length)));
            position += length;
            kept = quoted || character != ' ' ? value.Count : kept;
        }

        if (quoted && !ClosesQuote(text, ref position, out error))
        {
            return null;
        }

        return Encoding.UTF8.GetString([.. value[..kept]]);
    }

    private static bool ClosesQuote(string text, ref int position, out string error)
    {
        error = "";
        if (position >= text.Length)
        {
            error = "a quoted value is not closed";
            return false;
        }

        position++;
        while (position < text.Length && text[position] == ' ')
        {
            position++;
        }

        if (position < text.Length && text[position] is not (',' or '+'))
        {
            error = $"'{text[position..]}' stands behind a quoted value; expected ',' or '+'";
            return false;
        }

        return true;
    }

    private static byte[]? Escaped(string text, ref int position)
    {
        var next = position + 1 < text.Length ? text[position + 1] : '\0';
        if (char.IsAsciiHexDigit(next) && position + 2 < text.Length && char.IsAsciiHexDigit(text[position + 2]))
        {
            position += 3;
            return [Convert.ToByte(text.Substring(position - 2, 2), 16)];
        }

        if (" \"#+,;<=>\\".Contains(next, StringComparison.Ordinal))
        {
            position += 2;
            return [(byte)next];
        }

        return null;
    }
}
