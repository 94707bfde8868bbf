using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Formats.Cbor;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Makes step statements of a YubiKey's PIV application: valid by default, with <see cref="With"/> one thing wrong.</summary>
internal sealed record YubiKeyMaker(YubiKeyVendor Vendor, DateTimeOffset Now)
{
    private const string ManagedDevice = "1.3.6.1.4.1.37476.9000.64.4";
    private const int EdDsa = -8;

    public YubiKeyDevice Device { get; init; } = YubiKeyDevice.Five();
    public ImmutableHashSet<YubiKeyFault> Faults { get; init; } = [];

    /// <summary>Clients may send what the maker publishes; the key itself holds only its own attestation certificate.</summary>
    public bool PresentsIntermediates { get; init; }

    public YubiKeyMaker With(params YubiKeyFault[] faults) => this with { Faults = Faults.Union(faults) };

    /// <summary>Attests a new P-256 key for the sample challenge.</summary>
    public MadeEvidence Make() => Make(ChallengeMaterial.Sample, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="challenge">The challenge to answer.</param>
    /// <param name="key">The key in the slot, RSA, P-256 or P-384; the result holds it for the CSR.</param>
    public MadeEvidence Make(ChallengeMaterial challenge, AsymmetricAlgorithm key)
    {
        var attested = Has(YubiKeyFault.KeySwap) ? StatementSignature.Another(key) : Has(YubiKeyFault.ShortRsaKey) ? SpareRsaKey.Of(1024) : key;
        var publicKey = Has(YubiKeyFault.Ed25519Key) ? Ed25519() : attested.ExportSubjectPublicKeyInfo();
        var chain = Chain(publicKey);
        var statement = AttestationObject.Write(
            Has(YubiKeyFault.UnknownFormat) ? "stepped" : "step",
            writer => WriteStatement(writer, challenge, attested, chain),
            duplicateFormat: Has(YubiKeyFault.DuplicateKey));
        byte[] sent = Has(YubiKeyFault.TrailingBytes) ? [.. statement, 0x00] : statement;
        return new MadeEvidence
        {
            AttestationObject = sent,
            AttObj = MadeEvidence.Encode(sent),
            PublicKey = publicKey,
            Key = key,
            Identifier = Device.Serial?.ToString(CultureInfo.InvariantCulture) ?? "",
            Chain = chain,
        };
    }

    private bool Has(YubiKeyFault fault) => Faults.Contains(fault);

    private void WriteStatement(CborWriter writer, ChallengeMaterial challenge, AsymmetricAlgorithm key, IReadOnlyList<byte[]> chain)
    {
        var signature = Has(YubiKeyFault.Ed25519Key) ? RandomNumberGenerator.GetBytes(64) : Sign(challenge, key);
        writer.WriteStartMap(3 - (Has(YubiKeyFault.MissingX5c) ? 1 : 0) - (Has(YubiKeyFault.MissingSignature) ? 1 : 0));
        writer.WriteTextString("alg");
        if (Has(YubiKeyFault.AlgorithmOfText))
        {
            writer.WriteTextString("ES256");
        }
        else
        {
            writer.WriteInt32(Has(YubiKeyFault.Ed25519Key) ? EdDsa : Has(YubiKeyFault.WrongAlgorithm) ? -65535 : StatementSignature.Algorithm(key));
        }

        if (!Has(YubiKeyFault.MissingSignature))
        {
            writer.WriteTextString("sig");
            writer.WriteByteString(Has(YubiKeyFault.EmptySignature) ? [] : Has(YubiKeyFault.BareSignature) ? signature : Wrap(signature));
        }

        if (!Has(YubiKeyFault.MissingX5c))
        {
            writer.WriteTextString("x5c");
            writer.WriteCertificates(chain);
        }

        writer.WriteEndMap();
    }

    private byte[] Sign(ChallengeMaterial challenge, AsymmetricAlgorithm key) => StatementSignature.Sign(
        Has(YubiKeyFault.SignedByAnotherKey) ? StatementSignature.Another(key) : key,
        Has(YubiKeyFault.SignedToken) ? Encoding.ASCII.GetBytes(challenge.Token)
        : Has(YubiKeyFault.SignedHash) ? challenge.KeyAuthorizationHash
        : Encoding.ASCII.GetBytes(Has(YubiKeyFault.WrongKeyAuthorization) ? "another" + challenge.KeyAuthorization[7..] : challenge.KeyAuthorization));

    // clients encode the byte string, and its encoding is the byte string that they send
    private byte[] Wrap(byte[] signature)
    {
        var writer = new CborWriter();
        if (Has(YubiKeyFault.TextSignature))
        {
            writer.WriteTextString(Convert.ToHexString(signature));
        }
        else
        {
            writer.WriteByteString(signature);
        }

        return writer.Encode();
    }

    private List<byte[]> Chain(byte[] publicKey)
    {
        var vendor = Has(YubiKeyFault.ForeignRoot) ? new YubiKeyVendor(new Seed("a stranger")) : Vendor;
        var f9 = Device.IsNew ? vendor.NewAttestation : vendor.Attestation;
        var certification = Device.Fips ? new ExtensionFields(YubiKeyVendor.Arc + "10", false, Der.Integer(7))
            : Device.Cspn ? new ExtensionFields(YubiKeyVendor.Arc + "11", false, Der.Integer(1))
            : null;
        var thief = new Seed("an owner").Key("f9", EcDomain.P256);
        var issuer = YubiKeyVendor.Certificate(f9, Device.AttestationFirmware ?? Device.Firmware, certification, fields =>
            Has(YubiKeyFault.ExpiredIntermediate) ? fields with { NotAfter = Now.AddDays(-30) }
            : Has(YubiKeyFault.OverwrittenAttestationKey) ? fields with { PublicKey = thief.PublicKey }
            : Has(YubiKeyFault.IssuedByAnotherApplication) ? fields with { Extensions = [] }
            : fields);
        List<byte[]> above = [issuer, .. PresentsIntermediates && Device.IsNew ? [vendor.PivCa.Certificate, vendor.Intermediate.Certificate] : Array.Empty<byte[]>()];
        var leaf = Leaf(publicKey, Device);
        if (Has(YubiKeyFault.OverwrittenAttestationKey))
        {
            // what he cannot have is the vendor's signature over his key
            var forged = new CertificateFields
            {
                Serial = 1,
                Subject = f9.Name,
                PublicKey = thief.PublicKey,
                NotBefore = leaf.NotBefore,
                NotAfter = leaf.NotAfter,
                Extensions = [ExtensionFields.Authority()],
            };
            return [leaf.Sign(f9.Name, thief), forged.Sign(vendor.PivRoot.Name, thief)];
        }

        if (Has(YubiKeyFault.ForgedCertificateBelow) || Has(YubiKeyFault.ForgedManagedDevice))
        {
            // an honest key of the attacker's YubiKey; what it signs is a lie about another
            var slot = new Seed("chain extension").Key("slot", EcDomain.P256);
            var honest = Leaf(slot.PublicKey, YubiKeyDevice.Five(99999999));
            var lie = Has(YubiKeyFault.ForgedManagedDevice) ? leaf with { Extensions = [Managed(Device.Serial!.Value.ToString(CultureInfo.InvariantCulture))] } : leaf;
            return [lie.Sign(honest.Subject, slot), f9.Issue(honest), .. above];
        }

        if (Has(YubiKeyFault.AttestationCertificateAlone))
        {
            return above;
        }

        var signed = Has(YubiKeyFault.WrongLeafSignature) ? leaf.Sign(f9.Name, thief) : f9.Issue(leaf);
        return [Has(YubiKeyFault.LeafNotDer) ? signed[..^1] : signed, .. Has(YubiKeyFault.MissingIntermediate) ? [] : above];
    }

    private CertificateFields Leaf(byte[] publicKey, YubiKeyDevice device) => new()
    {
        // as real ones: 16 octets that tell nothing, no key identifiers, the validity of the attestation certificate
        Serial = new BigInteger(SHA256.HashData(publicKey).AsSpan(0, 16), isUnsigned: true, isBigEndian: true) >> 1,
        Subject = Der.Name((Oids.CommonName, $"YubiKey PIV Attestation {device.Slot}")),
        PublicKey = publicKey,
        NotBefore = Has(YubiKeyFault.FutureLeaf) ? Now.AddDays(10) : FakeCa.Epoch,
        NotAfter = Has(YubiKeyFault.ExpiredLeaf) ? Now.AddDays(-1) : FakeCa.Epoch.AddYears(15),
        Extensions = [.. Extensions(device)],
    };

    private IEnumerable<ExtensionFields> Extensions(YubiKeyDevice device)
    {
        if (device.ManagedId is { } id)
        {
            yield return Managed(id);
            yield break;
        }

        if (!Has(YubiKeyFault.NoFirmware))
        {
            yield return Extension("3", Has(YubiKeyFault.LongFirmware) ? [.. device.Firmware, 0] : device.Firmware);
        }

        if (device.Serial is { } serial && !Has(YubiKeyFault.NoSerial))
        {
            yield return Extension("7", SerialValue(serial));
        }

        if (!Has(YubiKeyFault.NoPolicies))
        {
            yield return Extension("8", Has(YubiKeyFault.ShortPolicies) ? [device.PinPolicy] : [device.PinPolicy, device.TouchPolicy]);
        }

        if (device.FormFactor is { } factor)
        {
            yield return Extension("9", Has(YubiKeyFault.LongFormFactor) ? [factor, 0] : [factor]);
        }

        if (Has(YubiKeyFault.UnknownCriticalExtension))
        {
            yield return new ExtensionFields("1.3.6.1.4.1.99999.1", true, [5, 0]);
        }
    }

    private byte[] SerialValue(long serial) =>
        Has(YubiKeyFault.SerialNotDer) ? BitConverter.GetBytes(serial)
        : Der.Write(writer => writer.WriteInteger(
            Has(YubiKeyFault.NegativeSerial) ? -serial : Has(YubiKeyFault.WrongSerial) ? serial + 1 : serial));

    private static ExtensionFields Extension(string last, byte[] value) => new(YubiKeyVendor.Arc + last, false, value);

    private static ExtensionFields Managed(string id) => new(
        ManagedDevice, false, Der.Sequence(writer => writer.WriteCharacterString(UniversalTagNumber.PrintableString, id)));

    // RFC 8410 §4: the key itself does not matter, nobody here can verify with it
    private static byte[] Ed25519() => [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00, .. SHA256.HashData("ed25519"u8)];
}
