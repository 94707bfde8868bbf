using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Profiles;

/// <summary>One pattern of <c>allow</c>: a glob, <c>/regex/</c>, a dns suffix such as <c>.example.com</c>, or a CIDR for ip.</summary>
internal sealed class AllowPattern
{
    // A regular expression that needs longer than this for a value of bounded length does not allow it. It is time on the wall, so a
    // short limit would refuse right values on a busy machine.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    private readonly Func<string, bool> _matches;

    private AllowPattern(string text, Func<string, bool> matches)
    {
        Text = text;
        _matches = matches;
    }

    /// <summary>The pattern as it is written.</summary>
    public string Text { get; }

    /// <summary>True where it is one value and not a pattern of many.</summary>
    public bool IsExact { get; private init; }

    /// <summary>True if the whole value matches. dns values are compared without regard to case, all others octet for octet.</summary>
    public bool Matches(string value) => _matches(value);

    public override string ToString() => Text;

    /// <summary>Reads a pattern for an identifier type, or for a wished value where <paramref name="type"/> is null.</summary>
    /// <param name="error">What is wrong with the pattern.</param>
    public static AllowPattern? Parse(string? type, string text, out string error)
    {
        error = "";
        if (text.Length >= 2 && text[0] == '/' && text[^1] == '/')
        {
            return Regular(type, text, out error);
        }

        if (type == AcmeIdentifier.Ip)
        {
            return Network(text, out error);
        }

        if (type == AcmeIdentifier.Dns && text.StartsWith('.'))
        {
            // .example.com: every name below example.com, also a wildcard; example.com itself is not below itself
            return new AllowPattern(text, value => value.Length > text.Length && value.EndsWith(text, StringComparison.OrdinalIgnoreCase));
        }

        return new AllowPattern(text, Glob(text, type == AcmeIdentifier.Dns)) { IsExact = !text.Contains('*', StringComparison.Ordinal) && !text.Contains('?', StringComparison.Ordinal) };
    }

    private static AllowPattern? Regular(string? type, string text, out string error)
    {
        var options = RegexOptions.CultureInvariant | (type == AcmeIdentifier.Dns ? RegexOptions.IgnoreCase : RegexOptions.None);
        Regex regex;
        try
        {
            // checked alone first: an unbalanced parenthesis must not become balanced by the anchors
            _ = new Regex(text[1..^1], options, MatchTimeout);
            regex = new Regex($@"\A(?:{text[1..^1]})\z", options, MatchTimeout);
        }
        catch (ArgumentException invalid)
        {
            error = $"'{text}' is not a regular expression: {invalid.Message}";
            return null;
        }

        error = "";
        return new AllowPattern(text, value =>
        {
            try
            {
                return regex.IsMatch(value);
            }
            catch (RegexMatchTimeoutException)
            {
                return false;
            }
        });
    }

    private static AllowPattern? Network(string text, out string error)
    {
        error = "";
        if (text == "*")
        {
            return new AllowPattern(text, _ => true);
        }

        // host bits are most likely a slip: 10.0.0.1/8 is either a host or a network
        if (IPNetwork.TryParse(text, out var network) && network.BaseAddress.Equals(IPAddress.Parse(text.AsSpan(0, text.IndexOf('/', StringComparison.Ordinal)))))
        {
            return new AllowPattern(text, value => IPAddress.TryParse(value, out var address) && network.Contains(address));
        }

        if (IPAddress.TryParse(text, out var single))
        {
            return new AllowPattern(text, value => IPAddress.TryParse(value, out var address) && address.Equals(single)) { IsExact = true };
        }

        error = $"'{text}' must be an address, a CIDR such as 10.0.0.0/8 (host bits zero), '*' or a /regular expression/";
        return null;
    }

    // * stands for any run of characters, ? for one. In a dns wildcard the '*' is a value like any other, but ? must not
    // stand for it: ?.example.com allows one-letter hosts, not all hosts.
    private static Func<string, bool> Glob(string text, bool dns)
    {
        var pattern = new StringBuilder(@"\A");
        foreach (var character in text)
        {
            pattern.Append(character switch
            {
                '*' => ".*",
                '?' => dns ? "[^*]" : ".",
                _ => Regex.Escape(character.ToString()),
            });
        }

        var options = RegexOptions.CultureInvariant | RegexOptions.Singleline | RegexOptions.NonBacktracking;
        // no time limit: matching without backtracking is linear in the value's length
        var regex = new Regex(pattern.Append(@"\z").ToString(), dns ? options | RegexOptions.IgnoreCase : options);
        return regex.IsMatch;
    }
}
