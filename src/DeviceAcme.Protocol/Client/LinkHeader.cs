namespace DeviceAcme.Protocol.Client;

/// <summary>Reads <c>Link</c> header fields (RFC 8288 §3) as far as ACME uses them: targets and their relations.</summary>
internal static class LinkHeader
{
    /// <summary>The links of one field, one per relation; a part that is no link ends the reading.</summary>
    public static IEnumerable<(string Relation, string Target)> Read(string field)
    {
        var links = new List<(string, string)>();
        var at = 0;
        while (Skip(field, ref at, ' ', '\t', ',') && field[at] == '<')
        {
            var end = field.IndexOf('>', at);
            if (end < 0)
            {
                break;
            }

            var target = field[(at + 1)..end];
            at = end + 1;
            foreach (var relation in Relations(field, ref at))
            {
                links.Add((relation, target));
            }
        }

        return links;
    }

    // parameters up to the next comma outside quotes; RFC 8288 §3.3: rel may name several, separated by spaces
    private static string[] Relations(string field, ref int at)
    {
        string[] relations = [];
        while (Skip(field, ref at, ' ', '\t', ';') && field[at] != ',')
        {
            var name = Until(field, ref at, '=', ';', ',');
            var value = "";
            if (at < field.Length && field[at] == '=')
            {
                at++;
                value = Value(field, ref at);
            }

            if (name.Equals("rel", StringComparison.OrdinalIgnoreCase) && relations.Length == 0)
            {
                relations = value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            }
        }

        return relations;
    }

    private static string Value(string field, ref int at)
    {
        if (at >= field.Length || field[at] != '"')
        {
            return Until(field, ref at, ';', ',');
        }

        var end = field.IndexOf('"', at + 1);
        var value = end < 0 ? field[(at + 1)..] : field[(at + 1)..end];
        at = end < 0 ? field.Length : end + 1;
        return value;
    }

    private static string Until(string field, ref int at, params ReadOnlySpan<char> stops)
    {
        var length = field.AsSpan(at).IndexOfAny(stops);
        var text = length < 0 ? field[at..] : field.Substring(at, length);
        at += text.Length;
        return text.Trim();
    }

    private static bool Skip(string field, ref int at, params ReadOnlySpan<char> skipped)
    {
        while (at < field.Length && skipped.Contains(field[at]))
        {
            at++;
        }

        return at < field.Length;
    }
}
