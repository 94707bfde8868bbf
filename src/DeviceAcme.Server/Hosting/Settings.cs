namespace DeviceAcme.Server.Hosting;

/// <summary>The one table of settings, in the order in which help and documentation show them.</summary>
internal static class Settings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Path("data", "DIR", "folder of the database, the keys and the CA; made when missing", "data",
            (options, path) => options with { DataDirectory = path }) with
        { ForSubcommands = true },
        One("database", "URL", "PostgreSQL in the place of SQLite, for one node or several: postgres://USER@HOST/NAME, or a connection string of Npgsql; a password stands better in " + DatabaseVariable + " or PGPASSFILE than on a command line", null,
            (options, text) => options with { Database = DatabaseUrl.Parse(text) }) with
        { DefaultText = "SQLite in the data directory", ForSubcommands = true },
        One("url", "URL", "public base URL, and where to listen unless --listen says otherwise", "https://localhost:14000",
            (options, text) => options with { Url = SettingValues.HttpsUrl(text) }),
        List("listen", "URL", "addresses to listen on where they differ from --url, for example http://127.0.0.1:8080 behind a proxy that ends TLS",
            "the host and port of --url", SettingValues.ListenUrl, (options, urls) => options with { Listen = urls }),
        List("trusted-proxies", "CIDR", "networks whose X-Forwarded-For and X-Forwarded-Proto headers are believed; from all others they are ignored",
            "none", SettingValues.Network, (options, networks) => options with { TrustedProxies = networks }),
        Path("profiles", "DIR", "folder of the certificate profiles (*.yaml)", null,
            (options, path) => options with { ProfilesDirectory = SettingValues.ExistingFolder(path) }) with
        { DefaultText = "the profiles shipped with the program", ForSubcommands = true },
        One("profile-files", "offer|follow", "what a start does with a profile's file where an administrator activated something else: offer keeps the activation and says so, follow puts the file into force", "offer",
            (options, text) => options with { FollowProfileFiles = SettingValues.OneOf(text, "offer", "follow") == "follow" }),
        One("default-profile", "NAME", "profile that /directory serves", "tls-server",
            (options, text) => options with { DefaultProfile = SettingValues.ProfileName(text) }),
        List("anchors", "DIR", "folders with more vendor roots, as FORMAT/*.pem", "none beside the shipped ones",
            SettingValues.ExistingFolder, (options, folders) => options with { AnchorDirectories = folders }) with
        { IsPath = true },
        List("devices", "FILE", "inventories (CSV or JSON) that are brought into the device ledger at start; what is there already stays",
            "none", SettingValues.ExistingFile, (options, files) => options with { DeviceInventories = files }) with
        { IsPath = true },
        Path("sync", "FILE", "YAML: inventories of others (MDM, CMDB) that the device ledger is kept in step with", null,
            (options, path) => options with { SyncFile = SettingValues.ExistingFile(path) }) with
        { DefaultText = "none" },
        Path("secrets", "DIR", "folder with the secrets that webhooks of profiles and inventories name, a file each; read again at each use", null,
            (options, path) => options with { SecretsDirectory = SettingValues.ExistingFolder(path) }) with
        { DefaultText = "secrets in the data directory" },
        Path("android-status-list", "FILE|URL", "Google's list of revoked Android attestation certificates, https://android.googleapis.com/attestation/status or a copy; without it android-key evidence is refused unless the profile accepts that", null,
            (options, text) => options with { AndroidStatusList = SettingValues.FileOrHttpsUrl(text) }) with
        { DefaultText = "none" },
        One("dns-resolver", "IP:PORT", "resolver that all validation look-ups ask (A, AAAA, TXT, CAA)", null,
            (options, text) => options with { DnsResolver = SettingValues.Resolver(text) }) with
        { DefaultText = "the system's" },
        One("http-01-port", "PORT", "port that http-01 validations connect to", "80",
            (options, text) => options with { Http01Port = SettingValues.Port(text) }),
        One("tls-alpn-01-port", "PORT", "port that tls-alpn-01 validations connect to", "443",
            (options, text) => options with { TlsAlpn01Port = SettingValues.Port(text) }),
        List("validation-networks", "CIDR", "networks that validation may reach although it does not by default: loopback, link-local and the like",
            "none", SettingValues.Network, (options, networks) => options with { ValidationNetworks = networks }),
        One("status-url", "URL", "public base URL of CRLs and CA certificates, plain HTTP; it is written into certificates", "http://localhost:14001",
            (options, text) => options with { StatusUrl = SettingValues.HttpUrl(text) }) with
        { ForSubcommands = true },
        One("status-listen", "URL", "address of the status listener where it differs from --status-url", null,
            (options, text) => options with { StatusListen = SettingValues.PlainListenUrl(text) }) with
        { DefaultText = "the host and port of --status-url" },
        One("admin-url", "URL", "the admin listener: http on a loopback address, https on any", "http://localhost:14002",
            (options, text) => options with { AdminUrl = SettingValues.AdminUrl(text) }) with
        { ForSubcommands = true },
        Path("admin-client-ca", "FILE", "PEM: the CAs whose client certificates administrators may show, intermediates among them; needs an https --admin-url", null,
            (options, path) => options with { AdminClientCa = SettingValues.ExistingFile(path) }) with
        { DefaultText = "none are asked for" },
        List("admin-client-roles", "NAME=ROLE", "what a common name or mail address in such a certificate stands for: olga=officer, or olga=officer:tls-server+printer for two profiles",
            "none", SettingValues.Grant, (options, grants) => options with { AdminClientRoles = grants }),
        One("admin-oidc-issuer", "URL", "OIDC provider whose tokens (JWT) administrators may show", null,
            (options, text) => options with { AdminOidcIssuer = SettingValues.Issuer(text) }) with
        { DefaultText = "none" },
        One("admin-oidc-audience", "TEXT", "audience that its tokens must be for", null,
            (options, text) => options with { AdminOidcAudience = text }) with
        { DefaultText = "with --admin-oidc-issuer" },
        One("admin-oidc-role-claim", "NAME", "claim that holds roles or groups", "roles",
            (options, text) => options with { AdminOidcRoleClaim = text }),
        List("admin-oidc-roles", "VALUE=ROLE", "what a value of that claim stands for, as in --admin-client-roles", "the values are the names of roles",
            SettingValues.Grant, (options, grants) => options with { AdminOidcRoles = grants }),
        One("reuse-authorizations", "true|false", "whether a valid authorization of a name or an address serves later orders of its account too, for as long as it lasts; devices are proven for each order", "false",
            (options, text) => options with { ReuseAuthorizations = SettingValues.OneOf(text, "true", "false") == "true" }),
        List("caa-identities", "DOMAIN", "names by which CAA records allow this CA", "none",
            SettingValues.DomainName, (options, names) => options with { CaaIdentities = names }),
        One("terms-of-service", "URL", "terms that an account must agree to", null,
            (options, text) => options with { TermsOfService = SettingValues.WebUrl(text) }) with
        { DefaultText = "none" },
        Path("tls-certificate", "FILE", "certificate of the ACME listener with its chain, PEM; read again when it changes", null,
            (options, path) => options with { TlsCertificate = SettingValues.ExistingFile(path) }) with
        { DefaultText = "one of the built-in CA for the host of --url, renewed by itself" },
        Path("tls-key", "FILE", "its key, PEM", null,
            (options, path) => options with { TlsKey = SettingValues.ExistingFile(path) }) with
        { DefaultText = "with --tls-certificate" },
        One("ca-name", "NAME", "common name of a new root, and the beginning of its issuing CA's", null,
            (options, text) => options with { CaName = SettingValues.CommonName(text) }) with
        { DefaultText = "a name that no other installation has", ForSubcommands = true },
        Path("ca-passphrase-file", "FILE", "its first line encrypts the CA's keys; the variable " + PassphraseVariable + " does the same", null,
            (options, path) => options with { CaPassphrase = SettingValues.Secret(path) }) with
        { DefaultText = "keys are not encrypted", ForSubcommands = true },
        One("end-with-input", "true|false", "whether the server ends when its standard input does: for a program that starts it and may itself be killed", "false",
            (options, text) => options with { EndsWithInput = SettingValues.OneOf(text, "true", "false") == "true" }),
        One("max-requests", "N", "signed requests that are worked on at once; four times as many wait, and the rest is answered 503 with Retry-After", "256",
            (options, text) => options with { MostRequests = SettingValues.Number(text, 1, 10_000) }),
        One("max-connections", "N", "connections that the ACME listener holds open, and the status listener as many; one address has at most half of them unless it is a trusted proxy", "8192",
            (options, text) => options with { MostConnections = SettingValues.Number(text, 2, 1_000_000) }),
        One("keep-unfinished-orders", "DAYS", "days after which orders that came to no certificate are dropped, with their authorizations; evidence is kept as profiles say", "90",
            (options, text) => options with { KeepUnfinishedOrders = TimeSpan.FromDays(SettingValues.Number(text, 1, 36_500)) }),
        One("log-level", "LEVEL", "what is logged on stderr: warning, information or debug", "information",
            (options, text) => options with { LogLevel = SettingValues.Level(text) }) with
        { ForSubcommands = true },
    ];

    /// <summary>The variable of <c>--database</c>: others can read a command line.</summary>
    public const string DatabaseVariable = "DEVICEACME_DATABASE";

    /// <summary>The passphrase itself; only the environment has it, because others can read a command line.</summary>
    public const string PassphraseVariable = "DEVICEACME_CA_PASSPHRASE";

    /// <summary>The file that is read from the working directory unless <c>--config</c> names another.</summary>
    public const string FileName = "deviceacme.yaml";

    public const string ConfigOption = "--config";
    public const string ConfigVariable = "DEVICEACME_CONFIG";
    public const string ConfigHelp = "file with the same settings by name";

    /// <summary>What the table's defaults are laid over: the parts that depend on where the program is.</summary>
    public static ServerOptions Start => new()
    {
        DataDirectory = "",
        Url = new Uri("https://localhost"),
        ProfilesDirectory = ShippedProfiles,
    };

    /// <summary>The profiles and vendor roots that come with the program.</summary>
    public static string ShippedProfiles { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "profiles");

    private static Setting One(string name, string valueName, string help, string? value, Func<ServerOptions, string, ServerOptions> apply) => new()
    {
        Name = name,
        ValueName = valueName,
        Help = help,
        Default = value,
        Apply = (options, values) => apply(options, values[0]),
    };

    private static Setting Path(string name, string valueName, string help, string? value, Func<ServerOptions, string, ServerOptions> apply) =>
        One(name, valueName, help, value, apply) with { IsPath = true };

    private static Setting List<T>(
        string name, string valueName, string help, string defaultText, Func<string, T> parse, Func<ServerOptions, IReadOnlyList<T>, ServerOptions> apply) => new()
        {
            Name = name,
            ValueName = valueName,
            Help = help,
            DefaultText = defaultText,
            IsList = true,
            Apply = (options, values) => apply(options, [.. values.Select(parse)]),
        };
}
