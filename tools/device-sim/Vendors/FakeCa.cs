using System.Numerics;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>A certification authority that nobody must trust in production; its names say so.</summary>
internal sealed class FakeCa
{
    public const string Organization = "DeviceAcme Simulator (never trust in production)";

    private readonly Seed _seed;
    private readonly FakeCa? _issuer;
    private readonly CertificateFields _fields;

    private FakeCa(Seed seed, string commonName, EcDomain domain, FakeCa? issuer, DateTimeOffset notAfter)
    {
        _seed = seed;
        _issuer = issuer;
        Key = seed.Key("ca:" + commonName, domain);
        Name = Der.Name((Oids.CommonName, commonName), (Oids.Organization, Organization), (Oids.Country, "ZZ"));
        _fields = new CertificateFields
        {
            Serial = seed.Serial("ca:" + commonName),
            Subject = Name,
            PublicKey = Key.PublicKey,
            NotBefore = Epoch,
            NotAfter = notAfter,
            Extensions =
            [
                ExtensionFields.Authority(),
                ExtensionFields.AuthorityKeyIdentifier((issuer?.Key ?? Key).PublicKey),
                ExtensionFields.SubjectKeyIdentifier(Key.PublicKey),
                ExtensionFields.KeyUsage(0x06),
            ],
        };
        Certificate = Reissue(fields => fields);
    }

    /// <summary>When every fake CA became valid; fixed, so that a seed gives the same bytes on any day.</summary>
    public static DateTimeOffset Epoch { get; } = new(2022, 2, 16, 19, 1, 24, TimeSpan.Zero);

    public BigInteger Serial => _fields.Serial;

    /// <summary>DER Name.</summary>
    public byte[] Name { get; }
    public EcKey Key { get; }

    /// <summary>DER certificate.</summary>
    public byte[] Certificate { get; }

    public static FakeCa Root(Seed seed, string commonName, EcDomain domain) => new(seed, commonName, domain, null, Epoch.AddYears(25));

    public FakeCa Intermediate(string commonName, EcDomain domain) => new(_seed, commonName, domain, this, Epoch.AddYears(15));

    /// <summary>This CA's certificate with something changed, signed by the same issuer: raw material of faults.</summary>
    public byte[] Reissue(Func<CertificateFields, CertificateFields> change) =>
        change(_fields).Sign(_issuer?.Name ?? Name, (_issuer ?? this).Key);

    /// <summary>Leaves get signatures of the platform, which are random and a tenth of the work; else the same leaf is the same octets.</summary>
    public bool InHaste { get; set; }

    public byte[] Issue(CertificateFields fields) => fields.Sign(Name, InHaste ? Key.InHaste : Key);
}
