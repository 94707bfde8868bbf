using System.Buffers.Text;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Makes Apple Managed Device Attestations: valid by default, with <see cref="With"/> one thing wrong.</summary>
internal sealed record AppleMaker(AppleVendor Vendor, DateTimeOffset Now)
{
    private const string Property = "1.2.840.113635.100.8.";
    private const string Freshness = Property + "11.1";

    public AppleDevice Device { get; init; } = AppleDevice.Mac();
    public ImmutableHashSet<AppleFault> Faults { get; init; } = [];

    /// <summary>Attested by the sub CA for fleets, which is on P-256.</summary>
    public bool Batch { get; init; }

    /// <summary>Where the leaf says that its issuer's certificate is (RFC 5280 §4.2.2.1); Apple's say nothing.</summary>
    public string? IssuerUrl { get; init; }

    public AppleMaker With(params AppleFault[] faults) => this with { Faults = Faults.Union(faults) };

    /// <summary>Attests a new P-384 key for the sample challenge.</summary>
    public MadeEvidence Make() => Make(ChallengeMaterial.Sample, ECDsa.Create(ECCurve.NamedCurves.nistP384));

    /// <param name="challenge">The challenge to answer.</param>
    /// <param name="key">The device's key, P-256 or P-384; the result holds it for the CSR.</param>
    public MadeEvidence Make(ChallengeMaterial challenge, ECDsa key)
    {
        var attested = Has(AppleFault.KeySwap) ? OtherKey(key) : key.ExportSubjectPublicKeyInfo();
        var chain = Chain(challenge, attested);
        var statement = Has(AppleFault.EmptyAttObj) || Has(AppleFault.ErrorField) ? []
            : Has(AppleFault.EmptyJsonObject) ? "{}"u8.ToArray()
            : Has(AppleFault.EmptyCborMap) ? [0xA0]
            : Statement(chain);
        return new MadeEvidence
        {
            AttestationObject = statement,
            AttObj = AttObj(statement),
            Error = Has(AppleFault.ErrorField) ? "The device could not obtain an attestation (simulated)." : null,
            PublicKey = attested,
            Key = key,
            Identifier = Device.Serial ?? Device.Udid ?? "",
            Chain = chain,
        };
    }

    private bool Has(AppleFault fault) => Faults.Contains(fault);

    private JsonNode AttObj(byte[] statement)
    {
        if (Has(AppleFault.AttObjNotString))
        {
            return new JsonObject { ["statement"] = MadeEvidence.Encode(statement) };
        }

        return Has(AppleFault.PaddedBase64) ? JsonValue.Create(Base64Url.EncodeToString(statement) + "==") : MadeEvidence.Encode(statement);
    }

    private byte[] Statement(IReadOnlyList<byte[]> chain)
    {
        var bytes = AttestationObject.Write(
            Has(AppleFault.UnknownFormat) ? "pear" : "apple",
            writer => WriteStatement(writer, chain),
            Has(AppleFault.WebAuthnApple) ? new byte[37] : null,
            Has(AppleFault.DuplicateKey));
        return Has(AppleFault.TrailingBytes) ? [.. bytes, 0x00] : bytes;
    }

    private void WriteStatement(CborWriter writer, IReadOnlyList<byte[]> chain)
    {
        if (Has(AppleFault.MissingX5c))
        {
            writer.WriteStartMap(0);
        }
        else if (Has(AppleFault.X5cOfText))
        {
            writer.WriteStartMap(1);
            writer.WriteTextString("x5c");
            writer.WriteStartArray(1);
            writer.WriteTextString(Convert.ToBase64String(chain[0]));
            writer.WriteEndArray();
        }
        else if (Has(AppleFault.DeepNesting))
        {
            writer.WriteStartMap(1);
            writer.WriteTextString("x5c");
            writer.WriteNested(5000);
        }
        else
        {
            writer.WriteStartMap(1);
            writer.WriteTextString("x5c");
            writer.WriteCertificates(Has(AppleFault.EmptyX5c) ? [] : chain);
        }

        writer.WriteEndMap();
    }

    private List<byte[]> Chain(ChallengeMaterial challenge, byte[] publicKey)
    {
        var vendor = Has(AppleFault.ForeignRoot) ? new AppleVendor(new Seed("a stranger")) : Vendor;
        var authority = Batch ? vendor.BatchCa : vendor.SubCa;
        var fields = Leaf(challenge, publicKey);
        if (Has(AppleFault.TooManyIntermediates))
        {
            var lower = authority.Intermediate("DeviceAcme Simulator Enterprise Attestation Sub CA below", EcDomain.P256);
            var last = authority.Reissue(old => old with { Extensions = [ExtensionFields.LastAuthority(), .. old.Extensions.Skip(1)] });
            return [lower.Issue(fields), lower.Certificate, last];
        }

        var subCa = Has(AppleFault.ExpiredIntermediate) ? authority.Reissue(old => old with { NotAfter = Now.AddDays(-30) })
            : Has(AppleFault.IntermediateNotCa) ? authority.Reissue(old => old with { Extensions = [ExtensionFields.EndEntity(), .. old.Extensions.Skip(1)] })
            : Has(AppleFault.IntermediateMayNotSign) ? authority.Reissue(old => old with { Extensions = [.. old.Extensions.Where(extension => extension.Oid != Oids.KeyUsage), ExtensionFields.KeyUsage(0x02)] })
            : Has(AppleFault.ShortIntermediateKey) ? authority.Reissue(old => old with { PublicKey = ShortRsaKey() })
            : authority.Certificate;
        if (Has(AppleFault.LeafBelowLeaf))
        {
            // what a device could do with its own attested key, had the verifier no eye for basic constraints
            var device = new Seed("leaf below leaf").Key("device", EcDomain.P384);
            var real = authority.Issue(fields with { PublicKey = device.PublicKey });
            return [fields.Sign(fields.Subject, device), real, subCa];
        }

        var leaf = Has(AppleFault.WrongLeafSignature)
            ? fields.Sign(authority.Name, new Seed("a forger").Key("sub CA", EcDomain.P384))
            : authority.Issue(fields);
        if (Has(AppleFault.LeafNotDer))
        {
            leaf = leaf[..^1];
        }

        return Has(AppleFault.MissingIntermediate) ? [leaf]
            : Has(AppleFault.LeafTwice) ? [leaf, leaf]
            : Has(AppleFault.LongChain) ? [leaf, .. Enumerable.Repeat(subCa, 40)]
            : [leaf, subCa];
    }

    private CertificateFields Leaf(ChallengeMaterial challenge, byte[] publicKey)
    {
        var made = Has(AppleFault.ExpiredLeaf) ? Now.AddDays(-120) : Has(AppleFault.FutureLeaf) ? Now.AddDays(10) : Now;
        var properties = Properties(challenge).Where(property => property.Value is not null);
        return new CertificateFields
        {
            // As the real leaf: milliseconds as serial, one day back, 91 days long.
            Serial = made.ToUnixTimeMilliseconds(),
            NotBefore = made.AddDays(-1),
            NotAfter = made.AddDays(90),
            Subject = Der.Name(
                (Oids.CommonName, Convert.ToHexStringLower(SHA256.HashData(publicKey))),
                (Oids.OrganizationalUnit, "AAA Certification"),
                (Oids.Organization, FakeCa.Organization),
                (Oids.State, "Simulation")),
            PublicKey = publicKey,
            Extensions =
            [
                Has(AppleFault.LeafIsCa) ? ExtensionFields.Authority() : ExtensionFields.EndEntity(),
                ExtensionFields.KeyUsage(0xF0),
                .. properties.Select(property => new ExtensionFields(property.Oid, false, property.Value!)),
                .. IssuerUrl is null ? Array.Empty<ExtensionFields>() : [ExtensionFields.IssuerAt(IssuerUrl)],
                .. Has(AppleFault.UnknownCriticalExtension) ? [new ExtensionFields("1.3.6.1.4.1.99999.1", true, [5, 0])] : Array.Empty<ExtensionFields>(),
            ],
        };
    }

    /// <summary>The documented properties in the order of the real leaf; texts raw, numbers DER INTEGER.</summary>
    private IEnumerable<(string Oid, byte[]? Value)> Properties(ChallengeMaterial challenge)
    {
        if (Has(AppleFault.WebAuthnApple))
        {
            var nonce = Der.Sequence(writer => writer.WriteOctetString(challenge.TokenHash, new Asn1Tag(TagClass.ContextSpecific, 1)));
            return [(Property + "2", nonce)];
        }

        return
        [
            (Property + "10.2", Text(Device.SepOsVersion)),
            (Property + "10.3", Text(Device.LlbVersion)),
            (Property + "10.1", Text(Device.OsVersion)),
            (Property + "9.4", Text(Device.Model)),
            (Property + "13.2", Text(Device.SecureBoot)),
            (Property + "13.1", Has(AppleFault.MalformedSip) ? "0"u8.ToArray() : Number(Device.Sip)),
            (Property + "13.3", Number(Device.ThirdPartyKexts)),
            (Property + "9.1", Serial()),
            (Property + "9.1", Has(AppleFault.TwoSerials) ? "C02STRANGER1"u8.ToArray() : null),
            (Property + "9.2", Udid()),
            (Freshness, FreshnessCode(challenge)),
        ];
    }

    private byte[]? Serial() =>
        Has(AppleFault.UserEnrollment) ? null
        : Has(AppleFault.BlankSerial) ? []
        : Has(AppleFault.WrongSerial) ? "C02STRANGER1"u8.ToArray()
        : Has(AppleFault.LowerCaseSerial) ? Text(Device.Serial?.ToLowerInvariant())
        : Has(AppleFault.SerialWithNul) ? [.. Text(Device.Serial) ?? [], 0]
        : Has(AppleFault.SerialNotUtf8) ? [.. Text(Device.Serial) ?? [], 0xC3, 0x28]
        : Text(Device.Serial);

    private byte[]? Udid() =>
        Has(AppleFault.UserEnrollment) ? null
        : Has(AppleFault.BlankSerial) ? []
        : Has(AppleFault.WrongSerial) ? "00006030-000A51D2FFFFFFFF"u8.ToArray()
        : Text(Device.Udid);

    private byte[]? FreshnessCode(ChallengeMaterial challenge) =>
        Has(AppleFault.MissingFreshness) ? null
        : Has(AppleFault.BlankFreshness) ? []
        : Has(AppleFault.WrongChallenge) ? SHA256.HashData(Encoding.ASCII.GetBytes("another token"))
        : Has(AppleFault.KeyAuthorizationHashed) ? challenge.KeyAuthorizationHash
        : Has(AppleFault.WrappedFreshness) ? Der.Write(writer => writer.WriteOctetString(challenge.TokenHash))
        : challenge.TokenHash;

    private static byte[]? Text(string? value) => value is null ? null : Encoding.ASCII.GetBytes(value);

    private static byte[]? Number(int? value) => value is { } number ? Der.Integer(number) : null;

    private static byte[] ShortRsaKey()
    {
        using var key = SpareRsaKey.Of(1024);
        return key.ExportSubjectPublicKeyInfo();
    }

    private static byte[] OtherKey(ECDsa key)
    {
        using var other = ECDsa.Create(ECCurve.CreateFromOid(key.ExportParameters(false).Curve.Oid));
        return other.ExportSubjectPublicKeyInfo();
    }
}
