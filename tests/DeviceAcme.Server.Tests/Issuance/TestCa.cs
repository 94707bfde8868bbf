using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Revocation;
using DeviceAcme.Server.Connectors.BuiltIn;
using FluentAssertions;

namespace DeviceAcme.Server.Tests.Issuance;

/// <summary>A CA in a temporary folder.</summary>
internal sealed class TestCa : IDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    public static readonly Uri Status = new("http://status.example:8080");

    public TestCa(string? passphrase = null, string? name = null) => Directory = Open(passphrase, name);

    public string Folder { get; } = System.IO.Directory.CreateTempSubdirectory("ca-").FullName;

    public string Path => System.IO.Path.Combine(Folder, "ca");

    public CaDirectory Directory { get; }

    public CaDirectory Open(string? passphrase = null, string? name = null) => new(Path, passphrase, name);

    public IssuerFolder Issuer(DateTimeOffset? now = null) => Directory.OpenOrMake("default", Status, now ?? Now);

    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    public void Dispose() => System.IO.Directory.Delete(Folder, true);

    /// <summary>A plan for a TLS server, valid for 30 days.</summary>
    public static CertificatePlan Plan(ECDsa key, DateTimeOffset? now = null) => new()
    {
        PublicKey = key.ExportSubjectPublicKeyInfo(),
        Subject = new byte[] { 0x30, 0 },
        Extensions =
        [
            new(Oids.KeyUsage, true, KeyUsageNames.Write(KeyUsages.DigitalSignature)),
            new(Oids.SubjectAltName, true, GeneralName.Write([new GeneralName.Dns("host.example"), new GeneralName.PermanentIdentifier("C02ABC", "1.2.3")])),
        ],
        NotBefore = (now ?? Now).AddMinutes(-5),
        NotAfter = (now ?? Now).AddDays(30),
        CertificateRequest = default,
    };

    public static async Task<IssuedCertificate> Issue(BuiltInConnector connector, Func<CertificatePlan, CertificatePlan>? change = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var plan = Plan(key);
        return await connector.Issue(change?.Invoke(plan) ?? plan, CancellationToken.None);
    }

    public static X509Certificate2 Load(ReadOnlyMemory<byte> der) => X509CertificateLoader.LoadCertificate(der.Span);

    /// <summary>Whether the framework's chain engine accepts the certificate at <see cref="Now"/>.</summary>
    public static bool Verifies(X509Certificate2 leaf, IEnumerable<ReadOnlyMemory<byte>> chain, ReadOnlyMemory<byte> root, DateTimeOffset? at = null)
    {
        using var engine = new X509Chain();
        engine.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        engine.ChainPolicy.CustomTrustStore.Add(Load(root));
        engine.ChainPolicy.ExtraStore.AddRange(chain.Select(Load).ToArray());
        engine.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        engine.ChainPolicy.DisableCertificateDownloads = true;
        engine.ChainPolicy.VerificationTime = (at ?? Now).UtcDateTime;
        return engine.Build(leaf);
    }

    /// <summary>Runs openssl; its output, both streams.</summary>
    public static async Task<(int Code, string Output)> OpenSsl(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}

/// <summary>An outside CA: a root and an intermediate that sign what they are given.</summary>
internal sealed class OutsideCa : IDisposable
{
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly ECDsa _intermediateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public OutsideCa(int intermediatePathLength = 1)
    {
        var root = new CertificateRequest("CN=Outside Root", _rootKey, HashAlgorithmName.SHA384);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        root.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        root.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(root.PublicKey, false));
        Root = root.CreateSelfSigned(TestCa.Now.AddYears(-1), TestCa.Now.AddYears(9));
        var intermediate = new CertificateRequest("CN=Outside Intermediate", _intermediateKey, HashAlgorithmName.SHA256);
        intermediate.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, intermediatePathLength, true));
        intermediate.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        intermediate.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(intermediate.PublicKey, false));
        Intermediate = intermediate.Create(Root, TestCa.Now.AddYears(-1), TestCa.Now.AddYears(8), [1]).CopyWithPrivateKey(_intermediateKey);
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Intermediate { get; }

    /// <summary>Signs a request as a subordinate CA.</summary>
    public X509Certificate2 Sign(
        byte[] request, Func<X509Extension, X509Extension?>? change = null, DateTimeOffset? notAfter = null, string? subject = null, bool ownKeyIdentifier = false)
    {
        var asked = CertificateRequest.LoadSigningRequest(request, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        var made = subject is null ? new CertificateRequest(asked.SubjectName, asked.PublicKey, HashAlgorithmName.SHA256) : new CertificateRequest(new X500DistinguishedName(subject), asked.PublicKey, HashAlgorithmName.SHA256);
        foreach (var extension in asked.CertificateExtensions.Where(extension => !ownKeyIdentifier || extension is not X509SubjectKeyIdentifierExtension))
        {
            if ((change is null ? extension : change(extension)) is { } kept)
            {
                made.CertificateExtensions.Add(kept);
            }
        }

        if (ownKeyIdentifier)
        {
            made.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(asked.PublicKey, X509SubjectKeyIdentifierHashAlgorithm.Sha256, false));
        }

        return made.Create(Intermediate, TestCa.Now.AddDays(-1), notAfter ?? TestCa.Now.AddYears(2), RandomNumberGenerator.GetBytes(8));
    }

    public static string Pem(params X509Certificate2[] certificates) => string.Concat(certificates.Select(certificate => certificate.ExportCertificatePem() + "\n"));

    public void Dispose()
    {
        Root.Dispose();
        Intermediate.Dispose();
        _rootKey.Dispose();
        _intermediateKey.Dispose();
    }
}

/// <summary>Revocations in memory.</summary>
internal sealed class RevocationsInMemory : IRevocationStore
{
    private readonly List<(string KeyId, RevokedCertificate Entry, DateTimeOffset NotAfter)> _revoked = [];

    public Dictionary<string, PublishedCrl> Saved { get; } = [];

    /// <summary>Each look at the revoked certificates waits for this.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public bool Fails { get; set; }

    public int Saves { get; private set; }

    public bool IsShared => false;

    public Task<IReadOnlyDictionary<string, long>> Numbers(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, long>>(Saved.ToDictionary(saved => saved.Key, saved => saved.Value.Number));

    public void Revoke(IssuedCertificate certificate, DateTimeOffset at, int? reason = null)
    {
        lock (_revoked)
        {
            _revoked.Add((certificate.IssuerKeyId, new RevokedCertificate(certificate.Serial, at, reason), certificate.NotAfter));
        }
    }

    public async Task<IReadOnlyList<RevokedCertificate>> Revoked(string issuerKeyId, DateTimeOffset endsAtOrAfter, CancellationToken cancellation)
    {
        List<RevokedCertificate> found;
        lock (_revoked)
        {
            found = [.. _revoked.Where(row => row.KeyId == issuerKeyId && row.NotAfter >= endsAtOrAfter).Select(row => row.Entry).OrderBy(entry => entry.Serial, StringComparer.Ordinal)];
        }

        await Gate;
        return found;
    }

    public Task<PublishedCrl?> Last(string issuerKeyId, CancellationToken cancellation) => Task.FromResult(Saved.GetValueOrDefault(issuerKeyId));

    public Task Save(PublishedCrl crl, CancellationToken cancellation)
    {
        if (Fails)
        {
            throw new IOException("the disk is full");
        }

        if (Saved.TryGetValue(crl.IssuerKeyId, out var last))
        {
            crl.Number.Should().BeGreaterThan(last.Number, "cRLNumber only grows (RFC 5280 §5.2.3)");
        }

        Saves++;
        Saved[crl.IssuerKeyId] = crl;
        return Task.CompletedTask;
    }
}
