using DeviceAcme.Cli.Apple.Plist;

namespace DeviceAcme.Cli.Apple;

/// <summary>A Wi-Fi network that the identity of an ACME payload opens (EAP-TLS).</summary>
/// <param name="Ssid">Its name.</param>
/// <param name="Servers">Names that the RADIUS server's certificate may have: without them, anybody with a certificate of the same root could pose as it.</param>
internal sealed record WifiNetwork(string Ssid, IReadOnlyList<string> Servers)
{
    private const int EapTls = 13;

    /// <summary>The keys of <c>com.apple.wifi.managed</c>.</summary>
    /// <param name="identity">PayloadUUID of the ACME payload.</param>
    /// <param name="anchors">PayloadUUIDs of the roots that vouch for the RADIUS server.</param>
    public IReadOnlyList<KeyValuePair<string, PlistValue>> Keys(string identity, IReadOnlyList<string> anchors) =>
    [
        new("SSID_STR", new PlistValue.Text(Ssid)),
        new("AutoJoin", new PlistValue.Flag(true)),
        new("EncryptionType", new PlistValue.Text("WPA2")),
        new(AppleKey.PayloadCertificateUuid, new PlistValue.Text(identity)),
        new("EAPClientConfiguration", new PlistValue.Dictionary(
        [
            new("AcceptEAPTypes", new PlistValue.Array([new PlistValue.Integer(EapTls)])),
            new("PayloadCertificateAnchorUUID", new PlistValue.Array([.. anchors.Select(anchor => new PlistValue.Text(anchor))])),
            new("TLSTrustedServerNames", new PlistValue.Array([.. Servers.Select(name => new PlistValue.Text(name))])),
            // RFC 8996: earlier versions are not to be used; Apple's default begins at 1.0
            new("TLSMinimumVersion", new PlistValue.Text("1.2")),
        ])),
    ];
}
