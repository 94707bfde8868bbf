using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>A maker of TPMs (root, intermediate, EK certificates) and an attestation CA (root, CA, AK certificates).</summary>
internal sealed class TpmVendor
{
    public const string AttestationCaName = "DeviceAcme Simulator TPM Attestation CA 1";

    // "SIM0" is a simulator's id in the TCG registry: a production profile has one more reason to refuse it.
    private const string Manufacturer = "id:53494D30";
    private const string Model = "DeviceAcme Simulator";
    private const string Version = "id:00010002";

    private readonly ConcurrentDictionary<string, Lazy<RSAParameters>> _rsaKeys = new(StringComparer.Ordinal);

    public TpmVendor(Seed seed)
    {
        Seed = seed;
        VendorRoot = FakeCa.Root(seed, "DeviceAcme Simulator TPM Vendor Root CA", EcDomain.P384);
        VendorCa = VendorRoot.Intermediate("DeviceAcme Simulator TPM Manufacturing CA 1", EcDomain.P256);
        AttestationRoot = FakeCa.Root(seed, "DeviceAcme Simulator TPM Attestation Root CA", EcDomain.P384);
        AttestationCa = AttestationRoot.Intermediate(AttestationCaName, EcDomain.P256);
    }

    public Seed Seed { get; }
    public FakeCa VendorRoot { get; }
    public FakeCa VendorCa { get; }
    public FakeCa AttestationRoot { get; }
    public FakeCa AttestationCa { get; }

    /// <summary>The order value that names a TPM: the EK certificate's SHA-256 and the TCG's assigner for it.</summary>
    public static string Identifier(byte[] ekCertificate) => $"{IdentifierValue(ekCertificate)}/{Oids.EkPermanentIdentifierSha256}";

    public static string IdentifierValue(byte[] ekCertificate) => Convert.ToHexStringLower(SHA256.HashData(ekCertificate));

    /// <summary>The RSA key of a TPM of this vendor that grows from the seed; grown once.</summary>
    public RSA RsaKey(string label) => RSA.Create(_rsaKeys.GetOrAdd(label, name => new Lazy<RSAParameters>(() =>
    {
        using var grown = Vendors.RsaKey.Make(Seed, "tpm:" + name, 2048);
        return grown.ExportParameters(includePrivateParameters: true);
    })).Value);

    /// <summary>EK certificate: empty subject, critical SAN with the TPM's description, EKU tcg-kp-EKCertificate.</summary>
    public CertificateFields EkFields(string device, byte[] publicKey) => new()
    {
        Serial = Seed.Serial("ek:" + device),
        Subject = Der.Sequence(_ => { }),
        PublicKey = publicKey,
        NotBefore = FakeCa.Epoch,
        NotAfter = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero),
        Extensions =
        [
            ExtensionFields.EndEntity(),
            ExtensionFields.AuthorityKeyIdentifier(VendorCa.Key.PublicKey),
            ExtensionFields.KeyUsage(0x08),
            ExtensionFields.ExtendedKeyUsage(Oids.EkCertificate),
            AlternativeName(null),
        ],
    };

    /// <summary>AK certificate (WebAuthn §8.3.1): empty subject, critical SAN with the TPM's description and its permanent identifier.</summary>
    public CertificateFields AkFields(string? identifierValue, byte[] publicKey, DateTimeOffset now) => new()
    {
        Serial = Seed.Serial("ak:" + Convert.ToHexString(SHA256.HashData(publicKey))),
        Subject = Der.Sequence(_ => { }),
        PublicKey = publicKey,
        NotBefore = now.AddMinutes(-5),
        NotAfter = now.AddDays(365),
        Extensions =
        [
            ExtensionFields.EndEntity(),
            ExtensionFields.AuthorityKeyIdentifier(AttestationCa.Key.PublicKey),
            ExtensionFields.SubjectKeyIdentifier(publicKey),
            ExtensionFields.KeyUsage(0x80),
            ExtensionFields.ExtendedKeyUsage(Oids.AkCertificate),
            AlternativeName(identifierValue),
        ],
    };

    /// <summary>Critical SAN: the TPM's description, then its permanent identifier.</summary>
    /// <param name="identifierValue">Null leaves the identifier out.</param>
    /// <param name="oneRdn">All three attributes in one RDN, or each in its own (both are in use); null leaves the description out.</param>
    /// <param name="manufacturer">Another vendor's id in the place of the simulator's.</param>
    public static ExtensionFields AlternativeName(string? identifierValue, bool? oneRdn = false, string manufacturer = Manufacturer) => new(Oids.SubjectAlternativeName, true, Der.Sequence(writer =>
    {
        (string Oid, string Value)[] attributes = [(Oids.TpmManufacturer, manufacturer), (Oids.TpmModel, Model), (Oids.TpmVersion, Version)];
        if (oneRdn is { } joined)
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4)))
            {
                writer.WriteEncodedValue(joined ? Der.MultiValuedName(attributes) : Der.Name(attributes));
            }
        }

        if (identifierValue is not null)
        {
            WritePermanentIdentifier(writer, identifierValue);
        }
    }));

    /// <summary>subjectDirectoryAttributes with the TPM's specification and its description, as some vendors have it.</summary>
    public static ExtensionFields DirectoryAttributes() => new(Oids.SubjectDirectoryAttributes, false, Der.Sequence(writer =>
    {
        WriteAttribute(writer, Oids.TpmSpecification, values =>
        {
            using (values.PushSequence())
            {
                values.WriteCharacterString(UniversalTagNumber.UTF8String, "2.0");
                values.WriteInteger(0);
                values.WriteInteger(159);
            }
        });
        foreach (var (oid, value) in new[] { (Oids.TpmManufacturer, Manufacturer), (Oids.TpmModel, Model), (Oids.TpmVersion, Version) })
        {
            WriteAttribute(writer, oid, values => values.WriteCharacterString(UniversalTagNumber.UTF8String, value));
        }
    }));

    private static void WriteAttribute(AsnWriter writer, string oid, Action<AsnWriter> value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            using (writer.PushSetOf())
            {
                value(writer);
            }
        }
    }

    // RFC 4043: otherName [0] { type-id, [0] EXPLICIT SEQUENCE { identifierValue UTF8String, assigner OBJECT IDENTIFIER } }
    private static void WritePermanentIdentifier(AsnWriter writer, string value)
    {
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            writer.WriteObjectIdentifier(Oids.PermanentIdentifier);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            using (writer.PushSequence())
            {
                writer.WriteCharacterString(UniversalTagNumber.UTF8String, value);
                writer.WriteObjectIdentifier(Oids.EkPermanentIdentifierSha256);
            }
        }
    }
}
