using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Sync;

/// <summary>Reads the file of <c>--sync</c> and notes every mistake in it, with its line.</summary>
internal static partial class SyncFile
{
    private const int Most = 16;
    private const string NoSecret = "none";

    private static readonly string[] Known =
    [
        "name", "url", "secret", "header", "client-certificate", "ca", "plain-http", "interval", "timeout", "stale-after", "devices", "next", "etag", "most-devices", "most-page-mebibytes",
        "map", "gone", "most-gone",
    ];

    private static readonly string[] Mapped = ["identifiers", "label", "owner", "groups", "always-in", "attributes", "state", "states"];

    // whether somebody waits is the server's to know
    private static readonly Dictionary<string, DeviceState> States = DeviceStates.All.Where(state => state.Value != DeviceState.Pending).ToDictionary(StringComparer.Ordinal);

    /// <summary>The sources of the file; those that have mistakes are left out.</summary>
    /// <param name="secrets">Where their secrets must be.</param>
    public static IReadOnlyList<SourceSettings> Read(string path, SecretFolder secrets, Mistakes mistakes)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            mistakes.Add(path, 0, "", $"cannot be read: {unreadable.Message}");
            return [];
        }

        if (ProfileFile.Root(path, text, mistakes) is not { } root)
        {
            return [];
        }

        if (!root.Properties(["sources"]).TryGetValue("sources", out var list))
        {
            root.Mistake("needs sources: a list of inventories");
            return [];
        }

        var sources = new List<SourceSettings>();
        var items = list.Items();
        if (items.Count > Most)
        {
            list.Mistake($"has {items.Count}; at most {Most} were expected");
        }

        foreach (var item in items)
        {
            var before = mistakes.Errors.Count;
            if (One(item, secrets) is not { } source || mistakes.Errors.Count > before)
            {
                continue;
            }

            if (sources.Exists(other => other.Name == source.Name))
            {
                item.Mistake($"the name '{source.Name}' stands here twice");
            }

            sources.Add(source);
        }

        return sources;
    }

    private static SourceSettings? One(ProfileNode node, SecretFolder secrets)
    {
        var properties = node.Properties(Known);
        if (!node.IsMapping)
        {
            return null;
        }

        var name = Name(Required(node, properties, "name", "a short name; the fact ledger.inventory shows it"));
        var url = Url(Required(node, properties, "url", "where the list of devices is"), properties.TryGetValue("plain-http", out var plain) && plain.Flag());
        var secret = Required(node, properties, "secret", $"the name of a file in the folder of secrets (--secrets), or '{NoSecret}'");
        var map = Required(node, properties, "map", "which values of a device become what in the ledger");
        if (name is null || url is null || secret?.Text() is not { } secretName || map is null)
        {
            return null;
        }

        var interval = properties.TryGetValue("interval", out var every) ? Duration.Read(every, TimeSpan.FromDays(7)) : TimeSpan.FromMinutes(15);
        var source = new SourceSettings
        {
            Name = name,
            Url = url,
            Secret = secretName == NoSecret ? null : Name(secret),
            Header = properties.TryGetValue("header", out var header) ? Header(header) : null,
            ClientCertificate = Name(properties.GetValueOrDefault("client-certificate")),
            Ca = Name(properties.GetValueOrDefault("ca")),
            Interval = interval,
            Timeout = properties.TryGetValue("timeout", out var timeout) ? Seconds(timeout) : TimeSpan.FromSeconds(30),
            StaleAfter = properties.TryGetValue("stale-after", out var stale) ? Duration.Read(stale, TimeSpan.FromDays(90)) : interval * 4,
            Devices = Path(properties.GetValueOrDefault("devices")),
            Next = Path(properties.GetValueOrDefault("next")),
            ETagOfAll = properties.TryGetValue("etag", out var etag) && etag.Choice(new Dictionary<string, bool> { ["page"] = false, ["list"] = true }),
            MostDevices = properties.TryGetValue("most-devices", out var most) ? Number(most, 1, 500_000) : 100_000,
            MostPageBytes = 1024 * 1024 * (properties.TryGetValue("most-page-mebibytes", out var page) ? Number(page, 1, 64) : 16),
            Map = Mapping(map),
            Gone = properties.TryGetValue("gone", out var gone)
                ? gone.Choice(new Dictionary<string, GoneDevices> { ["keep"] = GoneDevices.Keep, ["quarantine"] = GoneDevices.Quarantine, ["retire"] = GoneDevices.Retire })
                : GoneDevices.Keep,
            MostGone = properties.TryGetValue("most-gone", out var share) ? Percent(share) : 10,
            Configuration = "",
        };
        if (source.StaleAfter < source.Interval)
        {
            properties.GetValueOrDefault("stale-after", node).Mistake($"must not be shorter than interval ({source.Interval.TotalMinutes:0} minutes): the alarm would always be on");
        }

        if (secrets.ProblemOf(source.Secret, source.ClientCertificate, source.Ca) is { } problem)
        {
            secret.Mistake($"{problem}; secrets are files in {secrets.Path} (--secrets)");
        }

        return source with { Configuration = Hash(node) };
    }

    private static SourceMapping Mapping(ProfileNode node)
    {
        var properties = node.Properties(Mapped);
        var identifiers = Required(node, properties, "identifiers", $"at least one of {string.Join(", ", DeviceKey.Kinds)}");
        var kinds = new Dictionary<string, JsonPath>(StringComparer.Ordinal);
        foreach (var (kind, path) in identifiers?.Properties([.. DeviceKey.Kinds]) ?? new Dictionary<string, ProfileNode>())
        {
            Add(kinds, kind, path);
        }

        if (identifiers is { IsMapping: true } && !identifiers.Entries().Any())
        {
            identifiers.Mistake($"needs at least one of {string.Join(", ", DeviceKey.Kinds)}");
        }

        var attributes = new Dictionary<string, JsonPath>(StringComparer.Ordinal);
        foreach (var (key, path) in properties.TryGetValue("attributes", out var all) ? all.Entries() : [])
        {
            if (new DeviceDescription { Attributes = new Dictionary<string, string> { [key] = "" } }.Mistakes().FirstOrDefault() is { } mistake)
            {
                path.Mistake(mistake);
            }

            Add(attributes, key, path);
        }

        var states = new Dictionary<string, DeviceState>(StringComparer.Ordinal);
        foreach (var (value, state) in properties.TryGetValue("states", out var named) ? named.Entries() : [])
        {
            states[value] = state.Choice(States);
        }

        if (properties.ContainsKey("state") != properties.ContainsKey("states"))
        {
            node.Mistake("state (where it stands) and states (what each value means) belong together");
        }

        return new SourceMapping
        {
            Identifiers = kinds,
            Label = Path(properties.GetValueOrDefault("label")),
            Owner = Path(properties.GetValueOrDefault("owner")),
            Groups = Path(properties.GetValueOrDefault("groups")),
            AlwaysIn = properties.TryGetValue("always-in", out var groups) ? Groups(groups) : [],
            Attributes = attributes,
            State = Path(properties.GetValueOrDefault("state")),
            States = states,
        };
    }

    private static void Add(Dictionary<string, JsonPath> paths, string name, ProfileNode node)
    {
        if (Path(node) is { } path)
        {
            paths[name] = path;
        }
    }

    private static IReadOnlyList<string> Groups(ProfileNode node)
    {
        var groups = node.Texts();
        foreach (var (text, item) in groups.Where(group => !DeviceDescription.IsName(group.Text)))
        {
            item.Mistake($"'{text}' must have only lower-case letters, digits and single inner hyphens");
        }

        return [.. groups.Select(group => group.Text)];
    }

    private static JsonPath? Path(ProfileNode? node)
    {
        if (node?.Text() is not { } text)
        {
            return null;
        }

        if (JsonPath.Parse(text, out var error) is { } path)
        {
            return path;
        }

        node.Mistake(error);
        return null;
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

        if (ProfileFile.IsName(text))
        {
            return text;
        }

        node.Mistake($"'{text}' must have only lower-case letters, digits and inner hyphens, at most 63");
        return null;
    }

    private static Uri? Url(ProfileNode? node, bool plainHttp)
    {
        if (node?.Text() is not { } text)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http") || url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            node.Mistake($"must be an https URL without user and fragment, found '{text}'");
            return null;
        }

        if (url.Scheme == Uri.UriSchemeHttp && !url.IsLoopback && !plainHttp)
        {
            node.Mistake("must be https: whoever sits on the way would decide which devices are yours. On this machine http will do; elsewhere 'plain-http: true' takes the risk");
            return null;
        }

        return url;
    }

    private static string? Header(ProfileNode node)
    {
        if (node.Text() is { } text && HeaderName().IsMatch(text))
        {
            return text;
        }

        node.Mistake($"must be the name of a header such as X-Api-Key, found '{node.Scalar}'");
        return null;
    }

    private static TimeSpan Seconds(ProfileNode node)
    {
        if (node.Text() is { Length: > 1 } text && text[^1] == 's' && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= 300)
        {
            return TimeSpan.FromSeconds(seconds);
        }

        node.Mistake($"must be a time from 1s to 300s, found '{node.Scalar}'");
        return TimeSpan.FromSeconds(30);
    }

    private static int Percent(ProfileNode node)
    {
        if (node.Text() is { } text && text.EndsWith('%') && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent is >= 0 and <= 100)
        {
            return percent;
        }

        node.Mistake($"must be a share from 0% to 100%, found '{node.Scalar}'");
        return 0;
    }

    private static int Number(ProfileNode node, int smallest, int largest)
    {
        if (int.TryParse(node.Scalar, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= smallest && number <= largest)
        {
            return number;
        }

        node.Mistake($"must be a number from {smallest} to {largest}, found '{node.Scalar}'");
        return smallest;
    }

    // what is written decides what an answer means; only order and comments do not
    private static string Hash(ProfileNode node) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Leaves(node).Order(StringComparer.Ordinal)))));

    private static IEnumerable<string> Leaves(ProfileNode node) =>
        node.IsMapping ? node.Entries().SelectMany(entry => Leaves(entry.Node))
        : node.IsList ? node.Items().SelectMany(Leaves)
        : [$"{node.Key}={node.Scalar}"];

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderName();
}
