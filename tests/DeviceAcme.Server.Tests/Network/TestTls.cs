using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DeviceAcme.Server.Tests.Network;

/// <summary>Certificates and TLS servers, right ones and wrong ones.</summary>
internal static class TestTls
{
    public const string AcmeIdentifier = "1.3.6.1.5.5.7.1.31";
    private static readonly DateTimeOffset NotBefore = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset NotAfter = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static X509Certificate2 SelfSigned(string subject, params X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Request(subject, key, extensions);
        return Exportable(request.CreateSelfSigned(NotBefore, NotAfter));
    }

    public static X509Certificate2 IssuedBy(string issuer, string subject, params X509Extension[] extensions)
    {
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = Request(subject, key, extensions)
            .Create(new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(issuerKey), NotBefore, NotAfter, [1, 2, 3]);
        return Exportable(issued.CopyWithPrivateKey(key));
    }

    public static X509Extension Digest(string keyAuthorization, bool critical = true) =>
        new(AcmeIdentifier, [0x04, 0x20, .. SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization))], critical);

    public static X509Extension Names(Action<SubjectAlternativeNameBuilder> add)
    {
        var builder = new SubjectAlternativeNameBuilder();
        add(builder);
        return builder.Build();
    }

    /// <summary>Authority information access with a caIssuers URL.</summary>
    public static X509Extension IssuerUrl(string url)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.3.6.1.5.5.7.48.2");
            writer.WriteCharacterString(UniversalTagNumber.IA5String, url, new Asn1Tag(TagClass.ContextSpecific, 6));
        }

        return new("1.3.6.1.5.5.7.1.1", writer.Encode(), critical: false);
    }

    /// <summary>Shakes hands and then, where there is an <paramref name="answer"/>, reads something and sends it.</summary>
    public static Func<Stream, CancellationToken, Task> Serve(X509Certificate2 certificate, string? alpn, string? answer = null, Action<SslClientHelloInfo>? hello = null) =>
        async (stream, cancellation) =>
        {
            await using var secure = new SslStream(stream, leaveInnerStreamOpen: true);
            await secure.AuthenticateAsServerAsync(
                (_, client, _, _) =>
                {
                    hello?.Invoke(client);
                    return ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        // Offline, or this side would fetch the issuer's certificate from the URL inside.
                        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
                        ApplicationProtocols = alpn is null ? null : [new SslApplicationProtocol(alpn)],
                    });
                },
                state: null,
                cancellation);
            if (answer is not null)
            {
                await secure.ReadAtLeastAsync(new byte[16384], 1, throwOnEndOfStream: false, cancellation);
                await secure.WriteAsync(Encoding.ASCII.GetBytes(answer), cancellation);
            }

            await secure.ShutdownAsync();
        };

    private static CertificateRequest Request(string subject, ECDsa key, X509Extension[] extensions)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request;
    }

    /// <summary>Windows uses no ephemeral key for a TLS server.</summary>
    private static X509Certificate2 Exportable(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }
}
