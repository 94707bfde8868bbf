using System.Net;
using DeviceAcme.Core.Administration;

namespace DeviceAcme.Server;

/// <summary>The server's settings, validated; from the command line, the environment and <c>deviceacme.yaml</c>.</summary>
/// <remarks>Names, defaults and texts stand in <see cref="Hosting.Settings"/>; paths are absolute.</remarks>
internal sealed record ServerOptions
{
    public required string DataDirectory { get; init; }

    /// <summary>Connection string of a PostgreSQL database, with its password; null: SQLite in the data directory.</summary>
    public string? Database { get; init; }

    /// <summary>Public base URL without a trailing slash in <see cref="BaseUrl"/>.</summary>
    public required Uri Url { get; init; }

    /// <summary>Where to listen; empty means the host and port of <see cref="Url"/>.</summary>
    public IReadOnlyList<Uri> Listen { get; init; } = [];

    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];
    public required string ProfilesDirectory { get; init; }

    /// <summary>A start puts the profiles' files into force, also where an administrator activated something else.</summary>
    public bool FollowProfileFiles { get; init; }

    public string DefaultProfile { get; init; } = "tls-server";
    public IReadOnlyList<string> AnchorDirectories { get; init; } = [];

    /// <summary>Inventories that are brought into the ledger at start.</summary>
    public IReadOnlyList<string> DeviceInventories { get; init; } = [];

    /// <summary>The file that names inventories of others; null: there are none.</summary>
    public string? SyncFile { get; init; }

    /// <summary>Folder with the secrets of webhooks and inventories; null: <c>secrets</c> in the data directory.</summary>
    public string? SecretsDirectory { get; init; }

    /// <summary>Google's list of revoked attestation certificates, a file or an https URL; null: none is loaded.</summary>
    public Uri? AndroidStatusList { get; init; }

    public IPEndPoint? DnsResolver { get; init; }
    public int Http01Port { get; init; } = 80;
    public int TlsAlpn01Port { get; init; } = 443;
    public IReadOnlyList<IPNetwork> ValidationNetworks { get; init; } = [];

    /// <summary>Public base URL of CRLs and CA certificates; null: none are published.</summary>
    public Uri? StatusUrl { get; init; }

    /// <summary>Where the status listener listens; null means the host and port of <see cref="StatusUrl"/>.</summary>
    public Uri? StatusListen { get; init; }

    /// <summary>The admin listener, on loopback or over TLS; null: there is none.</summary>
    public Uri? AdminUrl { get; init; }

    /// <summary>PEM file with the CAs of administrators' certificates; null: none are asked for.</summary>
    public string? AdminClientCa { get; init; }

    /// <summary>What the names in administrators' certificates stand for.</summary>
    public IReadOnlyList<AdminGrant> AdminClientRoles { get; init; } = [];

    /// <summary>The OIDC provider whose tokens are believed; null: none is.</summary>
    public Uri? AdminOidcIssuer { get; init; }

    public string? AdminOidcAudience { get; init; }
    public string AdminOidcRoleClaim { get; init; } = "roles";

    /// <summary>What the values of the role claim stand for; empty: they are the names of roles.</summary>
    public IReadOnlyList<AdminGrant> AdminOidcRoles { get; init; } = [];

    public IReadOnlyList<string> CaaIdentities { get; init; } = [];
    public Uri? TermsOfService { get; init; }
    public string? TlsCertificate { get; init; }
    public string? TlsKey { get; init; }

    /// <summary>Common name of a new root, and the beginning of its issuing CA's; null: one that is unique to this installation.</summary>
    public string? CaName { get; init; }

    /// <summary>Passphrase of the CA's key files; null leaves them unencrypted.</summary>
    public string? CaPassphrase { get; init; }

    /// <summary>Valid authorizations of names and addresses serve later orders of their account (RFC 8555 §7.1.3).</summary>
    public bool ReuseAuthorizations { get; init; }

    /// <summary>The server ends when its standard input does.</summary>
    public bool EndsWithInput { get; init; }

    /// <summary>Requests that are worked on at once.</summary>
    public int MostRequests { get; init; } = 256;

    /// <summary>Connections that the ACME listener holds open, and the status listener as many.</summary>
    public int MostConnections { get; init; } = 8192;

    /// <summary>How long orders without a certificate are kept.</summary>
    public TimeSpan KeepUnfinishedOrders { get; init; } = TimeSpan.FromDays(90);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The public base URL as clients write it, without a trailing slash.</summary>
    public string BaseUrl => Url.AbsoluteUri.TrimEnd('/');
}
