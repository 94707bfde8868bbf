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

    private static readonly TimeSpan RootLife = TimeSpan.FromDays(20 * 365);
    private static readonly TimeSpan IssuerLife = TimeSpan.FromDays(10 * 365);

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

    /// <summary>Every issuer that was made, the root made here among them.</summary>
    public IReadOnlyList<string> Names() => IssuerFolder.NamesIn(_path);

    /// <summary>Whether the issuer was made already.</summary>
    public bool Has(string issuer) => Directory.Exists(Path.Combine(_path, issuer));

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
        var name = $"{_name ?? NewAuthority.Product} Issuing CA {NewAuthority.Suffix()}";
        var plan = NewAuthority.Plan(NewAuthority.Name(name), key.ExportSubjectPublicKeyInfo(), now, IssuerLife);
        plan = plan with { NotAfter = plan.NotAfter < rootCertificate.NotAfter ? plan.NotAfter : rootCertificate.NotAfter };
        var certificate = CertificateBuilder.Authority(plan, root.Issuer(rootCertificate, statusUrl), CertificateBuilder.Serial(), pathLength: 0);
        DurableFiles.MakeFolder(folder, NewAuthority.Files(key, _passphrase, certificate));
    }

    private void MakeRoot(DateTimeOffset now)
    {
        if (Directory.EnumerateFileSystemEntries(_path).Any())
        {
            throw new IssuerException($"{_path} has files but no {RootFolder}/: a new root beside them would not be trusted by anybody", "bring root/ back from the backup, or move the folder away to begin anew");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var signing = new SigningKey(key);
        var name = _name is null
            ? NewAuthority.Name($"{NewAuthority.Product} Root CA {NewAuthority.Suffix()}")
            : NewAuthority.Name(_name, NewAuthority.Suffix());
        var certificate = NewAuthority.SelfSigned(signing, name, now, RootLife, pathLength: 1);
        DurableFiles.MakeFolder(Path.Combine(_path, RootFolder), NewAuthority.Files(key, _passphrase, certificate));
    }

    private void EnsureTrustFile()
    {
        var root = Path.Combine(_path, RootFolder, CertificateName);
        if (!File.Exists(TrustFile) && File.Exists(root))
        {
            DurableFiles.Write(TrustFile, File.ReadAllBytes(root));
        }
    }
}
