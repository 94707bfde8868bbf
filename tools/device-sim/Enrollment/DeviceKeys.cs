using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>Keys in software, by the names of the command line.</summary>
internal static class DeviceKeys
{
    public static IReadOnlyList<string> Types { get; } = ["ec-p256", "ec-p384", "rsa-2048"];

    public static AsymmetricAlgorithm Make(string type) => type switch
    {
        "ec-p256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        "ec-p384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        "rsa-2048" => RSA.Create(2048),
        _ => throw new SimulatorException($"no key of type {type}", $"choose one of {string.Join(", ", Types)}"),
    };

    /// <summary>The key that always grows from this seed under this label.</summary>
    public static AsymmetricAlgorithm Grow(Seed seed, string label, string type) => type switch
    {
        "ec-p256" => seed.Key(label, EcDomain.P256).Algorithm,
        "ec-p384" => seed.Key(label, EcDomain.P384).Algorithm,
        "rsa-2048" => RsaKey.Make(seed, label, 2048),
        _ => Make(type),
    };

    public static CertificateRequest Request(X500DistinguishedName subject, AsymmetricAlgorithm key) => key switch
    {
        RSA rsa => new CertificateRequest(subject, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ECDsa ecdsa => new CertificateRequest(subject, ecdsa, ecdsa.KeySize == 384 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256),
        _ => throw new ArgumentException($"no requests for a {key.GetType().Name}", nameof(key)),
    };

    public static X500DistinguishedName CommonName(string value)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(value);
        return builder.Build();
    }

    public static (string What, string Path) Save(AsymmetricAlgorithm key, string folder)
    {
        var path = Path.Combine(folder, "key.pem");
        PrivateFiles.Write(path, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        return ("key", path);
    }
}
