using System.Text;

namespace DeviceAcme.Server.Network.Caa;

/// <summary>The value of an <c>issue</c> or <c>issuewild</c> property, read by the grammar of RFC 8659 §4.2.</summary>
/// <param name="Issuer">Empty where the property names none, which forbids issuance.</param>
/// <param name="Parameters">In order; tags in lower case, so that no spelling of one that restricts is overlooked.</param>
internal sealed record CaaIssueValue(string Issuer, IReadOnlyList<(string Tag, string Value)> Parameters)
{
    private const int MaxParameters = 32;

    /// <summary>What a value outside the grammar counts as: no issuer (RFC 8659 §4.2).</summary>
    public static CaaIssueValue Nobody { get; } = new("", []);

    public static CaaIssueValue Read(ReadOnlySpan<byte> value) => TryRead(Encoding.Latin1.GetString(value)) ?? Nobody;

    private static CaaIssueValue? TryRead(string text)
    {
        var parts = text.Split(';', MaxParameters + 2);
        if (parts.Length > MaxParameters + 1)
        {
            return null;
        }

        var issuer = TrimSpaces(parts[0]);
        if (issuer.Length > 0 && !issuer.Split('.').All(IsLabel))
        {
            return null;
        }

        var parameters = new List<(string, string)>();
        for (var i = 1; i < parts.Length; i++)
        {
            var parameter = TrimSpaces(parts[i]);
            if (parameter.Length == 0 && parts.Length == 2)
            {
                break; // "ca.example;" and ";": the semicolon may stand without parameters
            }

            var equals = parameter.IndexOf('=');
            if (equals < 0)
            {
                return null;
            }

            var tag = TrimSpaces(parameter[..equals]);
            var content = TrimSpaces(parameter[(equals + 1)..]);
            if (!IsLabel(tag) || !content.All(c => c is > ' ' and <= '~'))
            {
                return null;
            }

            parameters.Add((tag.ToLowerInvariant(), content));
        }

        return new(issuer, parameters);
    }

    private static string TrimSpaces(string text) => text.Trim(' ', '\t');

    /// <summary>Letters and digits with hyphens inside.</summary>
    private static bool IsLabel(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && text[0] != '-' && text[^1] != '-';
}
