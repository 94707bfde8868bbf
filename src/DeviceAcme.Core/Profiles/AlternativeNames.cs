using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Profiles;

/// <summary>The kinds of subject alternative names that a template may have.</summary>
internal static class AlternativeNames
{
    /// <summary>All identifiers of the order, each as the kind of its type.</summary>
    public const string Identifiers = "identifiers";

    public const string Dns = AcmeIdentifier.Dns;
    public const string Ip = AcmeIdentifier.Ip;
    public const string Email = "email";
    public const string Uri = "uri";
    public const string Upn = "upn";
    public const string RegisteredId = "registered-id";
    public const string PermanentIdentifier = AcmeIdentifier.PermanentIdentifier;
    public const string HardwareModule = AcmeIdentifier.HardwareModule;

    /// <summary>The start of the URI that domain controllers take for an account (MS KB5014754).</summary>
    public const string MicrosoftSidUri = "tag:microsoft.com,2022-09-14:sid:";

    /// <summary>The kinds that carry a text of their own.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [Dns, Ip, Email, Uri, Upn, RegisteredId, PermanentIdentifier, HardwareModule];

    /// <summary>Reads one entry: the word <c>identifiers</c>, or one kind with its text.</summary>
    public static AlternativeNameTemplate? Read(ProfileNode node)
    {
        if (node.Scalar is { } word)
        {
            if (word == Identifiers)
            {
                return new AlternativeNameTemplate(Identifiers, null);
            }

            node.Mistake($"must be the word '{Identifiers}' or one kind with its value, for example dns: host.example; found '{word}'");
            return null;
        }

        var entries = node.Entries().ToArray();
        if (entries.Length != 1)
        {
            if (node.IsMapping)
            {
                node.Mistake($"must have one kind, found {entries.Length}");
            }

            return null;
        }

        var (kind, value) = entries[0];
        if (!Kinds.Contains(kind))
        {
            value.Mistake($"is not a known kind of name; {NearestName.Hint(kind, Kinds)}");
            return null;
        }

        if (value.Text() is not { } text)
        {
            return null;
        }

        if (TextTemplate.Parse(text, out var error) is not { } template)
        {
            value.Mistake(error);
            return null;
        }

        if (kind == Uri && text.StartsWith(MicrosoftSidUri, StringComparison.OrdinalIgnoreCase))
        {
            value.Mistake("maps to a directory account: such a claim can only come from the device ledger: set certificate.microsoft-sid, and give the device the attribute there");
            return null;
        }

        if (template.IsLiteral && NameFilling.Parse(kind, text, out error) is null)
        {
            value.Mistake($"'{text}' {error}");
            return null;
        }

        return new AlternativeNameTemplate(kind, template);
    }
}
