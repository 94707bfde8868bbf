using DeviceAcme.Core.Tickets;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>Where the device goes: the URL is all that selects a profile, because Apple's client sends neither profile nor external account.</summary>
internal static class DirectoryRules
{
    private const string Server = "server";

    public static IReadOnlyList<LintRule> All { get; } =
    [
        LintRule.OfPayload("directory-url-invalid", Severity.Error, LintRules.Apple, (payload, _) =>
            payload.Text(AppleKey.DirectoryUrl) is { } text && Url(text) is null ? new(payload.At(AppleKey.DirectoryUrl), "an absolute URL", $"'{text}'") : null),
        LintRule.OfPayload("directory-url-not-https", Severity.Error, LintRules.Apple, (payload, _) =>
            Of(payload) is { } url && url.Scheme != "https" ? new(payload.At(AppleKey.DirectoryUrl), "the scheme https", $"'{url.Scheme}'") : null),
        LintRule.OfPayload("directory-url-other-server", Severity.Error, Server, (payload, subject) =>
            Of(payload) is { } url && subject.ServerUrl is { } server && Url(server) is { } own && url.Authority != own.Authority
                ? new(payload.At(AppleKey.DirectoryUrl), $"a directory of {server}", url.Authority) : null),
        LintRule.OfPayload("directory-url-other-profile", Severity.Error, Server, (payload, subject) =>
            Of(payload) is { } url && subject.Profile is { } profile && ProfileOf(url) != profile.Name
                ? new(payload.At(AppleKey.DirectoryUrl), $"a path that ends with /acme/{profile.Name}/directory", url.AbsolutePath) : null),
    ];

    /// <summary>The profile whose directory this is; null where it is none of ours.</summary>
    public static string? ProfileOf(Uri url)
    {
        // /acme/{profile}/directory or /acme/{profile}/{ticket}/directory, below whatever a proxy puts before it
        return url.AbsolutePath.Split('/') switch
        {
            [.., "acme", var profile, "directory"] => profile,
            [.., "acme", var profile, var ticket, "directory"] when TicketCode.Is(ticket) || MdmVariables.IsOne(Uri.UnescapeDataString(ticket)) => profile,
            _ => null,
        };
    }

    /// <summary>The payload's directory; null where there is none or no URL.</summary>
    public static Uri? Of(FoundPayload payload) => payload.Text(AppleKey.DirectoryUrl) is { } text ? Url(text) : null;

    private static Uri? Url(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Host.Length > 0 ? url : null;
}
