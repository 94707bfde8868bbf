using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Hosting;

/// <summary>A TLS certificate of the built-in CA for the host of <c>--url</c>, kept in memory and made anew at each start and at two thirds of its life.</summary>
internal sealed partial class DevelopmentTlsCertificate(ICertificateAuthority authority, Uri url, TimeProvider time, ILogger<DevelopmentTlsCertificate> logger)
    : IServerCertificates, IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(30);

    // clients whose clock is a little behind
    private static readonly TimeSpan Backdate = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private volatile Served? _served;

    public SslStreamCertificateContext Current
    {
        get
        {
            var now = time.GetUtcNow();
            if (_served is { } served && now < served.RenewAt)
            {
                return served.Context;
            }

            lock (_gate)
            {
                // another handshake may have made it meanwhile; connections that still use the old one keep it until collected
                return (_served is { } other && now < other.RenewAt ? other : _served = Make(now)).Context;
            }
        }
    }

    public void Dispose() => _served?.Certificate.Dispose();

    private Served Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = Names();
        var plan = new CertificatePlan
        {
            PublicKey = key.ExportSubjectPublicKeyInfo(),
            Subject = new byte[] { 0x30, 0 },
            Extensions =
            [
                new(Oids.KeyUsage, true, KeyUsageNames.Write(KeyUsages.DigitalSignature)),
                new(Oids.ExtKeyUsage, false, new X509EnhancedKeyUsageExtension([new Oid(KeyUsageNames.Purposes["server-auth"])], false).RawData),
                new(Oids.SubjectAltName, true, GeneralName.Write(names)),
            ],
            NotBefore = DateTimeOffset.FromUnixTimeSeconds((now - Backdate).ToUnixTimeSeconds()),
            NotAfter = DateTimeOffset.FromUnixTimeSeconds((now + Life).ToUnixTimeSeconds()),
            CertificateRequest = default,
        };

        // the built-in CA signs within the call
        var issued = authority.Issue(plan, CancellationToken.None).GetAwaiter().GetResult();
        var pem = PemEncoding.WriteString("CERTIFICATE", issued.Certificate.Span);
        var certificate = TlsCertificate.Usable(X509Certificate2.CreateFromPem(pem, key.ExportPkcs8PrivateKeyPem()));
        X509Certificate2Collection chain = [.. issued.Chains[0].Select(der => X509CertificateLoader.LoadCertificate(der.Span))];
        var renewAt = issued.NotBefore + ((issued.NotAfter - issued.NotBefore) * (2.0 / 3));
        Made(url.Host, issued.NotAfter);
        return new Served(certificate, SslStreamCertificateContext.Create(certificate, chain, offline: true), renewAt > now ? renewAt : now.AddMinutes(1));
    }

    private GeneralName[] Names()
    {
        if (IPAddress.TryParse(url.DnsSafeHost, out var address))
        {
            return [new GeneralName.Ip(address)];
        }

        GeneralName host = new GeneralName.Dns(url.IdnHost);

        // clients that a loopback trial is made with write it in either way
        return url.IsLoopback ? [host, new GeneralName.Ip(IPAddress.Loopback), new GeneralName.Ip(IPAddress.IPv6Loopback)] : [host];
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "TLS certificate for {Host} made, valid until {NotAfter:u}")]
    private partial void Made(string host, DateTimeOffset notAfter);

    private sealed record Served(X509Certificate2 Certificate, SslStreamCertificateContext Context, DateTimeOffset RenewAt);
}
