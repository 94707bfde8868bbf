using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Core.Profiles;

/// <summary>Vendor roots by folder: <c>profiles/trust/&lt;folder&gt;/*.pem</c> and the same layout under further directories.</summary>
internal sealed class TrustFolders
{
    private const int MaximumFileLength = 1 << 20;

    private readonly Dictionary<string, List<byte[]>> _folders = new(StringComparer.Ordinal);
    private readonly List<string> _directories = [];

    private TrustFolders()
    {
    }

    /// <summary>The names of all folders that exist, ordered.</summary>
    public IEnumerable<string> Names => _folders.Keys.Order(StringComparer.Ordinal);

    /// <summary>Reads all directories; a directory that is missing or a file that is no PEM certificate is a mistake.</summary>
    public static TrustFolders Load(IEnumerable<string> directories, Mistakes mistakes)
    {
        var trust = new TrustFolders();
        foreach (var directory in directories)
        {
            trust._directories.Add(directory);
            if (!Directory.Exists(directory))
            {
                mistakes.Add(directory, 0, "", "is not a folder; vendor roots were expected there as <format>/*.pem");
                continue;
            }

            foreach (var folder in Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal))
            {
                trust.Add(folder, mistakes);
            }
        }

        return trust;
    }

    /// <summary>The DER certificates of these folders, without repetitions, in a fixed order.</summary>
    public IReadOnlyList<byte[]> Certificates(IEnumerable<string> folders) =>
        [.. folders.SelectMany(folder => _folders.GetValueOrDefault(folder) ?? [])
            .DistinctBy(Convert.ToHexStringLower)
            .OrderBy(Convert.ToHexStringLower, StringComparer.Ordinal)];

    /// <summary>Lower-case hex SHA-256 over the certificates of these folders: equal sets have equal hashes.</summary>
    public string Hash(IEnumerable<string> folders)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var certificate in Certificates(folders))
        {
            hash.AppendData(SHA256.HashData(certificate));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A profile names this folder: it must exist, and is warned about where it is empty.</summary>
    public void CheckNamed(string folder, string file, Mistakes mistakes)
    {
        if (!_folders.TryGetValue(folder, out var certificates))
        {
            mistakes.Add(file, 0, "attestation.anchors", $"the folder '{folder}' is in none of {string.Join(", ", _directories)}; {NearestName.Hint(folder, [.. Names])}");
        }
        else if (certificates.Count == 0)
        {
            mistakes.Warn(file, 0, "attestation.anchors", $"the folder '{folder}' has no root: every device of it will be refused");
        }
    }

    private void Add(string folder, Mistakes mistakes)
    {
        var name = Path.GetFileName(folder);
        if (!_folders.TryGetValue(name, out var certificates))
        {
            _folders[name] = certificates = [];
        }

        foreach (var file in Directory.EnumerateFiles(folder, "*.pem").Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).Length > MaximumFileLength)
            {
                mistakes.Add(file, 0, "", $"is larger than {MaximumFileLength} octets");
                continue;
            }

            var found = new X509Certificate2Collection();
            try
            {
                found.ImportFromPemFile(file);
            }
            catch (CryptographicException invalid)
            {
                mistakes.Add(file, 0, "", $"is not a PEM certificate: {invalid.Message}");
                continue;
            }

            if (found.Count == 0)
            {
                mistakes.Add(file, 0, "", "has no PEM certificate ('-----BEGIN CERTIFICATE-----')");
            }

            foreach (var certificate in found)
            {
                certificates.Add(certificate.RawData);
                certificate.Dispose();
            }
        }
    }
}
