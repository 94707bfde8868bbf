using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Cli;

/// <summary>A server elsewhere, as the environment names it: where, with which credential, and which root to trust.</summary>
internal sealed record RemoteServer(Uri Url)
{
    public const string UrlVariable = "DEVICEACME_ADMIN_URL";
    public const string TokenVariable = "DEVICEACME_ADMIN_TOKEN";
    public const string TokenFileVariable = "DEVICEACME_ADMIN_TOKEN_FILE";
    public const string CaVariable = "DEVICEACME_ADMIN_CA";
    public const string CertificateVariable = "DEVICEACME_ADMIN_CERTIFICATE";
    public const string KeyVariable = "DEVICEACME_ADMIN_KEY";

    /// <summary>What goes behind <c>Bearer</c>; null where a client certificate stands for the caller.</summary>
    public string? Token { get; init; }

    /// <summary>PEM; null: what the system trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM files of a client certificate and its key.</summary>
    public (string Certificate, string Key)? ClientCertificate { get; init; }

    /// <summary>The server that the environment names; null where it names none.</summary>
    public static RemoteServer? Find(Func<string, string?> environment)
    {
        if (Value(UrlVariable) is not { } text)
        {
            return null;
        }

        // a token over plain HTTP would be anybody's
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
        {
            throw new WrongUse($"{UrlVariable}: expected an https URL, found '{text}'");
        }

        var certificate = (Value(CertificateVariable), Value(KeyVariable)) switch
        {
            ({ } file, { } key) => (File(CertificateVariable, file), File(KeyVariable, key)),
            (null, null) => ((string, string)?)null,
            _ => throw new WrongUse($"{CertificateVariable} and {KeyVariable} belong together"),
        };
        var token = Value(TokenVariable) ?? (Value(TokenFileVariable) is { } tokenFile ? System.IO.File.ReadAllText(File(TokenFileVariable, tokenFile)).Trim() : null);
        return token is null && certificate is null
            ? throw new WrongUse($"{UrlVariable} is set, and no credential is", $"set {TokenVariable}, {TokenFileVariable}, or {CertificateVariable} and {KeyVariable}")
            : new RemoteServer(url) { Token = token, CaFile = Value(CaVariable) is { } ca ? File(CaVariable, ca) : null, ClientCertificate = certificate };

        string? Value(string name) => environment(name) is { Length: > 0 } value ? value : null;
        string File(string name, string path) => System.IO.File.Exists(path) ? path : throw new WrongUse($"{name}: no file {path}");
    }

    /// <summary>A client that trusts and shows what was said.</summary>
    public HttpClient Connect()
    {
        var tls = new SslClientAuthenticationOptions();
        try
        {
            if (CaFile is not null)
            {
                var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                policy.CustomTrustStore.ImportFromPemFile(CaFile);
                tls.CertificateChainPolicy = policy;
            }

            if (ClientCertificate is { } files)
            {
                tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(files.Certificate, files.Key)];
            }
        }
        catch (CryptographicException exception)
        {
            throw new CommandFailure($"a certificate or key for {Url} cannot be read: {exception.Message}");
        }

        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = tls }) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(30), DefaultRequestVersion = HttpVersion.Version11 };
        client.DefaultRequestHeaders.Authorization = Token is null ? null : new AuthenticationHeaderValue("Bearer", Token);
        return client;
    }
}
