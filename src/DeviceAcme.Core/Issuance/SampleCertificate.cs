using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>The certificate that a profile would give, signed by a key that is thrown away: to look at, good for nothing else.</summary>
/// <remarks>Never signed by a CA of the installation, so that no preview can ever be used.</remarks>
internal sealed record SampleCertificate(CertificatePlan Plan, ReadOnlyMemory<byte> Certificate)
{
    /// <summary>The value of facts and identifiers that nobody named.</summary>
    public const string Value = "SAMPLE-0001";

    private const string SidFact = Devices.LedgerFacts.Prefix + Devices.DeviceDescription.SidAttribute;
    private const string Sid = "S-1-5-21-1-1-1-1000";
    private const string NameOfNobody = "CN=preview: not issued by any CA";

    /// <summary>Identifiers of each type that the profile offers.</summary>
    public static IReadOnlyList<AcmeIdentifier> Identifiers(CertificateProfile profile) =>
        [.. profile.Identifiers.Keys.Where(type => type is not AcmeIdentifier.HardwareModule || profile.Identifiers.Count == 1).Select(type => new AcmeIdentifier(type, type switch
        {
            AcmeIdentifier.Dns => "sample.example",
            AcmeIdentifier.Ip => "192.0.2.1",
            AcmeIdentifier.Uri => "spiffe://sample.example/device",
            AcmeIdentifier.HardwareModule => $"{Value}/1.3.6.1.4.1.99999.1",
            _ => Value,
        }))];

    /// <summary>A value for each fact that the template shows and that is not among <paramref name="known"/>.</summary>
    public static FactSet Facts(CertificateProfile profile, IEnumerable<Fact> known)
    {
        var facts = known.ToDictionary(fact => fact.Name, StringComparer.Ordinal);
        foreach (var name in ProfileRules.Texts(profile.Certificate).SelectMany(place => place.Text.Placeholders).Where(name => name != TextTemplate.Identifier))
        {
            facts.TryAdd(name, new Fact(name, new FactValue.Text(Value), true));
        }

        if (profile.Certificate.MicrosoftSid != SidMode.None)
        {
            facts.TryAdd(SidFact, new Fact(SidFact, new FactValue.Text(Sid), true));
        }

        return new FactSet(facts.Values);
    }

    /// <summary>The request of a key that is thrown away.</summary>
    public static CertificateSigningRequest Request(string keyType)
    {
        if (keyType.StartsWith("rsa-", StringComparison.Ordinal))
        {
            using var rsa = RSA.Create(int.Parse(keyType.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture));
            return CertificateSigningRequest.Read(new CertificateRequest("", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest());
        }

        using var ec = ECDsa.Create(keyType switch
        {
            "ec-p384" => ECCurve.NamedCurves.nistP384,
            "ec-p521" => ECCurve.NamedCurves.nistP521,
            _ => ECCurve.NamedCurves.nistP256,
        });
        return CertificateSigningRequest.Read(new CertificateRequest("", ec, HashAlgorithmName.SHA256).CreateSigningRequest());
    }

    /// <summary>Plans and signs.</summary>
    /// <param name="issuer">The CA certificate that would have signed, for its name and end; null for none.</param>
    /// <param name="statusUrl">Where CRLs and CA certificates are; null names no place.</param>
    /// <exception cref="ProblemException">The template cannot be filled.</exception>
    public static SampleCertificate Make(CertificateInputs inputs, X509Certificate2? issuer = null, Uri? statusUrl = null)
    {
        var plan = CertificatePlanner.Plan(inputs);
        if (issuer is not null && plan.NotAfter > issuer.NotAfter && !plan.ExactNotAfter)
        {
            // as the built-in CA does it
            plan = plan with { NotAfter = issuer.NotAfter };
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signing = new SigningKey(key);
        var from = new CertificateIssuer
        {
            Name = issuer?.SubjectName.RawData ?? new X500DistinguishedName(NameOfNobody).RawData,
            KeyIdentifier = signing.KeyIdentifier,
            Key = signing,
            CrlUrl = statusUrl is null ? null : new Uri(statusUrl, "crl"),
            CertificateUrl = statusUrl is null ? null : new Uri(statusUrl, "ca"),
        };
        return new SampleCertificate(plan, CertificateBuilder.EndEntity(plan, from, CertificateBuilder.Serial()));
    }
}
