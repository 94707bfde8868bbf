using System.Globalization;
using System.Text.RegularExpressions;
using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Profiles;

/// <summary>What a trust folder's <c>terms.yaml</c> says: of all of its certificates, and of single ones by fingerprint.</summary>
internal sealed partial record AnchorTermsFile
{
    /// <summary>The file's name in a trust folder.</summary>
    public const string FileName = "terms.yaml";

    /// <summary>Hex digits of a fingerprint that must be written at least.</summary>
    private const int ShortestFingerprint = 16;

    private static readonly string[] Sections = ["folder", "anchors"];
    private static readonly string[] FolderTerms = ["formats", "profiles", "facts", "expired", "hardware-type", "issuer-hosts"];
    private static readonly string[] SingleTerms = [.. FolderTerms, "provenance", "distrusted"];

    /// <summary>For every certificate of the folder.</summary>
    public AnchorTerms Folder { get; private init; } = AnchorTerms.Unlimited;

    /// <summary>By the beginning of the lower-case hex SHA-256 of a certificate.</summary>
    public IReadOnlyDictionary<string, SingleAnchor> Anchors { get; private init; } = new Dictionary<string, SingleAnchor>();

    /// <summary>Reads the text; every mistake is noted with its line, and what has none is kept.</summary>
    public static AnchorTermsFile Parse(string path, string text, Mistakes mistakes)
    {
        if (ProfileFile.Root(path, text, mistakes) is not { } root)
        {
            return new AnchorTermsFile();
        }

        var sections = root.Properties(Sections);
        var folder = sections.TryGetValue("folder", out var node) ? Terms(node.Properties(FolderTerms)) : AnchorTerms.Unlimited;
        var anchors = new Dictionary<string, SingleAnchor>(StringComparer.Ordinal);
        foreach (var (name, single) in sections.TryGetValue("anchors", out node) ? node.Entries() : [])
        {
            var fingerprint = name.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
            if (fingerprint.Length is < ShortestFingerprint or > 64 || !Hex().IsMatch(fingerprint))
            {
                single.Mistake($"'{name}' must be the SHA-256 of a certificate in hex, or at least its first {ShortestFingerprint} digits");
                continue;
            }

            if (anchors.Keys.FirstOrDefault(other => other.StartsWith(fingerprint, StringComparison.Ordinal) || fingerprint.StartsWith(other, StringComparison.Ordinal)) is { } twin)
            {
                single.Mistake($"'{name}' names the same certificate as '{twin}'");
                continue;
            }

            var properties = single.Properties(SingleTerms);
            anchors[fingerprint] = new SingleAnchor(Terms(properties), properties.TryGetValue("provenance", out var said) ? said.Text() : null, single);
        }

        return new AnchorTermsFile { Folder = folder, Anchors = anchors };
    }

    /// <summary>What all files of one folder say of all of its certificates, later files first.</summary>
    public static AnchorTerms ForAll(IEnumerable<AnchorTermsFile> files) => files.Aggregate(AnchorTerms.Unlimited, (earlier, file) => file.Folder.Over(earlier));

    /// <summary>
    /// The certificates of one folder with the terms of all files for it, later ones first: those of the operator's directories count over
    /// the shipped ones. A fingerprint that no certificate has is a mistake.
    /// </summary>
    public static AnchorSet Apply(IReadOnlyList<AnchorTermsFile> files, AnchorSet set)
    {
        var all = set.Anchors.Concat(set.Intermediates).Select(anchor => anchor.Fingerprint).ToList();
        foreach (var (fingerprint, single) in files.SelectMany(file => file.Anchors))
        {
            if (!all.Exists(known => known.StartsWith(fingerprint, StringComparison.Ordinal)))
            {
                // a key is what is trusted or not, and a fingerprint does not tell it
                single.Node.Mistake($"no certificate of this folder has this fingerprint; {NearestName.Hint(fingerprint, [.. all.Select(known => known[..fingerprint.Length])])}");
            }
        }

        return set.WithTerms(
            anchor => files.Select(file => file.Of(anchor)).OfType<SingleAnchor>().ToList() is { Count: > 0 } said
                ? (said.Aggregate(AnchorTerms.Unlimited, (earlier, single) => single.Terms.Over(earlier)), said.FindLast(single => single.Provenance is not null)?.Provenance)
                : null,
            ForAll(files));
    }

    private SingleAnchor? Of(Anchor anchor) =>
        Anchors.FirstOrDefault(single => anchor.Fingerprint.StartsWith(single.Key, StringComparison.Ordinal)).Value;

    private static AnchorTerms Terms(IReadOnlyDictionary<string, ProfileNode> properties) => new()
    {
        Formats = properties.TryGetValue("formats", out var formats) ? Formats(formats) : null,
        Profiles = properties.TryGetValue("profiles", out var profiles) ? Profiles(profiles) : null,
        Facts = properties.TryGetValue("facts", out var facts) ? Facts(facts) : AnchorTerms.Unlimited.Facts,
        Expired = properties.TryGetValue("expired", out var expired)
            ? expired.Choice(new Dictionary<string, ExpiredCertificates> { ["enforce"] = ExpiredCertificates.Enforce, ["ignore"] = ExpiredCertificates.Ignore })
            : null,
        HardwareType = properties.TryGetValue("hardware-type", out var type) ? HardwareType(type) : null,
        IssuerHosts = properties.TryGetValue("issuer-hosts", out var hosts) ? Hosts(hosts) : [],
        Distrusted = properties.TryGetValue("distrusted", out var distrusted) ? Distrusted(distrusted) : null,
    };

    private static IReadOnlyList<string> Formats(ProfileNode node)
    {
        string[] known = [.. AttestationFormats.Names, AnchorTerms.EndorsementKeys];
        return Names(node, text => known.Contains(text) ? null : $"'{text}' is not a format that this version verifies; {NearestName.Hint(text, known)}");
    }

    private static IReadOnlyList<string> Profiles(ProfileNode node) =>
        Names(node, text => ProfileFile.IsName(text) ? null : $"'{text}' must be the name of a profile");

    private static IReadOnlyList<string> Hosts(ProfileNode node) => Names(node, text =>
        Host().IsMatch(text) ? null : $"'{text}' must be the name of a host in lower-case letters, without scheme, port or wildcard");

    private static IReadOnlyList<string> Names(ProfileNode node, Func<string, string?> wrong)
    {
        var items = node.Texts();
        if (items.Count == 0)
        {
            node.Mistake("must name at least one; leave it out for no limit");
        }

        foreach (var (text, item) in items)
        {
            if (wrong(text) is { } problem)
            {
                item.Mistake(problem);
            }
        }

        return [.. items.Select(item => item.Text)];
    }

    private static Dictionary<string, FactValue> Facts(ProfileNode node)
    {
        var facts = new Dictionary<string, FactValue>(StringComparer.Ordinal);
        foreach (var (name, value) in node.Entries())
        {
            if (!FactName().IsMatch(name))
            {
                value.Mistake($"'{name}' must be the name of a fact: lower-case words with dots and inner hyphens, for example {AssuranceLevel.Fact}");
            }

            var text = value.Text() ?? "";
            if (name == AssuranceLevel.Fact && text.Length > 0 && !AssuranceLevel.All.Contains(text))
            {
                value.Mistake($"must be one of {string.Join(", ", AssuranceLevel.All)}, found '{text}'; {NearestName.Hint(text, [.. AssuranceLevel.All])}");
            }

            facts[name] = text switch
            {
                "true" or "false" => new FactValue.Flag(text == "true"),
                _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => new FactValue.Number(number),
                _ => new FactValue.Text(text),
            };
        }

        return facts;
    }

    private static string? HardwareType(ProfileNode node)
    {
        var text = node.Text();
        if (text is not null && !Oid().IsMatch(text))
        {
            node.Mistake($"'{text}' must be an object identifier, for example 1.3.6.1.4.1.9.1.1");
        }

        return text;
    }

    private static Distrust? Distrusted(ProfileNode node)
    {
        var properties = node.Properties(["reason", "since"]);
        var reason = properties.TryGetValue("reason", out var why) ? why.Text() : Missing("reason");
        var since = properties.TryGetValue("since", out var when) ? when.Text() : Missing("since");
        if (reason is null || since is null)
        {
            // an entry that is half written still distrusts: the other way would be the dangerous one
            return new Distrust(reason ?? "no reason was given", DateTimeOffset.UnixEpoch);
        }

        if (!DateTimeOffset.TryParseExact(since, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date))
        {
            when!.Mistake($"'{since}' must be a date, for example 2026-01-31");
        }

        return new Distrust(reason, date);

        string? Missing(string name)
        {
            if (node.IsMapping)
            {
                node.Mistake($"needs {name}");
            }

            return null;
        }
    }

    /// <summary>What is said of one certificate.</summary>
    /// <param name="Terms">Its terms.</param>
    /// <param name="Provenance">Where it came from; null where the file's name must do.</param>
    /// <param name="Node">Where it stands.</param>
    internal sealed record SingleAnchor(AnchorTerms Terms, string? Provenance, ProfileNode Node);

    [GeneratedRegex(@"\A[0-9a-f]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hex();

    [GeneratedRegex(@"\A(?=.{1,253}\z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Host();

    [GeneratedRegex(@"\A[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex FactName();

    [GeneratedRegex(@"\A[0-2](?:\.(?:0|[1-9][0-9]*))+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Oid();
}
