using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Files;

/// <summary>A device file: what a device is, what its hardware says of it, and how its client behaves. README.md lists the members.</summary>
internal sealed record DeviceFile
{
    private static readonly (string Word, X509KeyUsageFlags Value)[] KeyUsages =
        [("digital-signature", X509KeyUsageFlags.DigitalSignature), ("key-encipherment", X509KeyUsageFlags.KeyEncipherment), ("both", X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment)];

    public required string Kind { get; init; }
    public string? Serial { get; init; }
    public string? ClientIdentifier { get; init; }
    public string? Key { get; init; }
    public string? Seed { get; init; }
    public string? Directory { get; init; }
    public string? Profile { get; init; }
    public IReadOnlyList<string> Names { get; init; } = [];
    public DeviceFacts Facts { get; init; } = new();

    /// <summary>Null for the kind's own.</summary>
    public CsrContent? Csr { get; init; }
    public bool? ShortSignatures { get; init; }
    public ClientBehaviour Client { get; init; } = new();
    public ExternalAccountCredential? ExternalAccount { get; init; }
    public string? Fault { get; init; }

    /// <exception cref="SimulatorException">The file cannot be read, or something in it is wrong.</exception>
    public static DeviceFile Read(string file) => YamlFields.ReadFile(file, Read);

    public static DeviceFile Read(YamlFields fields)
    {
        var kind = fields.RequiredText("kind");
        if (kind.Length > 0 && !Devices.Kinds.Contains(kind))
        {
            fields.Mistake("kind", $"expected one of {string.Join(", ", Devices.Kinds)}, found '{kind}'");
        }

        var key = fields.Text("key");
        if (key is not null && !DeviceKeys.Types.Contains(key))
        {
            fields.Mistake("key", $"expected one of {string.Join(", ", DeviceKeys.Types)}, found '{key}'");
        }

        return new DeviceFile
        {
            Kind = kind,
            Key = key,
            Serial = fields.Text("serial"),
            ClientIdentifier = fields.Text("client-identifier"),
            Seed = fields.Text("seed"),
            Directory = fields.Text("directory"),
            Profile = fields.Text("profile"),
            Names = fields.Texts("names"),
            Facts = fields.Section("facts", ReadFacts) ?? new DeviceFacts(),
            Csr = fields.Section("csr", ReadCsr),
            ShortSignatures = fields.Flag("short-signatures"),
            Client = fields.Section("client", ReadClient) ?? new ClientBehaviour(),
            ExternalAccount = fields.Section("external-account", ReadExternalAccount),
            Fault = fields.Text("fault"),
        };
    }

    /// <summary>The file's device as the simulator starts it.</summary>
    public DeviceSettings Settings() => new()
    {
        Kind = Kind,
        Key = Key,
        Serial = Serial,
        Ordered = ClientIdentifier,
        Names = Names,
        Facts = Facts,
        Csr = Csr,
        ShortSignatures = ShortSignatures,
        Seed = Seed is null ? null : new Seed("device:" + Seed),
    };

    private static DeviceFacts ReadFacts(YamlFields fields) => new()
    {
        Udid = fields.Text("udid"),
        Imei = fields.Text("imei"),
        Model = fields.Text("model"),
        OsVersion = fields.Text("os-version"),
        SecureBoot = fields.Text("secure-boot"),
        Sip = fields.Number("sip"),
        PatchLevel = fields.Number("patch-level"),
        StrongBox = fields.Flag("strongbox"),
        Firmware = fields.Text("firmware"),
    };

    private static CsrContent ReadCsr(YamlFields fields) => new()
    {
        CommonName = fields.Text("common-name"),
        PermanentIdentifier = fields.Text("permanent-identifier"),
        Dns = fields.Texts("dns"),
        Emails = fields.Texts("email"),
        Uris = [.. fields.Texts("uri").Select(uri => Uri.TryCreate(uri, UriKind.Absolute, out var read) ? read : null).OfType<Uri>()],
        ExtendedKeyUsage = fields.Texts("extended-key-usage"),
        KeyUsage = fields.Word("key-usage", KeyUsages) ?? X509KeyUsageFlags.None,
    };

    private static ClientBehaviour ReadClient(YamlFields fields) => new()
    {
        LooksForAccountFirst = fields.Flag("looks-for-account-first") ?? false,
        Contact = fields.Texts("contact"),
        Polls = fields.Word("polls", ("authorization", Polled.Authorization), ("challenge", Polled.Challenge), ("order", Polled.Order)) ?? Polled.Authorization,
        LongestPause = fields.Duration("longest-pause") ?? new ClientBehaviour().LongestPause,
        LooksAtOrderBeforeFinalize = fields.Flag("looks-at-order-before-finalize") ?? true,
    };

    private static ExternalAccountCredential? ReadExternalAccount(YamlFields fields)
    {
        var (id, key) = (fields.RequiredText("key-id"), fields.RequiredText("key"));
        if (Base64Url.TryDecode(key, 1024, out var octets))
        {
            return new ExternalAccountCredential(id, octets);
        }

        fields.Mistake("key", "expected base64url without padding");
        return null;
    }
}
