using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Cli.Apple;

/// <summary>Signs a configuration profile (CMS SignedData with the profile inside, RFC 5652), as devices show it with the signer's name.</summary>
internal static class ProfileSignature
{
    private const string Data = "1.2.840.113549.1.7.1";
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const int MaximumKeyFile = 64 * 1024;

    /// <summary>The signed profile, DER.</summary>
    /// <param name="certificateFile">The signer's certificate first, then those between it and its root; PEM.</param>
    /// <param name="keyFile">Its key, PEM and not encrypted.</param>
    /// <param name="now">The signing time.</param>
    public static byte[] Sign(byte[] profile, string certificateFile, string keyFile, DateTimeOffset now)
    {
        var certificates = KnownServer.Certificates(certificateFile);
        using var signer = WithKey(certificates[0], certificateFile, keyFile);
        if (now < signer.NotBefore.ToUniversalTime() || now > signer.NotAfter.ToUniversalTime())
        {
            throw new CommandFailure($"{certificateFile}: the certificate is valid from {signer.NotBefore.ToUniversalTime():yyyy-MM-dd} to {signer.NotAfter.ToUniversalTime():yyyy-MM-dd}, not now");
        }

        var signature = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, signer)
        {
            DigestAlgorithm = new Oid(Sha256),
            IncludeOption = X509IncludeOption.EndCertOnly,
        };
        signature.Certificates.AddRange(certificates.Skip(1).ToArray());
        signature.SignedAttributes.Add(new Pkcs9SigningTime(now.UtcDateTime));
        var message = new SignedCms(new ContentInfo(new Oid(Data), profile), detached: false);
        message.ComputeSignature(signature);
        return message.Encode();
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, string certificateFile, string keyFile)
    {
        try
        {
            if (new FileInfo(keyFile).Length > MaximumKeyFile)
            {
                throw new CommandFailure($"{keyFile}: more than {MaximumKeyFile} octets");
            }

            var pem = File.ReadAllText(keyFile);
            return pem.Contains("ENCRYPTED", StringComparison.Ordinal)
                ? throw new CommandFailure($"{keyFile} is encrypted", "openssl pkey -in FILE writes it without")
                : X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), pem);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{keyFile} is not the key of {certificateFile}: {exception.Message}");
        }
    }
}
