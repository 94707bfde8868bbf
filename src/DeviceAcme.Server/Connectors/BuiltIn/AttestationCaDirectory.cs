using System.Security.Cryptography;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>
/// <c>DIR/attestation-ca</c>: one folder per profile that certifies attestation keys, each a root of its own. They have nothing in common with
/// the issuers of <c>DIR/ca</c>, so that no certificate of a device can ever pass for that of an attestation key, nor one profile's for another's.
/// </summary>
/// <param name="path">The folder.</param>
/// <param name="passphrase">Encrypts the keys; null leaves them plain.</param>
/// <param name="name">Whose CA it is, for people; null for the product's.</param>
internal sealed class AttestationCaDirectory(string path, string? passphrase, string? name)
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(20 * 365);

    private readonly string _path = Path.GetFullPath(path);

    /// <summary>The profiles that ever had one.</summary>
    public IReadOnlyList<string> Names() => IssuerFolder.NamesIn(_path);

    /// <summary>Whether the profile ever had one.</summary>
    public bool Has(string profile) => Directory.Exists(Path.Combine(_path, profile));

    /// <summary>The profile's folder, made where it is missing.</summary>
    public IssuerFolder OpenOrMake(string profile, DateTimeOffset now)
    {
        DurableFiles.EnsureFolder(_path);
        DurableFiles.Sweep(_path);
        var folder = Path.Combine(_path, profile);
        if (!Directory.Exists(folder))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var signing = new SigningKey(key);
            var subject = NewAuthority.Name($"TPM Attestation CA {NewAuthority.Suffix()}", name ?? NewAuthority.Product);
            DurableFiles.MakeFolder(folder, NewAuthority.Files(key, passphrase, NewAuthority.SelfSigned(signing, subject, now, Life, pathLength: 0)));
        }

        return Open(profile);
    }

    /// <summary>The folder of a profile that has one.</summary>
    public IssuerFolder Open(string profile)
    {
        var folder = Path.Combine(_path, profile);
        return new IssuerFolder(profile, folder, passphrase, Path.Combine(folder, CaDirectory.CertificateName));
    }
}
