using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Tests.Attestation;

/// <summary>A certificate and its key, made by the platform; valid by default.</summary>
internal sealed record MadeCertificate(X500DistinguishedName Name, AsymmetricAlgorithm Key, byte[] Der)
{
    public Certificate Parsed => Certificate.TryRead(Der, out var certificate, out var problem) ? certificate : throw new InvalidOperationException(problem);
}

/// <summary>What a made certificate says; the defaults are those of a good CA or leaf.</summary>
internal sealed record CertificateOptions(string Name)
{
    public static readonly DateTimeOffset Begin = Trial.Now.AddYears(-1);
    public static readonly DateTimeOffset End = Trial.Now.AddYears(1);

    public bool? IsCa { get; init; } = true;
    public int? PathLength { get; init; }
    public X509KeyUsageFlags? Usage { get; init; } = X509KeyUsageFlags.KeyCertSign;
    public DateTimeOffset NotBefore { get; init; } = Begin;
    public DateTimeOffset NotAfter { get; init; } = End;
    public AsymmetricAlgorithm? Key { get; init; }
    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA256;
    public IReadOnlyList<X509Extension> More { get; init; } = [];

    public static CertificateOptions Leaf(string name = "CN=leaf") =>
        new(name) { IsCa = false, Usage = X509KeyUsageFlags.DigitalSignature };
}

/// <summary>Makes small hierarchies for the tests of paths.</summary>
internal static class PathMaker
{
    public static MadeCertificate Root(CertificateOptions options) => Make(options, null);

    public static MadeCertificate Issue(this MadeCertificate issuer, CertificateOptions options) => Make(options, issuer);

    public static AnchorSet Anchors(params MadeCertificate[] certificates) =>
        AnchorSet.Parse(certificates.Select(made => ("made", new ReadOnlyMemory<byte>(made.Der))));

    /// <summary>The same certificate with one bit of its signature changed.</summary>
    public static MadeCertificate Tampered(this MadeCertificate made)
    {
        var der = made.Der.ToArray();
        der[^3] ^= 1;
        return made with { Der = der };
    }

    public static bool PlatformAccepts(IReadOnlyList<MadeCertificate> presented, IEnumerable<MadeCertificate> roots, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        foreach (var root in roots)
        {
            chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(root.Der));
        }

        foreach (var other in presented.Skip(1))
        {
            chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(other.Der));
        }

        using var leaf = X509CertificateLoader.LoadCertificate(presented[0].Der);
        return chain.Build(leaf);
    }

    private static MadeCertificate Make(CertificateOptions options, MadeCertificate? issuer)
    {
        var name = new X500DistinguishedName(options.Name);
        var key = options.Key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa
            ? new CertificateRequest(name, rsa, options.Hash, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, options.Hash);
        if (options.IsCa is { } isCa)
        {
            request.CertificateExtensions.Add(
                new X509BasicConstraintsExtension(isCa, options.PathLength is not null, options.PathLength ?? 0, critical: true));
        }

        if (options.Usage is { } usage)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        }

        foreach (var extension in options.More)
        {
            request.CertificateExtensions.Add(extension);
        }

        var signer = issuer?.Key ?? key;
        var generator = signer is RSA signerRsa
            ? options.Hash == HashAlgorithmName.SHA1 ? new Sha1Generator(signerRsa) : X509SignatureGenerator.CreateForRSA(signerRsa, RSASignaturePadding.Pkcs1)
            : X509SignatureGenerator.CreateForECDsa((ECDsa)signer);
        using var certificate = request.Create(
            issuer?.Name ?? name, generator, options.NotBefore, options.NotAfter, RandomNumberGenerator.GetBytes(8).Select(octet => (byte)(octet & 0x7F | 1)).ToArray());
        return new MadeCertificate(name, key, certificate.RawData);
    }

    /// <summary>sha1WithRSAEncryption, which the platform only reads.</summary>
    private sealed class Sha1Generator(RSA key) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) =>
            Convert.FromHexString("300d06092a864886f70d0101050500");

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => key.SignData(data, HashAlgorithmName.SHA1, RSASignaturePadding.Pkcs1);

        protected override PublicKey BuildPublicKey() => new(key);
    }
}
