using System.Globalization;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Identifiers;

/// <summary>A DNS name in its ASCII form, possibly with a leading <c>*.</c> (RFC 8555 §7.1.3, §7.1.4).</summary>
internal sealed class DnsIdentifier : IIdentifierType
{
    private const int MaxName = 253;
    private const int MaxLabel = 63;

    public string Name => AcmeIdentifier.Dns;

    public string Read(string value)
    {
        // names compare without regard to case (RFC 4343); everything later works on the lower-case form
        var name = value.ToLowerInvariant();
        var plain = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
        if (plain.Length is 0 or > MaxName)
        {
            throw Refuse($"expected 1 to {MaxName} characters, found {plain.Length}");
        }

        var labels = plain.Split('.');
        if (labels.Length == 1)
        {
            // single-label names are fine in an internal network, but not as the base of a wildcard
            if (plain.Length != name.Length)
            {
                throw Refuse("expected a wildcard below a domain with at least two labels");
            }
        }

        foreach (var label in labels)
        {
            CheckLabel(label);
        }

        if (labels[^1].All(char.IsAsciiDigit))
        {
            throw Refuse("expected a name, found what looks like an address; use identifier type ip (RFC 8738)");
        }

        return name;
    }

    public (string Value, bool Wildcard) Authorize(string value) =>
        value.StartsWith("*.", StringComparison.Ordinal) ? (value[2..], true) : (value, false);

    // RFC 8555 §7.1.4 with RFC 8737 §3: only DNS can speak for every name below
    public bool CanProve(string challengeType, bool wildcard) => wildcard
        ? challengeType == ChallengeTypes.Dns01
        : challengeType is ChallengeTypes.Http01 or ChallengeTypes.Dns01 or ChallengeTypes.TlsAlpn01;

    private static void CheckLabel(string label)
    {
        if (label.Length is 0 or > MaxLabel)
        {
            throw Refuse(label.Length == 0
                ? "expected no empty label and no trailing dot"
                : $"expected labels of at most {MaxLabel} characters, found one of {label.Length}");
        }

        foreach (var c in label)
        {
            if (c > '\x7f')
            {
                throw Refuse("expected ASCII; write an internationalized name as A-labels (xn--…, RFC 5890)");
            }

            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
            {
                throw Refuse(c == '*'
                    ? "expected '*' only as the whole leftmost label"
                    : $"expected letters, digits and hyphens, found {(c == '\0' ? "U+0000" : $"U+{(int)c:X4}")}");
            }
        }

        if (label[0] == '-' || label[^1] == '-')
        {
            throw Refuse("expected labels that neither begin nor end with a hyphen");
        }

        if (label.Length >= 4 && label[2] == '-' && label[3] == '-')
        {
            CheckALabel(label);
        }
    }

    /// <summary>Hyphens in place three and four are reserved for A-labels (RFC 5891 §4.2.3.1), and those must decode and encode back.</summary>
    private static void CheckALabel(string label)
    {
        if (!label.StartsWith("xn--", StringComparison.Ordinal) || Decode(label) is not { } unicode || !unicode.EnumerateRunes().All(IsProtocolValid))
        {
            throw Refuse($"'{label}' is not a valid A-label (RFC 5891 §4.2)");
        }
    }

    /// <summary>The U-label, or null where the A-label does not decode, or not to something that encodes back to it.</summary>
    private static string? Decode(string label)
    {
        try
        {
            var idn = new IdnMapping();
            var unicode = idn.GetUnicode(label);
            return unicode != label && idn.GetAscii(unicode) == label ? unicode : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>RFC 5892 §2.1 by category: lower-case and uncased letters, marks, digits and the hyphen; no controls, symbols or upper case.</summary>
    private static bool IsProtocolValid(System.Text.Rune rune) => rune.Value == '-' || System.Text.Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.LowercaseLetter or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber;

    private static ProblemException Refuse(string detail) => Problems.RejectedIdentifier("dns-name-invalid", $"dns identifier: {detail}");
}
