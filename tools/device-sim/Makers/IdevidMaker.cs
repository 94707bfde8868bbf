using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Makes deviceacme-idevid statements (docs/idevid-format.md): valid by default, with <see cref="With"/> one thing wrong.</summary>
internal sealed record IdevidMaker(IdevidDevice Device, DateTimeOffset Now)
{
    private const int Es256 = -7;
    private const int Rs256 = -257;
    private const int Rs1 = -65535;

    public ImmutableHashSet<IdevidFault> Faults { get; init; } = [];

    /// <summary>Verifiers know the root; sending it too does no harm.</summary>
    public bool PresentsRoot { get; init; }

    public IdevidMaker With(params IdevidFault[] faults) => this with { Faults = Faults.Union(faults) };

    /// <summary>Signs for a new P-256 key and the sample challenge.</summary>
    public MadeEvidence Make() => Make(ChallengeMaterial.Sample, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="challenge">The challenge to answer.</param>
    /// <param name="key">The new key, RSA or EC; the result holds it for the CSR.</param>
    public MadeEvidence Make(ChallengeMaterial challenge, AsymmetricAlgorithm key)
    {
        var newKey = NewKey(key);
        var signature = Signature(challenge, newKey, key);
        var sent = Has(IdevidFault.ExchangedKey) ? ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportSubjectPublicKeyInfo() : newKey;
        var chain = Chain();
        var statement = AttestationObject.Write(
            Has(IdevidFault.UnknownFormat) ? "deviceacme-birth" : "deviceacme-idevid",
            writer => WriteStatement(writer, chain, signature, sent),
            duplicateFormat: Has(IdevidFault.DuplicateKey));
        statement = Has(IdevidFault.TrailingBytes) ? [.. statement, 0x00] : statement;
        return new MadeEvidence
        {
            AttestationObject = statement,
            AttObj = MadeEvidence.Encode(statement),
            PublicKey = newKey,
            Key = key,
            Identifier = Device.Identifier,
            IdentifierType = AcmeIdentifier.HardwareModule,
            Chain = chain,
        };
    }

    /// <summary>The 97 octets that the IDevID key signs: context, zero, hash of the key authorization, hash of the new key.</summary>
    public static byte[] Binding(string keyAuthorization, byte[] newKey) =>
    [
        .. "DeviceAcme IDevID attestation v1"u8,
        0x00,
        .. SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization)),
        .. SHA256.HashData(newKey),
    ];

    private bool Has(IdevidFault fault) => Faults.Contains(fault);

    private byte[] NewKey(AsymmetricAlgorithm key)
    {
        if (Has(IdevidFault.KeySwap))
        {
            return ECDsa.Create(ECCurve.NamedCurves.nistP256).ExportSubjectPublicKeyInfo();
        }

        if (Has(IdevidFault.ShortNewKey))
        {
            return SpareRsaKey.Of(1024).ExportSubjectPublicKeyInfo();
        }

        var info = key.ExportSubjectPublicKeyInfo();
        if (Has(IdevidFault.PointNotOnCurve))
        {
            info[^1] ^= 0x01;
        }

        return Has(IdevidFault.KeyNotDer) ? info[..^1] : Has(IdevidFault.LongKey) ? new byte[2049] : info;
    }

    private byte[] Signature(ChallengeMaterial challenge, byte[] newKey, AsymmetricAlgorithm key)
    {
        var binding = Binding(challenge.KeyAuthorization, newKey);
        var signed = Has(IdevidFault.WrongChallenge) ? Binding("another" + challenge.KeyAuthorization[7..], newKey)
            : Has(IdevidFault.TokenSigned) ? Binding(challenge.Token, newKey)
            : Has(IdevidFault.KeyAuthorizationAlone) ? Encoding.ASCII.GetBytes(challenge.KeyAuthorization)
            : Has(IdevidFault.WithoutContext) ? binding[33..]
            : binding;
        return Has(IdevidFault.EmptySignature) ? []
            : Has(IdevidFault.LongSignature) ? new byte[1025]
            : Has(IdevidFault.SignedByNewKey) ? SignWith(key, signed)
            : Has(IdevidFault.ShortBirthKey) ? SignWith(ShortKey(), signed)
            : Device.Sign(signed);
    }

    private static byte[] SignWith(AsymmetricAlgorithm key, byte[] data) => key switch
    {
        RSA rsa => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ECDsa ec => ec.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
        _ => throw new SimulatorException($"no device has keys of type {key.GetType().Name}"),
    };

    private RSA ShortKey() => RsaKey.Make(Device.Vendor.Seed, "short", 1024);

    private void WriteStatement(CborWriter writer, IReadOnlyList<byte[]> chain, byte[] signature, byte[] newKey)
    {
        var missing = new[] { IdevidFault.MissingX5c, IdevidFault.MissingKey, IdevidFault.MissingSignature }.Count(Has);
        writer.WriteStartMap(4 - missing);
        writer.WriteTextString("alg");
        if (Has(IdevidFault.AlgorithmOfText))
        {
            writer.WriteTextString("ES256");
        }
        else
        {
            var rsa = Device.Rsa is not null || Has(IdevidFault.ShortBirthKey);
            writer.WriteInt32(Has(IdevidFault.Sha1Algorithm) ? Rs1 : rsa != Has(IdevidFault.WrongAlgorithm) ? Rs256 : Es256);
        }

        if (!Has(IdevidFault.MissingSignature))
        {
            writer.WriteTextString("sig");
            writer.WriteByteString(signature);
        }

        if (!Has(IdevidFault.MissingX5c))
        {
            writer.WriteTextString("x5c");
            writer.WriteCertificates(chain);
        }

        if (Has(IdevidFault.KeyOfText))
        {
            writer.WriteTextString("key");
            writer.WriteTextString(Convert.ToBase64String(newKey));
        }
        else if (!Has(IdevidFault.MissingKey))
        {
            writer.WriteTextString("key");
            writer.WriteByteString(newKey);
        }

        writer.WriteEndMap();
    }

    private List<byte[]> Chain()
    {
        var (root, issuer) = Has(IdevidFault.ForeignRoot) ? Strangers() : (Device.Root, Device.Issuer);
        var above = Has(IdevidFault.MissingIntermediate) ? []
            : new List<byte[]> { Has(IdevidFault.ExpiredIntermediate) ? issuer.Reissue(fields => fields with { NotAfter = Now.AddDays(-30) }) : issuer.Certificate };
        if (PresentsRoot)
        {
            above.Add(root.Certificate);
        }

        var fields = Birth(issuer);
        if (Has(IdevidFault.CertificateBelow))
        {
            // an honest birth certificate of the attacker's own device, and below it a lie about another
            var own = Device.Vendor.Seed.Key("attacker", EcDomain.P256);
            var honest = issuer.Issue(fields with { Subject = IdevidVendor.Subject(Device.Model, "SIMSTRANGER1"), PublicKey = own.PublicKey });
            return [fields.Sign(IdevidVendor.Subject(Device.Model, "SIMSTRANGER1"), own), honest, .. above];
        }

        var leaf = Has(IdevidFault.WrongLeafSignature)
            ? fields.Sign(issuer.Name, Device.Vendor.Seed.Key("a forger", EcDomain.P256))
            : issuer.Issue(fields);
        return [Has(IdevidFault.LeafNotDer) ? leaf[..^1] : leaf, .. above];
    }

    private (FakeCa Root, FakeCa Issuer) Strangers()
    {
        var vendor = new IdevidVendor(new Seed("a stranger"));
        return Device.Root == Device.Vendor.PrinterRoot ? (vendor.PrinterRoot, vendor.PrinterCa) : (vendor.ModuleRoot, vendor.ModuleCa);
    }

    private CertificateFields Birth(FakeCa issuer) => new()
    {
        Serial = Device.Vendor.Seed.Serial("idevid:" + Device.SerialNumber),
        Subject = IdevidVendor.Subject(Device.Model, SubjectSerial()),
        PublicKey = Has(IdevidFault.ShortBirthKey) ? ShortKey().ExportSubjectPublicKeyInfo() : Device.PublicKey,
        NotBefore = Has(IdevidFault.FutureBirthCertificate) ? Now.AddDays(1) : FakeCa.Epoch,
        NotAfter = Has(IdevidFault.ExpiredBirthCertificate) ? Now.AddDays(-1)
            : Has(IdevidFault.FutureBirthCertificate) ? Now.AddYears(10)
            : Device.NotAfter,
        Extensions =
        [
            Has(IdevidFault.BirthCertificateOfCa) ? ExtensionFields.Authority() : ExtensionFields.EndEntity(),
            ExtensionFields.AuthorityKeyIdentifier(issuer.Key.PublicKey),
            ExtensionFields.KeyUsage((byte)(Has(IdevidFault.NotForSigning) ? 0x20 : 0x80)),
            .. Names() is { } names ? [names] : Array.Empty<ExtensionFields>(),
            .. Has(IdevidFault.UnknownCriticalExtension) ? [new ExtensionFields("1.3.6.1.4.1.99999.1", true, [5, 0])] : Array.Empty<ExtensionFields>(),
        ],
    };

    private string? SubjectSerial() =>
        Has(IdevidFault.NoIdentifier) || (Has(IdevidFault.ModuleNotUtf8) && Device.Module is null) ? null
        : Has(IdevidFault.WrongDevice) ? "SIMSTRANGER1"
        : Has(IdevidFault.SerialWithSlash) ? Device.SerialNumber + "/1.2"
        : Device.SerialNumber;

    private ExtensionFields? Names()
    {
        if (Has(IdevidFault.NoIdentifier))
        {
            return null;
        }

        if (Has(IdevidFault.TwoModules))
        {
            return IdevidVendor.HardwareModules((IdevidVendor.PrinterType, "ONE"u8.ToArray()), (IdevidVendor.PrinterType, "TWO"u8.ToArray()));
        }

        if (Has(IdevidFault.TruncatedNames))
        {
            var names = IdevidVendor.HardwareModules((IdevidVendor.PrinterType, "ONE"u8.ToArray()));
            return names with { Value = names.Value[..^1] };
        }

        if (Has(IdevidFault.ModuleNotUtf8))
        {
            return IdevidVendor.HardwareModules((IdevidVendor.PrinterType, [0xC3, 0x28]));
        }

        return Has(IdevidFault.WrongDevice) ? Device.Names("CHIP-STRANGER"u8.ToArray())
            : Has(IdevidFault.SerialWithSlash) ? Device.Names("CHIP/1"u8.ToArray())
            : Device.Names();
    }
}
