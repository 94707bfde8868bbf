using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Servers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Serve;

/// <summary>The folder of a test server: data, vendors, profiles in their trial form, TLS. Thrown away at the end unless it was named.</summary>
internal sealed class TrialState : IDisposable
{
    private const string TlsRootFile = "tls-root.pem";
    private const string TlsKeyFile = "tls-root.key.pem";

    private readonly bool _kept;

    private TrialState(string folder, bool kept, ServeSettings settings)
    {
        Folder = folder;
        _kept = kept;
        Vendors = new VendorFolder(Path.Combine(folder, "vendors"));
        BaseUrl = settings.Port == 443 ? $"https://{settings.Host}" : $"https://{settings.Host}:{settings.Port}";
    }

    public string Folder { get; }
    public VendorFolder Vendors { get; }

    /// <summary>As clients see it.</summary>
    public string BaseUrl { get; }

    public string Data => Path.Combine(Folder, "data");
    public string Profiles => Path.Combine(Folder, "profiles");

    /// <summary>The root that a client must trust to speak with the server; certificates come from another one.</summary>
    public string TlsRoot => Path.Combine(Folder, TlsRootFile);

    /// <summary>TXT records for dns-01.</summary>
    public string TxtRecords => Path.Combine(Folder, "dns-txt");

    /// <summary>The root of the certificates.</summary>
    public string Root => Path.Combine(Data, "ca", "root.pem");

    public static TrialState Make(ServeSettings settings)
    {
        var kept = settings.State is not null;
        var folder = kept ? PrivateFiles.Folder(Path.GetFullPath(settings.State!)) : Directory.CreateTempSubdirectory("device-sim-serve-").FullName;
        var state = new TrialState(folder, kept, settings);
        try
        {
            state.Vendors.Init(settings.Seed is null ? null : "serve:" + settings.Seed);
            state.WriteProfiles(settings.Profiles ?? ServerFiles.Profiles(settings.ServerProgram));
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    /// <summary>Names of the profiles.</summary>
    public IReadOnlyList<string> ProfileNames => [.. Directory.EnumerateFiles(Profiles, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>A TLS certificate for the host and this machine, of a root that is made once for the folder.</summary>
    public X509Certificate2 TlsCertificate(string host, DateTimeOffset now)
    {
        using var root = LoadOrMakeRoot(now);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddIpAddress(System.Net.IPAddress.IPv6Loopback);
        if (System.Net.IPAddress.TryParse(host, out var address))
        {
            names.AddIpAddress(address);
        }
        else if (host != "localhost")
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x3F) | 0x40);
        using var made = request.Create(root, now.AddHours(-1), now.AddDays(90), serial);
        using var whole = made.CopyWithPrivateKey(key);
        // Windows wants a key that is not only in this object
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }

    public void Dispose()
    {
        if (!_kept)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }

    // trial form: whoever proves to be genuine is served, so that devices of the simulator and real ones need not be entered first
    private void WriteProfiles(string source)
    {
        if (!Directory.Exists(source))
        {
            throw new SimulatorException($"there is no folder {source}", "--profiles names a folder of profiles");
        }

        if (Directory.Exists(Profiles))
        {
            Directory.Delete(Profiles, recursive: true);
        }

        Directory.CreateDirectory(Profiles);
        foreach (var file in Directory.EnumerateFiles(source, "*.yaml"))
        {
            File.WriteAllText(Path.Combine(Profiles, Path.GetFileName(file)), File.ReadAllText(file).Replace("unknown: refuse", "unknown: register", StringComparison.Ordinal));
        }

        if (ProfileNames.Count == 0)
        {
            throw new SimulatorException($"there are no profiles (*.yaml) in {source}");
        }
    }

    private X509Certificate2 LoadOrMakeRoot(DateTimeOffset now)
    {
        var keyFile = Path.Combine(Folder, TlsKeyFile);
        if (File.Exists(TlsRoot) && File.Exists(keyFile))
        {
            return X509Certificate2.CreateFromPemFile(TlsRoot, keyFile);
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName($"CN=Test server TLS, O=\"{FakeCa.Organization}\""), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var root = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(3650));
        File.WriteAllText(TlsRoot, root.ExportCertificatePem() + "\n");
        PrivateFiles.Write(keyFile, System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        return root;
    }
}
