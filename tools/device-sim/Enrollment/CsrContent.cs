using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What a certificate request asks for, beside its key.</summary>
internal sealed record CsrContent
{
    /// <summary>Null for an empty subject.</summary>
    public string? CommonName { get; init; }

    /// <summary>The value of a PermanentIdentifier with the EK's assigner (device-attest §3.2).</summary>
    public string? PermanentIdentifier { get; init; }

    public IReadOnlyList<string> Dns { get; init; } = [];

    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    public IReadOnlyList<string> Emails { get; init; } = [];

    public IReadOnlyList<Uri> Uris { get; init; } = [];

    /// <summary>OIDs of purposes; none leaves the extension out.</summary>
    public IReadOnlyList<string> ExtendedKeyUsage { get; init; } = [];

    /// <summary>Wished uses of the key; none leaves the extension out.</summary>
    public X509KeyUsageFlags KeyUsage { get; init; }

    public static CsrContent Nothing { get; } = new();

    /// <summary>The PKCS #10 request before it is signed.</summary>
    public CertificateRequest For(AsymmetricAlgorithm key) => Fill(DeviceKeys.Request(Subject, key));

    /// <summary>The same for a key that signs elsewhere.</summary>
    public CertificateRequest For(PublicKey key) => Fill(new CertificateRequest(Subject, key, HashAlgorithmName.SHA256));

    /// <summary>An alternative name with a PermanentIdentifier of the EK's assigner.</summary>
    public static X509Extension PermanentIdentifierName(string value)
    {
        var names = TpmVendor.AlternativeName(value, oneRdn: null);
        return new X509Extension(names.Oid, names.Value, names.Critical);
    }

    public static X500DistinguishedName NoSubject { get; } = new("");

    private X500DistinguishedName Subject => CommonName is null ? NoSubject : DeviceKeys.CommonName(CommonName);

    private CertificateRequest Fill(CertificateRequest request)
    {
        if (PermanentIdentifier is not null)
        {
            request.CertificateExtensions.Add(PermanentIdentifierName(PermanentIdentifier));
        }
        else if (Dns.Count + Addresses.Count + Emails.Count + Uris.Count > 0)
        {
            request.CertificateExtensions.Add(Names());
        }

        if (KeyUsage != X509KeyUsageFlags.None)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(KeyUsage, true));
        }

        if (ExtendedKeyUsage.Count > 0)
        {
            var purposes = new OidCollection();
            foreach (var oid in ExtendedKeyUsage)
            {
                purposes.Add(new Oid(oid));
            }

            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, false));
        }

        return request;
    }

    /// <summary>The alternative names.</summary>
    public X509Extension Names()
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in Dns)
        {
            names.AddDnsName(name);
        }

        foreach (var address in Addresses)
        {
            names.AddIpAddress(address);
        }

        foreach (var email in Emails)
        {
            names.AddEmailAddress(email);
        }

        foreach (var uri in Uris)
        {
            names.AddUri(uri);
        }

        return names.Build();
    }
}
