using System.Formats.Asn1;
using System.Security.Cryptography;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>
/// <c>DIR/ca</c>: <c>root.pem</c> (the roots to trust), <c>root/</c> (the root made here), and one folder per issuer. Every folder is made
/// whole and then renamed into place, so that a start that was cut short leaves nothing that a later one could take for a CA.
/// </summary>
internal sealed class CaDirectory
{
    public const string CertificateName = "certificate.pem";
    public const string ChainName = "chain.pem";
    public const string KeyName = "key.pem";
    private const string RootFolder = "root";
    private const string Product = "DeviceAcme";

    private static readonly TimeSpan RootLife = TimeSpan.FromDays(20 * 365);
    private static readonly TimeSpan IssuerLife = TimeSpan.FromDays(10 * 365);

    // devices whose clock is behind still accept a fresh CA, and leaves that are set back fit into it
    private static readonly TimeSpan Backdate = TimeSpan.FromDays(1);

    private readonly string _path;
    private readonly string? _passphrase;
    private readonly string? _name;

    /// <param name="path">The folder <c>ca</c> of the data directory.</param>
    /// <param name="passphrase">Encrypts the keys; null leaves them plain.</param>
    /// <param name="name">Common name of a new root; null for one of our own making.</param>
    public CaDirectory(string path, string? passphrase, string? name)
    {
        _path = Path.GetFullPath(path);
        _passphrase = passphrase;
        _name = name;
        if (name is not null && AttributeType.Find("CN")!.Refuses(name + " Issuing CA 00000000") is { } refusal)
        {
            throw new IssuerException($"the CA name '{name}' {refusal}", "choose a shorter --ca-name");
        }
    }

    /// <summary>The roots to trust, PEM.</summary>
    public string TrustFile => Path.Combine(_path, "root.pem");

    /// <summary>The issuer's folder, made with a root above it where it is missing.</summary>
    /// <param name="statusUrl">Where the root's CRL and certificate are served; null names no place.</param>
    public IssuerFolder OpenOrMake(string issuer, Uri? statusUrl, DateTimeOffset now)
    {
        DurableFiles.EnsureFolder(_path);
        DurableFiles.Sweep(_path);
        var folder = Path.Combine(_path, issuer);
        if (!Directory.Exists(folder))
        {
            MakeIssuer(issuer, folder, statusUrl, now);
        }

        EnsureTrustFile();
        return Open(issuer);
    }

    /// <summary>The folder of an issuer that exists.</summary>
    public IssuerFolder Open(string issuer)
    {
        var folder = Path.Combine(_path, issuer);
        return Directory.Exists(folder)
            ? new IssuerFolder(issuer, folder, _passphrase, TrustFile)
            : throw new IssuerException($"there is no issuer '{issuer}' in {_path}", "start the server once: it makes its issuers");
    }

    /// <summary>The root that was made here; null where this installation has none, or not its key.</summary>
    public IssuerFolder? Root() =>
        File.Exists(Path.Combine(_path, RootFolder, KeyName)) ? new IssuerFolder(RootFolder, Path.Combine(_path, RootFolder), _passphrase, TrustFile) : null;

    private void MakeIssuer(string issuer, string folder, Uri? statusUrl, DateTimeOffset now)
    {
        if (!Directory.Exists(Path.Combine(_path, RootFolder)))
        {
            MakeRoot(now);
        }

        using var root = new IssuerFolder(RootFolder, Path.Combine(_path, RootFolder), _passphrase, TrustFile);
        var rootCertificate = root.Current;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = $"{_name ?? Product} Issuing CA {Suffix()}";
        var publicKey = key.ExportSubjectPublicKeyInfo();
        var plan = Plan(Name(name), publicKey, now, IssuerLife);
        plan = plan with { NotAfter = plan.NotAfter < rootCertificate.NotAfter ? plan.NotAfter : rootCertificate.NotAfter };
        var certificate = CertificateBuilder.Authority(plan, root.Issuer(rootCertificate, statusUrl), CertificateBuilder.Serial(), pathLength: 0);
        DurableFiles.MakeFolder(folder, Files(key, certificate));
    }

    private void MakeRoot(DateTimeOffset now)
    {
        if (Directory.EnumerateFileSystemEntries(_path).Any())
        {
            throw new IssuerException($"{_path} has files but no {RootFolder}/: a new root beside them would not be trusted by anybody", "bring root/ back from the backup, or move the folder away to begin anew");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var signing = new SigningKey(key);

        // two installations must never have two roots of one name (RFC 5280 §4.1.2.4 takes names for unique)
        var name = _name is null ? Name($"{Product} Root CA {Suffix()}") : Name(_name, Suffix());
        var plan = Plan(name, signing.PublicKey, now, RootLife);
        var certificate = CertificateBuilder.Authority(
            plan, new CertificateIssuer { Name = name, KeyIdentifier = signing.KeyIdentifier, Key = signing }, CertificateBuilder.Serial(), pathLength: 1);
        DurableFiles.MakeFolder(Path.Combine(_path, RootFolder), Files(key, certificate));
    }

    private void EnsureTrustFile()
    {
        var root = Path.Combine(_path, RootFolder, CertificateName);
        if (!File.Exists(TrustFile) && File.Exists(root))
        {
            DurableFiles.Write(TrustFile, File.ReadAllBytes(root));
        }
    }

    private Dictionary<string, byte[]> Files(ECDsa key, byte[] certificate)
    {
        var pem = CaCertificate.Pem([certificate]);
        return new Dictionary<string, byte[]> { [KeyName] = KeyFile.Write(key, _passphrase), [CertificateName] = pem, [ChainName] = pem };
    }

    private static CertificatePlan Plan(ReadOnlyMemory<byte> subject, ReadOnlyMemory<byte> publicKey, DateTimeOffset now, TimeSpan life)
    {
        var seconds = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return new CertificatePlan
        {
            PublicKey = publicKey,
            Subject = subject,
            Extensions = [],
            NotBefore = seconds - Backdate,
            NotAfter = seconds + life,
            CertificateRequest = default,
        };
    }

    private static byte[] Name(string commonName, string? unit = null)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var (type, value) in new[] { ("OU", unit), ("CN", commonName) })
            {
                if (value is not null)
                {
                    using (writer.PushSetOf())
                    {
                        AttributeType.Find(type)!.Write(writer, value);
                    }
                }
            }
        }

        return writer.Encode();
    }

    private static string Suffix() => RandomNumberGenerator.GetHexString(8, lowercase: true);
}
