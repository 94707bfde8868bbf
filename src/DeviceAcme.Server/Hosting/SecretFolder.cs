using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Hosting;

/// <summary>
/// The folder with secrets of others (<c>--secrets</c>): NAME holds a secret on its first line and, while it is being changed, the one before
/// on its second; NAME.pem holds certificates. Read at each use, so that a change needs no restart.
/// </summary>
internal sealed class SecretFolder(ServerOptions options)
{
    /// <summary>The folder in the data directory, where no setting names another.</summary>
    public const string DefaultName = "secrets";

    private const int ShortestSecret = 16;
    private const int LargestFile = 64 * 1024;

    public string Path { get; } = options.SecretsDirectory ?? System.IO.Path.Combine(options.DataDirectory, DefaultName);

    /// <summary>The file of a secret.</summary>
    public string FileOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The file of certificates.</summary>
    public string PemOf(string name) => FileOf(name) + ".pem";

    /// <summary>The secrets of this name, the current one first.</summary>
    /// <exception cref="SecretMissingException">There is none.</exception>
    public IReadOnlyList<string> Read(string name)
    {
        var lines = Text(FileOf(name)).Split('\n', 3).Take(2).Select(line => line.TrimEnd('\r', ' ')).Where(line => line.Length > 0).ToList();
        return lines.Count > 0 && lines.TrueForAll(line => line.Length >= ShortestSecret)
            ? lines
            : throw new SecretMissingException($"{FileOf(name)}: expected a secret of at least {ShortestSecret} characters on its first line");
    }

    /// <summary>The first certificate of NAME.pem with its key, and those behind it.</summary>
    /// <exception cref="SecretMissingException">There is none.</exception>
    public SslStreamCertificate ClientCertificate(string name)
    {
        var pem = Text(PemOf(name));
        try
        {
            using var made = X509Certificate2.CreateFromPem(pem, pem);
            // TLS on Windows takes no key that lives in memory alone
            var leaf = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
            var rest = new X509Certificate2Collection();
            rest.ImportFromPem(pem);
            return new SslStreamCertificate(leaf, [.. rest.Skip(1)]);
        }
        catch (Exception broken) when (broken is CryptographicException or ArgumentException)
        {
            throw new SecretMissingException($"{PemOf(name)}: expected a certificate and its key in PEM: {broken.Message}");
        }
    }

    /// <summary>The certificates of NAME.pem.</summary>
    /// <exception cref="SecretMissingException">There are none.</exception>
    public X509Certificate2Collection Certificates(string name)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(Text(PemOf(name)));
            return certificates.Count > 0 ? certificates : throw new SecretMissingException($"{PemOf(name)}: expected certificates in PEM, found none");
        }
        catch (CryptographicException broken)
        {
            throw new SecretMissingException($"{PemOf(name)}: expected certificates in PEM: {broken.Message}");
        }
    }

    /// <summary>What is wrong with what a webhook needs; null where nothing is.</summary>
    public string? ProblemOf(WebhookRule rule) => ProblemOf(rule.Secret, rule.ClientCertificate, rule.Ca);

    /// <summary>What is wrong with a secret and certificates; null where nothing is.</summary>
    public string? ProblemOf(string? secret, string? clientCertificate, string? ca)
    {
        try
        {
            if (secret is not null)
            {
                Read(secret);
            }

            if (clientCertificate is not null)
            {
                ClientCertificate(clientCertificate);
            }

            if (ca is not null)
            {
                Certificates(ca);
            }

            return null;
        }
        catch (SecretMissingException missing)
        {
            return missing.Message;
        }
    }

    /// <summary>Notes what the webhooks of a profile need and this installation does not have.</summary>
    public void Check(CertificateProfile profile, string file, Mistakes mistakes)
    {
        const string Key = "webhooks";
        foreach (var rule in profile.Webhooks)
        {
            if (ProblemOf(rule) is { } problem)
            {
                mistakes.Add(file, ProfileFile.LineOf(profile, Key), Key, $"{rule.Name}: {problem}; secrets are files in {Path} (--secrets)");
            }
        }
    }

    private static string Text(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= LargestFile ? File.ReadAllText(path) : throw new SecretMissingException($"{path}: expected at most {LargestFile} bytes, found {length}");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SecretMissingException($"no file {path}");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new SecretMissingException($"{path} cannot be read: {unreadable.Message}");
        }
    }
}

/// <summary>A certificate with its key, and its issuers.</summary>
internal sealed record SslStreamCertificate(X509Certificate2 Leaf, X509Certificate2Collection Issuers);

/// <summary>A secret is not where it should be; the message says which and where, and nothing of what it is.</summary>
internal sealed class SecretMissingException(string message) : Exception(message);
