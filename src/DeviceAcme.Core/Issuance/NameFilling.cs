using System.Net;
using System.Text.RegularExpressions;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>Fills one subject alternative name of a template: escapes each value for its place and checks the result.</summary>
internal static partial class NameFilling
{
    /// <summary>The filled name.</summary>
    /// <exception cref="ProblemException">A value is missing, or does not fit the place.</exception>
    public static GeneralName Fill(AlternativeNameTemplate template, string? identifier, FactSet facts)
    {
        var text = template.Value!.Fill(identifier, facts, (placeholder, value) => Escape(template, placeholder, value));
        return Parse(template.Kind, text, out var error) ?? throw Unfit(template.Kind, text, error);
    }

    /// <summary>The name of an ordered identifier, as the kind of its type.</summary>
    public static GeneralName Identifier(AcmeIdentifier identifier) =>
        Parse(identifier.Type, identifier.Value, out var error) ?? throw Unfit(identifier.Type, identifier.Value, error);

    /// <summary>Reads a text as a name of this kind; null with what is wrong (a clause that follows the value).</summary>
    public static GeneralName? Parse(string kind, string text, out string error)
    {
        error = "is not a valid " + kind;
        switch (kind)
        {
            case AlternativeNames.Dns:
                return IsDnsName(text) ? new GeneralName.Dns(text.ToLowerInvariant()) : null;
            case AlternativeNames.Ip:
                return IPAddress.TryParse(text, out var address) && address.ToString().Equals(text, StringComparison.OrdinalIgnoreCase) && !text.Contains('%', StringComparison.Ordinal)
                    ? new GeneralName.Ip(address)
                    : null;
            case AlternativeNames.Email:
                return IsMailbox(text) ? new GeneralName.Email(text) : null;
            case AlternativeNames.Uri:
                return Link(text, ref error);
            case AlternativeNames.Upn:
                return text.Length <= 1024 && text.Count(character => character == '@') == 1 && text[0] != '@' && text[^1] != '@'
                    && !text.Any(character => char.IsControl(character) || char.IsWhiteSpace(character)) && AsnText.Fits(default, text)
                    ? new GeneralName.UserPrincipal(text)
                    : null;
            case AlternativeNames.RegisteredId:
                return Oids.IsValid(text) ? new GeneralName.RegisteredId(text) : null;
            case AlternativeNames.PermanentIdentifier:
                return Device(text) is var (value, assigner) ? new GeneralName.PermanentIdentifier(value, assigner) : null;
            case AlternativeNames.HardwareModule:
                return Device(text) is (var serial, { } type) ? new GeneralName.HardwareModule(type, serial) : null;
            default:
                error = $"has the unknown kind '{kind}'";
                return null;
        }
    }

    /// <summary>Splits <c>ABC/1.2.3.4</c> (device-attest §3.1, §4.1); null where it breaks the grammar.</summary>
    public static (string Device, string? Oid)? Device(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var device = slash < 0 ? text : text[..slash];
        var oid = slash < 0 ? null : text[(slash + 1)..];
        return device.Length == 0 || !AsnText.Fits(default, device) || (oid is not null && !Oids.IsValid(oid)) ? null : (device, oid);
    }

    /// <summary>True for a host name, with or without a leading <c>*.</c>.</summary>
    public static bool IsDnsName(string text) => text.Length <= 253 && DnsName().IsMatch(text);

    private static string Escape(AlternativeNameTemplate template, string placeholder, string value)
    {
        // the order's own identifier, alone in a name of its own kind, has its structure already
        if (template.Value!.IsIdentifier && template.Kind != AlternativeNames.Uri)
        {
            return value;
        }

        // a value must not change the structure of the name that it is put into
        var structure = template.Kind switch
        {
            AlternativeNames.Dns => ".*",
            AlternativeNames.RegisteredId => ".",
            AlternativeNames.PermanentIdentifier or AlternativeNames.HardwareModule => "/",
            AlternativeNames.Email or AlternativeNames.Upn => "@",
            _ => "",
        };
        if (value.AsSpan().IndexOfAny(structure) >= 0)
        {
            throw Unfit(template.Kind, value, $"(the value of {{{{{placeholder}}}}}) must not have '{structure[0]}' in it");
        }

        return template.Kind == AlternativeNames.Uri ? Uri.EscapeDataString(value) : value;
    }

    private static GeneralName.Link? Link(string text, ref string error)
    {
        if (text.StartsWith(AlternativeNames.MicrosoftSidUri, StringComparison.OrdinalIgnoreCase))
        {
            error = "maps to a directory account, which only the device ledger may claim";
            return null;
        }

        return text.Length <= 2048 && AbsoluteUri().IsMatch(text) && Uri.TryCreate(text, UriKind.Absolute, out _) ? new GeneralName.Link(text) : null;
    }

    private static bool IsMailbox(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at is > 0 and <= 64 && LocalPart().IsMatch(text[..at]) && IsDnsName(text[(at + 1)..]) && text[at + 1] != '*';
    }

    private static ProblemException Unfit(string kind, string text, string error) =>
        Problems.RejectedIdentifier("template-value-not-encodable", $"the {kind} name '{Printable(text)}' {error}");

    private static string Printable(string text) =>
        string.Concat(text.Take(256).Select(character => char.IsControl(character) || char.IsSurrogate(character) ? $"\\u{(int)character:x4}" : character.ToString()));

    [GeneratedRegex(@"\A(?:\*\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex DnsName();

    // RFC 5321 §4.1.2 dot-string
    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex LocalPart();

    // RFC 3986 §2 characters behind a scheme
    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex AbsoluteUri();
}
