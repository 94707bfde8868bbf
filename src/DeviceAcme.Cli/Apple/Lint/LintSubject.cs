using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>A dictionary of the file and where it stands.</summary>
internal sealed record FoundPayload(string Path, PlistValue.Dictionary Keys)
{
    public string At(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    public string? Text(string key) => Keys.TextOf(key);

    public long? Number(string key) => (Keys.Find(key) as PlistValue.Integer)?.Value;

    public bool? Flag(string key) => (Keys.Find(key) as PlistValue.Flag)?.Value;

    public IReadOnlyList<PlistValue>? Items(string key) => (Keys.Find(key) as PlistValue.Array)?.Items;
}

/// <summary>What rules look at: the file, and what is known of the world around it.</summary>
internal sealed record LintSubject
{
    public required PayloadFile File { get; init; }

    /// <summary>The profile that it is compared with; null where none is known, and rules about it are silent then.</summary>
    public CertificateProfile? Profile { get; init; }

    /// <summary>Base URL of the server; null where it is not known.</summary>
    public string? ServerUrl { get; init; }

    /// <summary>The roots that devices need; empty where they are not known.</summary>
    public IReadOnlyList<X509Certificate2> Roots { get; init; } = [];

    /// <summary>The management that will deliver it; null where it is not known.</summary>
    public MdmService? Mdm { get; init; }

    /// <summary>The oldest systems that it will be delivered to.</summary>
    public IReadOnlyList<AppleSystem> Systems { get; init; } = [];

    public required DateTimeOffset Now { get; init; }

    /// <summary>Every payload of the file; a payload alone is its own.</summary>
    public IReadOnlyList<FoundPayload> Payloads => !File.IsProfile ? [new FoundPayload("", File.Root)]
        : File.Root.Find(AppleKey.PayloadContent) is PlistValue.Array content
            ? [.. content.Items.Select((item, index) => (item, index)).Where(entry => entry.item is PlistValue.Dictionary)
                .Select(entry => new FoundPayload($"{AppleKey.PayloadContent}[{entry.index}]", (PlistValue.Dictionary)entry.item))]
            : [];

    /// <summary>Those that get a certificate.</summary>
    public IReadOnlyList<FoundPayload> AcmePayloads => File.IsDeclarative
        ? Payloads
        : [.. Payloads.Where(payload => payload.Text(AppleKey.PayloadType) == AppleKey.AcmePayload)];
}

/// <summary>An operating system of Apple's and the oldest version of it that is meant.</summary>
internal sealed record AppleSystem(string Name, Version Version)
{
    /// <summary>Since when each has the payload and its declarative twin (Apple device-management schema).</summary>
    public static IReadOnlyDictionary<string, (Version Profile, Version Declarative)> Since { get; } = new Dictionary<string, (Version, Version)>(StringComparer.Ordinal)
    {
        ["ios"] = (new(16, 0), new(17, 0)),
        ["ipados"] = (new(16, 0), new(17, 0)),
        ["macos"] = (new(13, 1), new(14, 0)),
        ["tvos"] = (new(16, 0), new(17, 0)),
        ["visionos"] = (new(1, 0), new(1, 1)),
        ["watchos"] = (new(9, 0), new(10, 0)),
    };

    public override string ToString() => $"{Name} {Version}";

    /// <summary>Reads <c>macos=13.6</c>.</summary>
    public static AppleSystem Parse(string text)
    {
        var parts = text.Split('=');
        var name = parts[0].ToLowerInvariant();
        if (parts.Length != 2 || !Since.ContainsKey(name))
        {
            throw new WrongUse($"--os: expected a system and a version such as macos=13.6, found '{text}'", "systems are " + string.Join(", ", Since.Keys));
        }

        return int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? new AppleSystem(name, new Version(major, 0))
            : Version.TryParse(parts[1], out var version) ? new AppleSystem(name, version)
            : throw new WrongUse($"--os: expected a version such as 13.6, found '{parts[1]}'");
    }
}
