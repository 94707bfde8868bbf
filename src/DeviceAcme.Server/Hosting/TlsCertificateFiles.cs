using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Server.Hosting;

/// <summary>The TLS certificate of <c>--tls-certificate</c> and <c>--tls-key</c>, read again when one of the files changes.</summary>
internal sealed partial class TlsCertificateFiles : IServerCertificates
{
    private readonly string _certificate;
    private readonly string _key;
    private readonly ILogger<TlsCertificateFiles> _logger;
    private readonly Lock _gate = new();
    private volatile Served _served;

    /// <exception cref="StartFailure">The files do not fit together.</exception>
    public TlsCertificateFiles(string certificate, string key, ILogger<TlsCertificateFiles> logger)
    {
        _certificate = certificate;
        _key = key;
        _logger = logger;
        var stamp = Stamp();
        try
        {
            _served = new Served(Read(), stamp);
        }
        catch (Exception wrong) when (IsUnreadable(wrong))
        {
            throw new StartFailure($"{certificate} and {key} cannot serve TLS: {wrong.Message}", "a PEM certificate with its chain and its PEM key without a passphrase are expected");
        }
    }

    public SslStreamCertificateContext Current
    {
        get
        {
            if (_served.Stamp != Stamp())
            {
                lock (_gate)
                {
                    Reload();
                }
            }

            return _served.Context;
        }
    }

    // between the replacement of the one file and of the other they do not fit: the last good pair serves on, and the next handshake looks again
    private void Reload()
    {
        var stamp = Stamp();
        if (_served.Stamp == stamp)
        {
            return;
        }

        try
        {
            _served = new Served(Read(), stamp);
            Replaced(_certificate);
        }
        catch (Exception wrong) when (IsUnreadable(wrong))
        {
            _served = _served with { Stamp = stamp };
            NotReplaced(_certificate, wrong);
        }
    }

    private SslStreamCertificateContext Read()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificate);
        var certificate = TlsCertificate.Usable(X509Certificate2.CreateFromPemFile(_certificate, _key));
        return SslStreamCertificateContext.Create(certificate, [.. chain.Skip(1)], offline: true);
    }

    private ((DateTime, long) Certificate, (DateTime, long) Key) Stamp() => (Of(_certificate), Of(_key));

    private static (DateTime, long) Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    private static bool IsUnreadable(Exception wrong) => wrong is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException;

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS certificate read again from {File}")]
    private partial void Replaced(string file);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the changed TLS certificate {File} cannot be used; the one before serves on")]
    private partial void NotReplaced(string file, Exception wrong);

    private sealed record Served(SslStreamCertificateContext Context, ((DateTime, long) Certificate, (DateTime, long) Key) Stamp);
}

/// <summary>What both sources of a TLS certificate share.</summary>
internal static class TlsCertificate
{
    /// <summary>A certificate whose key the platform's TLS can use.</summary>
    public static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        // Windows' TLS wants a key that came through a key file
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }
}
