using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Serve;

/// <summary>
/// Longer and other chains for certificates of the server behind: cross-certificates for its issuing CA's key, below roots of the test
/// server's own. Every chain verifies; only its root must be trusted, which the management endpoint gives out.
/// </summary>
internal sealed class ForgedChains(DateTimeOffset now) : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, IReadOnlyList<X509Certificate2>> _made = new(StringComparer.Ordinal);
    private readonly Dictionary<int, (X509Certificate2 Certificate, ECDsa Key)> _roots = [];

    /// <summary>The root of the first chain where it is long (0), and those of alternate chains.</summary>
    public X509Certificate2 Root(int number)
    {
        lock (_lock)
        {
            return RootOf(number).Certificate;
        }
    }

    /// <summary>Certificates above the leaf, its issuer first, without the root.</summary>
    /// <param name="issuer">The issuing CA's certificate as the server behind gives it.</param>
    /// <param name="number">Which root.</param>
    /// <param name="intermediates">How many there are to be, at least one.</param>
    public IReadOnlyList<X509Certificate2> Above(X509Certificate2 issuer, int number, int intermediates)
    {
        lock (_lock)
        {
            var name = $"{issuer.Thumbprint}/{number}/{intermediates}";
            return _made.TryGetValue(name, out var chain) ? chain : _made[name] = Make(issuer, number, intermediates);
        }
    }

    public void Dispose()
    {
        foreach (var certificate in _made.Values.SelectMany(chain => chain).Concat(_roots.Values.Select(root => root.Certificate)))
        {
            certificate.Dispose();
        }

        foreach (var (_, key) in _roots.Values)
        {
            key.Dispose();
        }
    }

    private List<X509Certificate2> Make(X509Certificate2 issuer, int number, int intermediates)
    {
        var chain = new List<X509Certificate2>();
        var (above, aboveKey) = RootOf(number);
        for (var level = intermediates - 1; level > 0; level--)
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var made = Sign(new X500DistinguishedName(string.Create(CultureInfo.InvariantCulture, $"CN=Long way {level} to root {number}, O=\"{FakeCa.Organization}\"")), new PublicKey(key), null, above, aboveKey);
            chain.Insert(0, made);
            if (level < intermediates - 1)
            {
                aboveKey.Dispose();
            }

            (above, aboveKey) = (made, key);
        }

        chain.Insert(0, Sign(issuer.SubjectName, issuer.PublicKey, issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault(), above, aboveKey));
        if (intermediates > 1)
        {
            aboveKey.Dispose();
        }

        return chain;
    }

    // the leaf's authority key identifier must find it, so the key identifier stays
    private X509Certificate2 Sign(X500DistinguishedName subject, PublicKey key, X509SubjectKeyIdentifierExtension? identifier, X509Certificate2 above, ECDsa aboveKey)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        Describe(request, identifier ?? new X509SubjectKeyIdentifierExtension(key, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(above, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        return request.Create(above.SubjectName, X509SignatureGenerator.CreateForECDsa(aboveKey), now.AddDays(-1), now + Life - TimeSpan.FromDays(1), serial);
    }

    private (X509Certificate2 Certificate, ECDsa Key) RootOf(int number)
    {
        if (!_roots.TryGetValue(number, out var root))
        {
            var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest(new X500DistinguishedName(string.Create(CultureInfo.InvariantCulture, $"CN=Other root {number}, O=\"{FakeCa.Organization}\"")), key, HashAlgorithmName.SHA256);
            Describe(request, new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
            root = _roots[number] = (request.CreateSelfSigned(now.AddDays(-1), now + Life), key);
        }

        return root;
    }

    private static void Describe(CertificateRequest request, X509SubjectKeyIdentifierExtension identifier)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(identifier);
    }
}
