using System.Security.Cryptography;
using DeviceAcme.Cli.Apple.Plist;

namespace DeviceAcme.Cli.Apple;

/// <summary>The declarative way: a document that the device fetches, and the two declarations that lead to it.</summary>
internal static class Declaration
{
    public const string AssetType = "com.apple.asset.credential.acme";
    private const string IdentityType = "com.apple.configuration.security.identity";

    /// <summary>The asset's data, <c>com.apple.credential.acme</c>: what a device downloads from the asset's DataURL as application/json.</summary>
    public static PlistValue.Dictionary Credential(AcmePayload payload) => new(payload.Keys());

    /// <summary>The asset and the configuration that installs it as an identity; a service gives them to the device with the tokens that stand in them.</summary>
    /// <param name="credential">What the document at <paramref name="dataUrl"/> holds; with another one, the tokens are others.</param>
    public static IReadOnlyList<PlistValue.Dictionary> Declarations(string identifier, string dataUrl, ReadOnlySpan<byte> credential)
    {
        var token = Convert.ToHexStringLower(SHA256.HashData(credential));
        var asset = $"{identifier}.asset";
        return
        [
            Of(AssetType, asset, token,
            [
                new("Reference", new PlistValue.Dictionary(
                [
                    new("DataURL", new PlistValue.Text(dataUrl)),
                    new("ContentType", new PlistValue.Text("application/json")),
                ])),
            ]),
            Of(IdentityType, $"{identifier}.identity", token, [new("CredentialAssetReference", new PlistValue.Text(asset))]),
        ];
    }

    private static PlistValue.Dictionary Of(string type, string identifier, string token, KeyValuePair<string, PlistValue>[] payload) => new(
    [
        new("Type", new PlistValue.Text(type)),
        new("Identifier", new PlistValue.Text(identifier)),
        new("ServerToken", new PlistValue.Text(token)),
        new("Payload", new PlistValue.Dictionary(payload)),
    ]);
}
