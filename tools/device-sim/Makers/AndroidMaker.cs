using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Simulator.Vendors;
using static DeviceAcme.Simulator.Makers.KeyDescriptionWriter;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Makes android-key statements: valid by default, with <see cref="With"/> one thing wrong.</summary>
internal sealed record AndroidMaker(AndroidVendor Vendor, DateTimeOffset Now)
{
    private const int Software = 0;
    private const int TrustedEnvironment = 1;
    private const int StrongBoxLevel = 2;

    public AndroidDevice Device { get; init; } = AndroidDevice.Phone();
    public ImmutableHashSet<AndroidFault> Faults { get; init; } = [];

    /// <summary>False leaves <c>sig</c> out, as clients do that send the bare chain.</summary>
    public bool Signs { get; init; } = true;

    /// <summary>Devices present their root too; verifiers know it anyway.</summary>
    public bool PresentsRoot { get; init; } = true;

    public AndroidMaker With(params AndroidFault[] faults) => this with { Faults = Faults.Union(faults) };

    /// <summary>Attests a new P-256 key for the sample challenge.</summary>
    public MadeEvidence Make() => Make(ChallengeMaterial.Sample, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="challenge">The challenge to answer.</param>
    /// <param name="key">The device's key, RSA, P-256 or P-384; the result holds it for the CSR.</param>
    public MadeEvidence Make(ChallengeMaterial challenge, AsymmetricAlgorithm key)
    {
        var signer = Has(AndroidFault.KeySwap) ? OtherKey(key) : key;
        var attested = signer.ExportSubjectPublicKeyInfo();
        var chain = Chain(challenge, signer);
        var statement = AttestationObject.Write(
            Has(AndroidFault.UnknownFormat) ? "android-safe" : "android-key",
            writer => WriteStatement(writer, challenge, signer, chain),
            duplicateFormat: Has(AndroidFault.DuplicateKey));
        byte[] sent = Has(AndroidFault.TrailingBytes) ? [.. statement, 0x00] : statement;
        return new MadeEvidence
        {
            AttestationObject = sent,
            AttObj = MadeEvidence.Encode(sent),
            PublicKey = attested,
            Key = key,
            Identifier = Device.Serial ?? Device.Imei ?? "",
            Chain = chain,
        };
    }

    private bool Has(AndroidFault fault) => Faults.Contains(fault);

    private void WriteStatement(CborWriter writer, ChallengeMaterial challenge, AsymmetricAlgorithm key, IReadOnlyList<byte[]> chain)
    {
        writer.WriteStartMap((Signs ? 2 : 0) + (Has(AndroidFault.MissingX5c) ? 0 : 1));
        if (Signs)
        {
            writer.WriteTextString("alg");
            if (Has(AndroidFault.AlgorithmOfText))
            {
                writer.WriteTextString("ES256");
            }
            else
            {
                writer.WriteInt32(Has(AndroidFault.WrongAlgorithm) ? -65535 : key is RSA ? -257 : -7);
            }

            var signed = Encoding.ASCII.GetBytes(Has(AndroidFault.WrongSignature) ? challenge.Token : challenge.KeyAuthorization);
            writer.WriteTextString("sig");
            writer.WriteByteString(Has(AndroidFault.EmptySignature) ? [] : SignWith(key, signed));
        }

        if (!Has(AndroidFault.MissingX5c))
        {
            writer.WriteTextString("x5c");
            writer.WriteCertificates(chain);
        }

        writer.WriteEndMap();
    }

    private List<byte[]> Chain(ChallengeMaterial challenge, AsymmetricAlgorithm key)
    {
        var vendor = Has(AndroidFault.ForeignRoot) ? new AndroidVendor(new Seed("a stranger")) : Vendor;
        var attestationKey = Has(AndroidFault.RevokedCertificate) ? vendor.Leaked : Device.StrongBox ? vendor.StrongBox : vendor.Tee;
        var issuer = Device.FactoryProvisioned
            ? attestationKey.Reissue(Expired)
            : AndroidVendor.Provisioned(attestationKey, Now, Expired);
        var leaf = Leaf(key.ExportSubjectPublicKeyInfo(), Description(challenge, Device, key));
        List<byte[]> above = [issuer, vendor.DroidCa.Certificate, .. PresentsRoot ? [vendor.Root.Certificate] : Array.Empty<byte[]>()];
        if (Has(AndroidFault.ForgedDescriptionBelow) || Has(AndroidFault.PlainCertificateBelow))
        {
            // the attested key is an honest one of the attacker's phone; what it signs is a lie about another
            var phone = new Seed("chain extension").Key("attested", EcDomain.P256);
            var honest = attestationKey.Issue(Leaf(phone.PublicKey, Description(challenge, AndroidDevice.Phone("SIMSTRANGER1"), phone.Algorithm)));
            var forged = leaf with { Extensions = Has(AndroidFault.PlainCertificateBelow) ? [leaf.Extensions[0]] : leaf.Extensions };
            return [forged.Sign(leaf.Subject, phone), honest, .. above];
        }

        var signed = Has(AndroidFault.WrongLeafSignature)
            ? leaf.Sign(attestationKey.Name, new Seed("a forger").Key("attestation", EcDomain.P256))
            : attestationKey.Issue(leaf);
        return [Has(AndroidFault.LeafNotDer) ? signed[..^1] : signed, .. above];
    }

    private CertificateFields Expired(CertificateFields fields) => Has(AndroidFault.ExpiredIntermediate) ? fields with { NotAfter = Now.AddDays(-30) } : fields;

    private CertificateFields Leaf(byte[] publicKey, byte[] description) => new()
    {
        // as real ones: serial number 1, no key identifiers, valid from the epoch on
        Serial = 1,
        Subject = Der.Name((Oids.CommonName, "Android Keystore Key")),
        PublicKey = publicKey,
        NotBefore = Has(AndroidFault.FutureLeaf) ? Now.AddDays(10) : DateTimeOffset.UnixEpoch,
        NotAfter = Has(AndroidFault.ExpiredLeaf) ? Now.AddDays(-1) : new DateTimeOffset(2048, 1, 1, 0, 0, 0, TimeSpan.Zero),
        Extensions =
        [
            ExtensionFields.KeyUsage(0x80),
            .. Has(AndroidFault.MissingExtension) ? Array.Empty<ExtensionFields>() : [new ExtensionFields(KeyDescriptionWriter.Oid, false, description)],
            .. Has(AndroidFault.UnknownCriticalExtension) ? [new ExtensionFields("1.3.6.1.4.1.99999.1", true, [5, 0])] : Array.Empty<ExtensionFields>(),
        ],
    };

    private byte[] Description(ChallengeMaterial challenge, AndroidDevice device, AsymmetricAlgorithm key)
    {
        var level = device.StrongBox ? StrongBoxLevel : TrustedEnvironment;
        var software = new AuthorizationFields()
            .Add(CreationDateTime, Der.Write(writer => writer.WriteInteger(Now.ToUnixTimeMilliseconds())))
            .Octets(KeyDescriptionWriter.ApplicationId, ApplicationIdValue("org.deviceacme.simulator", 1, SHA256.HashData("simulator"u8)));
        var hardware = new AuthorizationFields()
            .Set(Purpose, Has(AndroidFault.NotForSigning) ? [1] : [2, 3])
            .Number(KeySize, key.KeySize)
            .Set(Digest, 4)
            .Flag(NoAuthRequired)
            .Number(OsVersion, device.OsVersion)
            .Number(OsPatchLevel, device.OsPatchLevel)
            .Text(Brand, device.Brand)
            .Text(KeyDescriptionWriter.Device, device.Device)
            .Text(Product, device.Product)
            .Text(Manufacturer, device.Manufacturer)
            .Text(Model, device.Model)
            .Number(VendorPatchLevel, device.VendorPatchLevel)
            .Number(BootPatchLevel, device.BootPatchLevel);
        _ = key is RSA
            ? hardware.Number(Algorithm, 1).Number(RsaPublicExponent, 65537)
            : hardware.Number(Algorithm, 3).Number(EcCurve, key.KeySize == 384 ? 2 : 1);
        (Has(AndroidFault.SoftwareOrigin) ? software : hardware).Number(Origin, Has(AndroidFault.ImportedKey) ? 2 : 0);
        if (Has(AndroidFault.AllApplications))
        {
            software.Flag(AllApplications);
        }

        if (Has(AndroidFault.DuplicateAuthorization))
        {
            hardware.Number(OsVersion, device.OsVersion);
        }

        AddRootOfTrust(Has(AndroidFault.SoftwareRootOfTrust) ? software : hardware);
        AddIdentifiers(Has(AndroidFault.SoftwareSerial) ? software : hardware, device);
        var description = Write(
            Has(AndroidFault.SoftwareKey) ? Software : level,
            Has(AndroidFault.SoftwareKey) || Has(AndroidFault.SoftwareKeyMint) ? Software : level,
            Challenge(challenge), software, hardware);
        return Has(AndroidFault.TruncatedDescription) ? description[..^3]
            : Has(AndroidFault.TrailingDescription) ? [.. description, 0x05, 0x00]
            : description;
    }

    private void AddRootOfTrust(AuthorizationFields list)
    {
        if (Has(AndroidFault.NoRootOfTrust))
        {
            return;
        }

        var state = Has(AndroidFault.Unlocked) ? 2 : Has(AndroidFault.SelfSignedBoot) ? 1 : 0;
        list.Add(RootOfTrust, RootOfTrustValue(
            SHA256.HashData("boot key"u8), !Has(AndroidFault.Unlocked), state, SHA256.HashData("boot image"u8)));
    }

    private void AddIdentifiers(AuthorizationFields list, AndroidDevice device)
    {
        if (!Has(AndroidFault.NoSerial))
        {
            list.Octets(Serial, SerialOctets(device)).Text(Imei, ImeiText(device));
        }
    }

    private byte[]? SerialOctets(AndroidDevice device) =>
        device.Serial is null ? null
        : Has(AndroidFault.BlankSerial) ? []
        : Has(AndroidFault.WrongSerial) ? "SIMSTRANGER1"u8.ToArray()
        : Has(AndroidFault.SerialWithNul) ? [.. Encoding.UTF8.GetBytes(device.Serial), 0]
        : Has(AndroidFault.SerialNotUtf8) ? [.. Encoding.UTF8.GetBytes(device.Serial), 0xC3, 0x28]
        : Encoding.UTF8.GetBytes(device.Serial);

    private string? ImeiText(AndroidDevice device) =>
        device.Imei is null ? null : Has(AndroidFault.BlankSerial) ? "" : Has(AndroidFault.WrongSerial) ? "490154203237518" : device.Imei;

    private byte[] Challenge(ChallengeMaterial challenge) =>
        Has(AndroidFault.EmptyChallenge) ? []
        : Has(AndroidFault.WrongChallenge) ? Encoding.ASCII.GetBytes("another" + challenge.KeyAuthorization[7..])
        : Has(AndroidFault.HashedChallenge) ? challenge.KeyAuthorizationHash
        : Has(AndroidFault.TokenChallenge) ? Encoding.ASCII.GetBytes(challenge.Token)
        : Encoding.ASCII.GetBytes(challenge.KeyAuthorization);

    private static byte[] SignWith(AsymmetricAlgorithm key, byte[] data) => key switch
    {
        RSA rsa => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ECDsa ec => ec.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
        _ => throw new SimulatorException($"KeyMint has no keys of type {key.GetType().Name}"),
    };

    private static AsymmetricAlgorithm OtherKey(AsymmetricAlgorithm key) =>
        key is RSA ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
}
