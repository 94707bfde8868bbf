using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>
/// Makes packed statements in which the attestation key is the key of the certificate, as ACME needs it: valid by default, with
/// <see cref="With"/> one thing wrong.
/// </summary>
internal sealed record PackedMaker(AuthenticatorVendor Vendor, DateTimeOffset Now)
{
    private const string Aaguid = "1.3.6.1.4.1.45724.1.1.4";
    private const string SerialNumber = "1.3.6.1.4.1.45724.1.1.2";
    private const string FirmwareVersion = "1.3.6.1.4.1.45724.1.1.5";

    /// <summary>FIDO's U2F transports, as real certificates have them: a named bit list.</summary>
    private static readonly ExtensionFields Transports = new("1.3.6.1.4.1.45724.2.1.1", false, [0x03, 0x02, 0x04, 0x30]);

    /// <summary>Octets of the vendor's own; the order names them in hex.</summary>
    public byte[] Serial { get; init; } = Convert.FromHexString("51a000000001");
    public ImmutableHashSet<PackedFault> Faults { get; init; } = [];

    public PackedMaker With(params PackedFault[] faults) => this with { Faults = Faults.Union(faults) };

    /// <summary>Attests a new P-256 key for the sample challenge.</summary>
    public MadeEvidence Make() => Make(ChallengeMaterial.Sample, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="challenge">The challenge to answer.</param>
    /// <param name="key">The authenticator's key, RSA or EC; the result holds it for the CSR.</param>
    public MadeEvidence Make(ChallengeMaterial challenge, AsymmetricAlgorithm key)
    {
        var attested = Has(PackedFault.KeySwap) || Has(PackedFault.SignedByAnotherKey) ? StatementSignature.Another(key) : key;
        var publicKey = Has(PackedFault.Ed25519Key) ? Ed25519() : attested.ExportSubjectPublicKeyInfo();
        var chain = Chain(publicKey);
        var ceremony = Has(PackedFault.BrowserCeremony);
        var statement = AttestationObject.Write(
            Has(PackedFault.UnknownFormat) ? "packet" : Has(PackedFault.NoneFormat) ? "none" : "packed",
            writer => WriteStatement(writer, challenge, Has(PackedFault.SignedByAnotherKey) ? key : attested, chain),
            ceremony ? AuthData() : null,
            Has(PackedFault.DuplicateKey));
        byte[] sent = Has(PackedFault.TrailingBytes) ? [.. statement, 0x00] : statement;
        return new MadeEvidence
        {
            AttestationObject = sent,
            AttObj = MadeEvidence.Encode(sent),
            PublicKey = publicKey,
            Key = key,
            Identifier = Convert.ToHexStringLower(Serial),
            Chain = chain,
        };
    }

    private bool Has(PackedFault fault) => Faults.Contains(fault);

    private void WriteStatement(CborWriter writer, ChallengeMaterial challenge, AsymmetricAlgorithm key, IReadOnlyList<byte[]> chain)
    {
        if (Has(PackedFault.NoneFormat))
        {
            writer.WriteStartMap(0);
            writer.WriteEndMap();
            return;
        }

        writer.WriteStartMap(3 - (Has(PackedFault.SelfAttestation) ? 1 : 0) + (Has(PackedFault.MemberOfTpm) ? 1 : 0));
        if (Has(PackedFault.MemberOfTpm))
        {
            writer.WriteTextString("certInfo");
            writer.WriteByteString([0xFF, 0x54, 0x43, 0x47]);
        }

        writer.WriteTextString("alg");
        if (Has(PackedFault.AlgorithmOfText))
        {
            writer.WriteTextString("ES256");
        }
        else
        {
            writer.WriteInt32(Has(PackedFault.WrongAlgorithm) ? -65535 : StatementSignature.Algorithm(key));
        }

        writer.WriteTextString("sig");
        writer.WriteByteString(Has(PackedFault.EmptySignature) ? [] : StatementSignature.Sign(key, Signed(challenge)));
        if (!Has(PackedFault.SelfAttestation))
        {
            writer.WriteTextString("x5c");
            writer.WriteCertificates(Has(PackedFault.EmptyX5c) ? [] : chain);
        }

        writer.WriteEndMap();
    }

    private byte[] Signed(ChallengeMaterial challenge) =>
        Has(PackedFault.BrowserCeremony) ? [.. AuthData(), .. challenge.KeyAuthorizationHash]
        : Encoding.ASCII.GetBytes(Has(PackedFault.SignedToken) ? challenge.Token
            : Has(PackedFault.WrongKeyAuthorization) ? "another" + challenge.KeyAuthorization[7..]
            : challenge.KeyAuthorization);

    private List<byte[]> Chain(byte[] publicKey)
    {
        var vendor = Has(PackedFault.ForeignRoot) ? new AuthenticatorVendor(new Seed("a stranger")) : Vendor;
        var leaf = Leaf(publicKey, vendor);
        var signed = Has(PackedFault.WrongLeafSignature)
            ? leaf.Sign(vendor.Ca.Name, new Seed("a forger").Key("attestation", EcDomain.P256))
            : vendor.Ca.Issue(leaf);
        var issuer = Has(PackedFault.ExpiredIntermediate) ? vendor.Ca.Reissue(fields => fields with { NotAfter = Now.AddDays(-30) }) : vendor.Ca.Certificate;
        return [Has(PackedFault.LeafNotDer) ? signed[..^1] : signed, .. Has(PackedFault.MissingIntermediate) ? Array.Empty<byte[]>() : [issuer]];
    }

    private CertificateFields Leaf(byte[] publicKey, AuthenticatorVendor vendor) => new()
    {
        Serial = new BigInteger(SHA256.HashData(publicKey).AsSpan(0, 8), isUnsigned: true),
        Subject = Der.Name(
        [
            .. Has(PackedFault.NoCountry) ? Array.Empty<(string, string)>() : [(Oids.Country, "ZZ")],
            (Oids.Organization, FakeCa.Organization),
            (Oids.OrganizationalUnit, Has(PackedFault.WrongUnit) ? "Authenticators" : "Authenticator Attestation"),
            (Oids.CommonName, "DeviceAcme Simulator Authenticator"),
        ]),
        PublicKey = publicKey,
        NotBefore = Has(PackedFault.FutureLeaf) ? Now.AddDays(10) : FakeCa.Epoch,
        NotAfter = Has(PackedFault.ExpiredLeaf) ? Now.AddDays(-1) : FakeCa.Epoch.AddYears(15),
        Extensions = [.. Extensions(publicKey, vendor)],
    };

    private IEnumerable<ExtensionFields> Extensions(byte[] publicKey, AuthenticatorVendor vendor)
    {
        yield return ExtensionFields.SubjectKeyIdentifier(publicKey);
        yield return ExtensionFields.AuthorityKeyIdentifier(vendor.Ca.Key.PublicKey);
        if (!Has(PackedFault.NoBasicConstraints))
        {
            yield return Has(PackedFault.LeafIsCa) ? ExtensionFields.Authority() : ExtensionFields.EndEntity();
        }

        yield return Transports;
        var aaguid = SHA256.HashData("DeviceAcme Simulator Authenticator"u8)[..16];
        yield return new ExtensionFields(Aaguid, false, Octets(Has(PackedFault.ShortAaguid) ? aaguid[..15] : aaguid));
        if (!Has(PackedFault.NoSerial))
        {
            var serial = Has(PackedFault.BlankSerial) ? [] : Has(PackedFault.WrongSerial) ? [.. Serial, 1] : Serial;
            yield return new ExtensionFields(SerialNumber, false, Has(PackedFault.BareSerial) ? serial : Octets(serial));
        }

        yield return new ExtensionFields(FirmwareVersion, false, Der.Integer(50403));
        if (Has(PackedFault.UnknownCriticalExtension))
        {
            yield return new ExtensionFields("1.3.6.1.4.1.99999.1", true, [5, 0]);
        }
    }

    // WebAuthn §6.1: hash of a name, user present, counter
    private static byte[] AuthData() => [.. SHA256.HashData("host.example"u8), 0x01, 0, 0, 0, 0];

    private static byte[] Octets(byte[] value) => Der.Write(writer => writer.WriteOctetString(value));

    // RFC 8410 §4
    private static byte[] Ed25519() => [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00, .. SHA256.HashData("ed25519"u8)];
}
