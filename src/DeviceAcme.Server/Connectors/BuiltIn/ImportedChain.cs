using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>A chain that an outside CA made for an issuer's key, checked.</summary>
/// <param name="Chain">The issuer's certificate and those above it, without the root.</param>
/// <param name="Root">The self-signed root, where the file had it.</param>
internal sealed record ImportedChain(IReadOnlyList<ReadOnlyMemory<byte>> Chain, ReadOnlyMemory<byte>? Root)
{
    private const int MaximumLength = 256 * 1024;
    private const int MostCertificates = 10;

    /// <summary>Reads the file and checks that the issuer can sign below it.</summary>
    public static ImportedChain Check(string pem, IssuerFolder issuer, DateTimeOffset now)
    {
        var certificates = Load(pem);
        try
        {
            var own = Own(certificates, issuer);
            CheckOwn(own, issuer, now);
            return Build(own, certificates, now);
        }
        finally
        {
            certificates.ForEach(certificate => certificate.Dispose());
        }
    }

    private static List<X509Certificate2> Load(string pem)
    {
        if (pem.Length > MaximumLength)
        {
            throw new IssuerException($"the file has {pem.Length} characters; a PEM chain of at most {MaximumLength} was expected");
        }

        var certificates = new List<X509Certificate2>();
        try
        {
            certificates.AddRange(CaCertificate.Parse(pem).Take(MostCertificates + 1).Select(der => X509CertificateLoader.LoadCertificate(der.Span)));
        }
        catch (CryptographicException invalid)
        {
            throw new IssuerException($"certificate {certificates.Count + 1} of the file cannot be read: {invalid.Message}", null, invalid);
        }

        return certificates.Count is > 0 and <= MostCertificates
            ? certificates
            : throw new IssuerException($"the file has {(certificates.Count == 0 ? "no" : "too many")} certificates (-----BEGIN CERTIFICATE-----); 1 to {MostCertificates} were expected");
    }

    private static X509Certificate2 Own(List<X509Certificate2> certificates, IssuerFolder issuer) =>
        certificates.FirstOrDefault(certificate => certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(issuer.Key.PublicKey.Span))
        ?? throw new IssuerException(
            $"none of the {certificates.Count} certificates is for the key of issuer '{issuer.Name}' (key id {issuer.KeyId}); found {string.Join(", ", certificates.Select(certificate => certificate.Subject))}",
            "let the outside CA sign what 'deviceacme ca csr' prints");

    private static void CheckOwn(X509Certificate2 own, IssuerFolder issuer, DateTimeOffset now)
    {
        // certificates and CRLs signed so far name their issuer by this subject
        if (own.SubjectName.Name != issuer.Current.SubjectText)
        {
            throw new IssuerException($"the certificate's subject is '{own.Subject}'; '{issuer.Current.SubjectText}' was requested", "the outside CA must keep the subject of the request");
        }

        if (own.SubjectName.RawData.AsSpan().SequenceEqual(own.IssuerName.RawData))
        {
            throw new IssuerException("the certificate for the issuer's key is self-signed; one that an outside CA signed was expected");
        }

        if (own.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is not { CertificateAuthority: true })
        {
            throw new IssuerException("the certificate is not a CA's: its basicConstraints lack cA", "ask the outside CA for a subordinate CA certificate");
        }

        const X509KeyUsageFlags Needed = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign;
        if (own.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is { } usage && (usage.KeyUsages & Needed) != Needed)
        {
            throw new IssuerException($"the certificate's keyUsage is {usage.KeyUsages}; keyCertSign and cRLSign were expected");
        }

        if (now.UtcDateTime < own.NotBefore.ToUniversalTime() || now.UtcDateTime >= own.NotAfter.ToUniversalTime())
        {
            throw new IssuerException($"the certificate is valid from {own.NotBefore.ToUniversalTime():u} to {own.NotAfter.ToUniversalTime():u}, not now");
        }
    }

    // the framework's chain engine puts them in order and checks signatures, names, path lengths, key usages and validity
    private static ImportedChain Build(X509Certificate2 own, List<X509Certificate2> certificates, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        foreach (var certificate in certificates.Where(certificate => certificate != own))
        {
            var selfSigned = certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
            (selfSigned ? chain.ChainPolicy.CustomTrustStore : chain.ChainPolicy.ExtraStore).Add(certificate);
        }

        var built = chain.Build(own);
        var wrong = chain.ChainStatus.Where(status => status.Status is not (X509ChainStatusFlags.NoError or X509ChainStatusFlags.PartialChain)).ToArray();
        if (wrong.Length > 0)
        {
            throw new IssuerException($"the chain of '{own.Subject}' does not verify: {string.Join("; ", wrong.Select(status => status.StatusInformation.TrimEnd('.', ' ')).Distinct())}");
        }

        CheckPathLengths([.. chain.ChainElements.Select(element => element.Certificate)]);
        var elements = chain.ChainElements.Select(element => element.Certificate.RawData).ToList();
        return built
            ? new ImportedChain([.. elements.SkipLast(1).Select(der => new ReadOnlyMemory<byte>(der))], elements[^1])
            : new ImportedChain([.. elements.Select(der => new ReadOnlyMemory<byte>(der))], null);
    }

    // the engine takes the issuer's certificate for the end of the path (RFC 5280 §4.2.1.9 does not count that one); leaves stand below it
    private static void CheckPathLengths(IReadOnlyList<X509Certificate2> path)
    {
        for (var below = 1; below < path.Count; below++)
        {
            if (path[below].Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { HasPathLengthConstraint: true } constraints
                && constraints.PathLengthConstraint < below)
            {
                throw new IssuerException(
                    $"'{path[below].Subject}' allows a path length of {constraints.PathLengthConstraint}; {below} CA{(below == 1 ? "" : "s")} would stand below it",
                    "let a CA with a longer path length sign, or one further up");
            }
        }
    }
}
