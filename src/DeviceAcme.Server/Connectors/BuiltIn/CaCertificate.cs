using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>A CA's certificate with those above it, as a file of the issuer's folder holds them.</summary>
internal sealed class CaCertificate
{
    private CaCertificate(IReadOnlyList<ReadOnlyMemory<byte>> chain, X509Certificate2 certificate)
    {
        Chain = chain;
        Subject = certificate.SubjectName.RawData;
        SubjectText = certificate.Subject;
        NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        PublicKey = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        KeyIdentifier = certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifierBytes
            ?? SigningKey.IdentifierOf(PublicKey);
    }

    /// <summary>This certificate first, then those that certify it, without the root unless it is the root itself.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; }

    public ReadOnlyMemory<byte> Subject { get; }
    public string SubjectText { get; }
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The subject key identifier that the certificate states; an outside CA may compute it in its own way.</summary>
    public ReadOnlyMemory<byte> KeyIdentifier { get; }

    public DateTimeOffset NotBefore { get; }
    public DateTimeOffset NotAfter { get; }

    /// <summary>Reads a chain from PEM.</summary>
    /// <exception cref="IssuerException">There is no readable certificate in it.</exception>
    public static CaCertificate Read(string path)
    {
        try
        {
            return Of([.. Parse(File.ReadAllText(path))]);
        }
        catch (Exception invalid) when (invalid is CryptographicException or IOException or ArgumentException)
        {
            throw new IssuerException($"{path} has no readable certificate: {invalid.Message}", null, invalid);
        }
    }

    /// <summary>A chain of DER certificates, the CA's own first.</summary>
    public static CaCertificate Of(IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        if (chain.Count == 0)
        {
            throw new CryptographicException("no certificate");
        }

        using var certificate = X509CertificateLoader.LoadCertificate(chain[0].Span);
        return new CaCertificate(chain, certificate);
    }

    /// <summary>The DER of every CERTIFICATE block of a PEM text.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Parse(string pem)
    {
        var rest = pem;
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label] == "CERTIFICATE")
            {
                yield return Convert.FromBase64String(rest[fields.Base64Data]);
            }

            rest = rest[fields.Location.End..];
        }
    }

    /// <summary>PEM of DER certificates, in order.</summary>
    public static byte[] Pem(IEnumerable<ReadOnlyMemory<byte>> certificates) =>
        Encoding.ASCII.GetBytes(string.Concat(certificates.Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n")));
}
