using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Cli.Apple.Plist;

namespace DeviceAcme.Cli.Apple;

/// <summary>A <c>.mobileconfig</c>: the root to trust, the identity to get, and optionally the network that it opens.</summary>
internal sealed record ConfigurationProfile
{
    public required AcmePayload Acme { get; init; }

    /// <summary>Reverse-DNS; the same identifier replaces what is installed under it.</summary>
    public required string Identifier { get; init; }

    public required string DisplayName { get; init; }

    public string? Organization { get; init; }

    /// <summary>Roots of the certificates and of the directory's TLS; none where devices trust them already.</summary>
    public required IReadOnlyList<X509Certificate2> Roots { get; init; }

    public WifiNetwork? Wifi { get; init; }

    /// <summary>Roots of the RADIUS server where they are others than <see cref="Roots"/>.</summary>
    public IReadOnlyList<X509Certificate2> WifiRoots { get; init; } = [];

    public PlistValue.Dictionary ToPlist()
    {
        var identity = Payload(AppleKey.AcmePayload, "acme", DisplayName, Acme.Keys());
        var roots = Roots.Concat(WifiRoots).DistinctBy(root => root.Thumbprint).Select(root => (Root: root, Payload: Root(root))).ToArray();
        var anchors = roots.Where(item => (WifiRoots.Count > 0 ? WifiRoots : Roots).Any(root => root.Thumbprint == item.Root.Thumbprint)).Select(item => Uuid(item.Payload));
        PlistValue[] payloads =
        [
            .. roots.Select(item => item.Payload),
            identity,
            .. Wifi is null ? [] : new[] { Payload(AppleKey.WifiPayload, "wifi", Wifi.Ssid, Wifi.Keys(Uuid(identity), [.. anchors])) },
        ];
        return new PlistValue.Dictionary(
        [
            new(AppleKey.PayloadContent, new PlistValue.Array(payloads)),
            .. Organization is null ? [] : new KeyValuePair<string, PlistValue>[] { new(AppleKey.PayloadOrganization, new PlistValue.Text(Organization)) },
            // macOS takes a profile without it for the user's own
            new(AppleKey.PayloadScope, new PlistValue.Text("System")),
            .. Common(AppleKey.Configuration, Identifier, DisplayName),
        ]);
    }

    private PlistValue.Dictionary Payload(string type, string name, string displayName, IReadOnlyList<KeyValuePair<string, PlistValue>> keys) =>
        new([.. keys, .. Common(type, $"{Identifier}.{name}", displayName)]);

    private PlistValue.Dictionary Root(X509Certificate2 root) => Payload(
        AppleKey.RootPayload,
        $"root.{root.Thumbprint[..16].ToLowerInvariant()}",
        root.GetNameInfo(X509NameType.SimpleName, false),
        [new(AppleKey.PayloadContent, new PlistValue.Data(root.RawDataMemory))]);

    private KeyValuePair<string, PlistValue>[] Common(string type, string identifier, string displayName) =>
    [
        new(AppleKey.PayloadType, new PlistValue.Text(type)),
        new(AppleKey.PayloadVersion, new PlistValue.Integer(1)),
        new(AppleKey.PayloadIdentifier, new PlistValue.Text(identifier)),
        new(AppleKey.PayloadUuid, new PlistValue.Text(PayloadUuid.Of(type, identifier, Acme.DirectoryUrl))),
        new(AppleKey.PayloadDisplayName, new PlistValue.Text(displayName)),
    ];

    private static string Uuid(PlistValue.Dictionary payload) => payload.TextOf(AppleKey.PayloadUuid)!;
}
