using System.Globalization;
using System.Text.RegularExpressions;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Webhooks;

namespace DeviceAcme.Core.Profiles;

/// <summary>Somebody of the organisation who is asked before a device is served.</summary>
internal sealed record WebhookRule
{
    /// <summary>Unique in its profile, and a part of the names of its facts: <c>webhook.NAME.key</c>.</summary>
    public required string Name { get; init; }

    public required Uri Url { get; init; }

    /// <summary>Asked when evidence was accepted, before the challenge is valid.</summary>
    public required bool AtChallenge { get; init; }

    /// <summary>Asked before a certificate is planned.</summary>
    public required bool AtFinalize { get; init; }

    /// <summary>Name of a file in the folder of secrets.</summary>
    public required string Secret { get; init; }

    /// <summary>Of one attempt.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Further attempts where nobody answers.</summary>
    public required int Retries { get; init; }

    /// <summary>What becomes of a request when nobody answers: true lets it go on.</summary>
    public required bool AllowOnFailure { get; init; }

    /// <summary>NAME.pem in the folder of secrets: certificate and key that are shown to the endpoint; null: none.</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>NAME.pem in the folder of secrets: the CAs that alone may vouch for the endpoint; null: those of the system.</summary>
    public string? Ca { get; init; }

    /// <summary>How long after a failed attempt the next one begins: 0.2 s, 0.4 s, …</summary>
    public static TimeSpan PauseAfter(int attempt) => TimeSpan.FromMilliseconds(100 << attempt);

    /// <summary>How long all attempts with their pauses may take.</summary>
    public TimeSpan Longest => (Timeout * (Retries + 1)) + TimeSpan.FromMilliseconds(Enumerable.Range(1, Retries).Sum(attempt => PauseAfter(attempt).TotalMilliseconds));

    public bool IsAskedAt(WebhookEvent happening) => happening == WebhookEvent.Challenge ? AtChallenge : AtFinalize;
}

/// <summary>When a webhook is asked.</summary>
internal enum WebhookEvent
{
    Challenge,
    Finalize,
}

/// <summary>Reads the <c>webhooks:</c> part of a profile file.</summary>
internal static partial class WebhookSection
{
    /// <summary>A client waits for the answer to its request meanwhile; all webhooks of an event are asked at once.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private const int Most = 4;
    private const int MostRetries = 3;
    private const int LongestUrl = 500;

    internal static readonly string[] Known = ["name", "url", "at", "secret", "timeout", "retries", "on-failure", "client-certificate", "ca", "plain-http"];

    public static IReadOnlyList<WebhookRule> Read(ProfileNode? node)
    {
        if (node is null)
        {
            return [];
        }

        var items = node.Items();
        if (items.Count > Most)
        {
            node.Mistake($"has {items.Count}; at most {Most} were expected");
        }

        var rules = new List<WebhookRule>();
        foreach (var item in items)
        {
            if (ReadOne(item) is not { } rule)
            {
                continue;
            }

            if (rules.Exists(other => other.Name == rule.Name))
            {
                item.Mistake($"the name '{rule.Name}' stands here twice: it is a part of the names of facts");
            }

            rules.Add(rule);
        }

        return rules;
    }

    /// <summary>What must hold between webhooks and the rest of the profile.</summary>
    public static void Check(CertificateProfile profile, ProfileNode root, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (profile.Webhooks.Any(rule => rule.AtChallenge) && !profile.Identifiers.Values.Any(rule => rule.Challenges.Contains(ChallengeTypes.DeviceAttest01)))
        {
            properties["webhooks"].Mistake($"asks at the challenge, and no identifier offers {ChallengeTypes.DeviceAttest01}: nobody would be asked; choose at: finalize");
        }

        // a fact that nobody can ever say is a spelling mistake
        Facts(properties.GetValueOrDefault("attestation", root), profile.Attestation.Facts.Concat(profile.Attestation.ObservedFacts).SelectMany(rule => rule.FactNames), [.. profile.Webhooks.Where(rule => rule.AtChallenge)], "at the challenge");
        var template = profile.Certificate;
        var wanted = ProfileRules.Texts(template).SelectMany(place => place.Text.Placeholders)
            .Concat(template.Policies.SelectMany(policy => policy.When).Concat(template.ValidityByFacts.SelectMany(line => line.When)).SelectMany(rule => rule.FactNames));
        Facts(properties.GetValueOrDefault("certificate", root), wanted, profile.Webhooks, "for a certificate");
    }

    private static void Facts(ProfileNode node, IEnumerable<string> facts, IReadOnlyList<WebhookRule> asked, string when)
    {
        foreach (var fact in facts.Distinct().Where(fact => WebhookFacts.WebhookOf(fact) is { } name && asked.All(rule => rule.Name != name)))
        {
            node.Mistake($"uses the fact {fact}, and no webhook of that name is asked {when}");
        }
    }

    private static WebhookRule? ReadOne(ProfileNode node)
    {
        var properties = node.Properties(Known);
        if (!node.IsMapping)
        {
            return null;
        }

        var name = Name(Required(node, properties, "name", "a short name; its facts are webhook.NAME.key"));
        var url = Url(Required(node, properties, "url", "where to ask"), properties.TryGetValue("plain-http", out var plain) && plain.Flag());
        var secret = Name(Required(node, properties, "secret", "the name of a file in the folder of secrets (--secrets)"));
        var at = Required(node, properties, "at", "challenge, finalize or both")?.Choice(new Dictionary<string, (bool, bool)>
        {
            ["challenge"] = (true, false),
            ["finalize"] = (false, true),
            ["both"] = (true, true),
        });
        if (name is null || url is null || secret is null || at is not var (challenge, finalize))
        {
            return null;
        }

        var rule = new WebhookRule
        {
            Name = name,
            Url = url,
            AtChallenge = challenge,
            AtFinalize = finalize,
            Secret = secret,
            Timeout = properties.TryGetValue("timeout", out var timeout) ? Seconds(timeout) : TimeSpan.FromSeconds(3),
            Retries = properties.TryGetValue("retries", out var retries) ? Number(retries, MostRetries) : 1,
            AllowOnFailure = properties.TryGetValue("on-failure", out var failure) && failure.Choice(new Dictionary<string, bool> { ["refuse"] = false, ["allow"] = true }),
            ClientCertificate = Name(properties.GetValueOrDefault("client-certificate")),
            Ca = Name(properties.GetValueOrDefault("ca")),
        };
        if (rule.Longest > Longest)
        {
            node.Mistake($"timeout and retries take up to {rule.Longest.TotalSeconds:0.#} s together; a client waits meanwhile, so at most {Longest.TotalSeconds:0} s were expected");
        }

        return rule;
    }

    private static ProfileNode? Required(ProfileNode node, IReadOnlyDictionary<string, ProfileNode> properties, string property, string what)
    {
        if (properties.TryGetValue(property, out var found))
        {
            return found;
        }

        node.Mistake($"needs {property}: {what}");
        return null;
    }

    private static string? Name(ProfileNode? node)
    {
        if (node?.Text() is not { } text)
        {
            return null;
        }

        if (ProfileFile.IsName(text) && !text.Contains("--", StringComparison.Ordinal))
        {
            return text;
        }

        node.Mistake($"'{text}' must have only lower-case letters, digits and single inner hyphens, at most 63");
        return null;
    }

    private static Uri? Url(ProfileNode? node, bool plainHttp)
    {
        if (node?.Text() is not { } text)
        {
            return null;
        }

        if (text.Length > LongestUrl || !Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            node.Mistake($"must be an https URL without user and fragment, at most {LongestUrl} characters, found '{text}'");
            return null;
        }

        if (url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback)
        {
            if (!plainHttp)
            {
                node.Mistake("must be https: what is sent says who owns which device. On this machine http will do; elsewhere 'plain-http: true' takes the risk");
                return null;
            }

            node.Warning("is plain http: everybody on the way reads which devices there are");
        }

        return url;
    }

    private static TimeSpan Seconds(ProfileNode node)
    {
        if (node.Text() is { } text && SecondsText().Match(text) is { Success: true } match && int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) is >= 1 and <= 10 and var seconds)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        node.Mistake($"must be a time from 1s to 10s, found '{node.Scalar}'");
        return TimeSpan.FromSeconds(3);
    }

    private static int Number(ProfileNode node, int largest)
    {
        if (int.TryParse(node.Scalar, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= largest)
        {
            return number;
        }

        node.Mistake($"must be a number from 0 to {largest}, found '{node.Scalar}'");
        return 0;
    }

    [GeneratedRegex(@"\A([1-9][0-9]?)s\z", RegexOptions.CultureInvariant)]
    private static partial Regex SecondsText();
}
