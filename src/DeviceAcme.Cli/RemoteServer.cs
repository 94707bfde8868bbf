using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>An admin listener: where it is, with which credential to come, and what to trust.</summary>
internal sealed record RemoteServer(Uri Url)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(100);

    /// <summary>What goes behind <c>Bearer</c>; null where a client certificate stands for the caller.</summary>
    public string? Token { get; init; }

    /// <summary>PEM; null: what the system trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>SHA-256 of a certificate that the server must have, or that its own must be below; null: none in particular.</summary>
    public byte[]? Pin { get; init; }

    /// <summary>PEM files of a client certificate and its key.</summary>
    public (string Certificate, string Key)? ClientCertificate { get; init; }

    /// <summary>The server that somebody named; null where nobody named one.</summary>
    public static RemoteServer? Find(Func<AdminSetting, GivenValue?> given)
    {
        if (given(AdminSetting.Url) is not { } named)
        {
            return null;
        }

        // a token over plain HTTP would be anybody's
        if (!Uri.TryCreate(named.Text, UriKind.Absolute, out var url) || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
        {
            throw new WrongUse($"{named.Name}: expected an https URL, found '{named.Text}'");
        }

        var server = new RemoteServer(url).With(given);
        return server.Token is null && server.ClientCertificate is null
            ? throw new WrongUse(
                $"{named.Name} names a server, and no credential is named",
                $"{AdminSetting.TokenFile.Option}, {AdminSetting.Token.Variable}, or {AdminSetting.Certificate.Option} and {AdminSetting.Key.Option}; 'deviceacme token add' on the server's machine makes a token")
            : server;
    }

    /// <summary>The server that runs on a data directory of this machine, with the token and the root that lie there unless others are given.</summary>
    public static RemoteServer OnDataDirectory(string dataDirectory, Uri admin, Func<AdminSetting, GivenValue?> given)
    {
        var server = new RemoteServer(admin).With(given);
        if (admin.Scheme == Uri.UriSchemeHttps && server is { CaFile: null, Pin: null })
        {
            // over TLS the listener has a certificate of the server's own CA, unless its operator gave it another
            var ca = Path.Combine(dataDirectory, "ca", "root.pem");
            server = server with { CaFile = File.Exists(ca) ? ca : null };
        }

        return server.Token is null && server.ClientCertificate is null
            ? server with { Token = ReadToken(Path.Combine(dataDirectory, RunningServer.TokenFileName), "run this as the account that the server runs as, or name a token of your own with --token-file") }
            : server;
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

        if (Pin is { } pin)
        {
            tls.RemoteCertificateValidationCallback = new CertificatePin(pin).Accepts;
        }

        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = tls }) { BaseAddress = Url, Timeout = _patience, DefaultRequestVersion = HttpVersion.Version11 };
        client.DefaultRequestHeaders.Authorization = Token is null ? null : new AuthenticationHeaderValue("Bearer", Token);
        return client;
    }

    private RemoteServer With(Func<AdminSetting, GivenValue?> given)
    {
        var certificate = (given(AdminSetting.Certificate), given(AdminSetting.Key)) switch
        {
            ({ } file, { } key) => (Existing(file), Existing(key)),
            (null, null) => ((string, string)?)null,
            _ => throw new WrongUse($"{AdminSetting.Certificate.Option} and {AdminSetting.Key.Option} belong together"),
        };
        var pin = given(AdminSetting.Pin);
        var ca = given(AdminSetting.Ca);
        if (pin is not null && ca is not null)
        {
            throw new WrongUse($"{ca.Name} and {pin.Name} exclude each other: each says what to trust and nothing else");
        }

        return this with
        {
            // what stands in a file and was named now counts more than what the environment holds
            Token = TokenOf(given(AdminSetting.Token), given(AdminSetting.TokenFile)),
            CaFile = ca is null ? null : Existing(ca),
            Pin = pin is null ? null : CertificatePin.Parse(pin),
            ClientCertificate = certificate,
        };
    }

    private static string? TokenOf(GivenValue? token, GivenValue? file) =>
        file is not null && (token is null || (IsOption(file) && !IsOption(token)))
            ? ReadToken(Existing(file), $"{file.Name} names it")
            : token?.Text;

    private static string ReadToken(string path, string hint)
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            return token.Length > 0 && !token.Any(char.IsWhiteSpace) ? token : throw new CommandFailure($"{path} holds no token", hint);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"the admin token {path} cannot be read: {exception.Message}", hint);
        }
    }

    private static bool IsOption(GivenValue given) => given.Name.StartsWith('-');

    private static string Existing(GivenValue file) => File.Exists(file.Text) ? file.Text : throw new WrongUse($"{file.Name}: no file {file.Text}");
}
