using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>An HTTP client that trusts the given roots and no other.</summary>
internal static class TrustedRoot
{
    private const int LargestFile = 1 << 20;

    public static HttpClient Client(string rootFile) => new(Handler(rootFile));

    public static SocketsHttpHandler Handler(string rootFile)
    {
        // .NET would also ask the internet for missing issuers and revocation lists: not in a simulator.
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Read(rootFile));
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
        };
    }

    private static X509Certificate2Collection Read(string rootFile)
    {
        var file = new FileInfo(rootFile);
        if (!file.Exists)
        {
            throw new SimulatorException($"no CA root at {file.FullName}", "./dev run makes one in its --data folder, as ca/root.pem; --ca names another file");
        }

        if (file.Length > LargestFile)
        {
            throw new SimulatorException($"{file.FullName} is larger than {LargestFile} octets: expected PEM certificates");
        }

        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(File.ReadAllText(file.FullName));
        }
        catch (CryptographicException failure)
        {
            throw new SimulatorException($"{file.FullName} holds no readable certificate: {failure.Message}");
        }

        return roots.Count > 0 ? roots : throw new SimulatorException($"{file.FullName} holds no PEM certificate");
    }
}
