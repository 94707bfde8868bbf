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

    public string Kind { get; init; } = "";
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
        var kind = ReadKind(fields);
        fields.Require("kind");
        return ReadOver(fields, new DeviceFile { Kind = kind, Client = ClientOf(kind) }) with { Fault = fields.Text("fault", "one thing that it does wrongly; 'device-sim faults' lists them") };
    }

    /// <summary>Reads the member kind, which may be missing.</summary>
    public static string ReadKind(YamlFields fields) => fields.Word("kind", "what it is", Devices.Kinds) ?? "";

    /// <summary>Habits of the clients of a kind.</summary>
    public static ClientBehaviour ClientOf(string kind) => Devices.Kinds.Contains(kind) ? Devices.Find(kind).Client : new ClientBehaviour();

    /// <summary>Reads what differs from a device that is known already.</summary>
    public static DeviceFile ReadOver(YamlFields fields, DeviceFile known)
    {
        var external = fields.Section("external-account", ReadExternalAccount, "its external account (RFC 8555 §7.3.4); Apple's client knows none");
        if (external is not null && Devices.Kinds.Contains(known.Kind) && !Devices.Find(known.Kind).KnowsExternalAccounts)
        {
            fields.Mistake("external-account", $"the client of a device of kind {known.Kind} cannot send one: give it a ticket as its client-identifier or as a directory");
        }

        return known with
        {
            Key = fields.Word("key", "type of the certificate's key", DeviceKeys.Types) ?? known.Key,
            Serial = fields.Text("serial", "serial number; for a TPM its name, for a YubiKey a decimal number, for an authenticator hex") ?? known.Serial,
            ClientIdentifier = fields.Text("client-identifier", "Apple: ordered in place of the serial number") ?? known.ClientIdentifier,
            Seed = fields.Text("seed", "account key and device key grow from it, so each run has the same; without it they are drawn") ?? known.Seed,
            Directory = fields.Text("directory", "URL of the ACME directory") ?? known.Directory,
            Profile = fields.Text("profile", "profile to name in the order") ?? known.Profile,
            Names = fields.Texts("names", "server: DNS names and IP addresses") is { Count: > 0 } names ? names : known.Names,
            Facts = fields.Section("facts", section => ReadFacts(section, known.Facts), "what the hardware says; an empty text is a blank property") ?? known.Facts,
            Csr = fields.Section("csr", ReadCsr, "what the request asks for, in place of the kind's own") ?? known.Csr,
            ShortSignatures = fields.Flag("short-signatures", "ES256 signatures without leading zeros, as macOS sends them") ?? known.ShortSignatures,
            Client = fields.Section("client", section => ReadClient(section, known.Client), "habits of its ACME client") ?? known.Client,
            ExternalAccount = external ?? known.ExternalAccount,
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

    private static DeviceFacts ReadFacts(YamlFields fields, DeviceFacts known) => new()
    {
        Udid = fields.Text("udid", "Apple") ?? known.Udid,
        Imei = fields.Text("imei", "Android") ?? known.Imei,
        Model = fields.Text("model", "Apple: as software update calls it, for example J514sAP; Android") ?? known.Model,
        OsVersion = fields.Text("os-version", "Apple: 15.6; Android: 160000 is 16") ?? known.OsVersion,
        SecureBoot = fields.Text("secure-boot", "Macs: Full Security, Reduced Security, Permissive Security") ?? known.SecureBoot,
        Sip = fields.Number("sip", "Macs: System Integrity Protection; 0 is on") ?? known.Sip,
        PatchLevel = fields.Number("patch-level", "Android: YYYYMM") ?? known.PatchLevel,
        StrongBox = fields.Flag("strongbox", "Android: the key lives in a chip of its own") ?? known.StrongBox,
        Firmware = fields.Text("firmware", "YubiKey: 5.7.4") ?? known.Firmware,
        TpmVendor = fields.Text("tpm-vendor", "tpm-ek: the vendor in the endorsement certificate, as id:49465800") ?? known.TpmVendor,
    };

    private static CsrContent ReadCsr(YamlFields fields) => new()
    {
        CommonName = fields.Text("common-name"),
        PermanentIdentifier = fields.Text("permanent-identifier", "alone, or dns, email and uri"),
        Dns = fields.Texts("dns"),
        Emails = fields.Texts("email"),
        Uris = [.. fields.Texts("uri").Select(uri => Absolute(fields, uri)).OfType<Uri>()],
        ExtendedKeyUsage = fields.Texts("extended-key-usage", "OIDs"),
        KeyUsage = fields.Word("key-usage", "both is digital-signature and key-encipherment", KeyUsages) ?? X509KeyUsageFlags.None,
    };

    private static Uri? Absolute(YamlFields fields, string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            return uri;
        }

        fields.Mistake("uri", $"expected absolute URIs, found '{text}'");
        return null;
    }

    private static ClientBehaviour ReadClient(YamlFields fields, ClientBehaviour known) => new()
    {
        LooksForAccountFirst = fields.Flag("looks-for-account-first", "onlyReturnExisting before newAccount") ?? known.LooksForAccountFirst,
        Contact = fields.Texts("contact", "for example mailto:ada@example.com") is { Count: > 0 } contact ? contact : known.Contact,
        AgreesToTerms = fields.Flag("agrees-to-terms", "termsOfServiceAgreed in newAccount") ?? known.AgreesToTerms,
        Polls = fields.Word("polls", "where it looks while a validation runs", ("authorization", Polled.Authorization), ("challenge", Polled.Challenge), ("order", Polled.Order)) ?? known.Polls,
        LongestPause = fields.Duration("longest-pause", "between two looks, whatever Retry-After says") ?? known.LongestPause,
        LooksAtOrderBeforeFinalize = fields.Flag("looks-at-order-before-finalize") ?? known.LooksAtOrderBeforeFinalize,
        UserAgent = fields.Text("user-agent") ?? known.UserAgent,
    };

    private static ExternalAccountCredential? ReadExternalAccount(YamlFields fields)
    {
        var (id, key) = (fields.RequiredText("key-id"), fields.RequiredText("key", "base64url without padding"));
        if (Base64Url.TryDecode(key, 1024, out var octets))
        {
            return new ExternalAccountCredential(id, octets);
        }

        fields.Mistake("key", "expected base64url without padding");
        return null;
    }
}
