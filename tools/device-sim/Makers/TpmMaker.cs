using System.Buffers.Text;
using System.Collections.Immutable;
using System.Formats.Cbor;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Makes TPM statements (WebAuthn §8.3) over a key authorization: valid by default, with <see cref="With"/> one thing wrong.</summary>
internal sealed record TpmMaker(FakeTpm Tpm, DateTimeOffset Now)
{
    public const int CoseEs256 = -7;
    public const int CoseEs384 = -35;
    public const int CoseRs256 = -257;
    public const int CoseRs1 = -65535;

    /// <summary>The attestation key's type; the faults that need RSA choose it themselves.</summary>
    public bool RsaAttestationKey { get; init; }

    /// <summary>The attestation key's chain where another attestation CA than the simulator's has certified it; DER, its own certificate first.</summary>
    public IReadOnlyList<byte[]>? Certified { get; init; }
    public ImmutableHashSet<TpmFault> Faults { get; init; } = [];
    public ImmutableHashSet<TpmVariant> Variants { get; init; } = [];

    public TpmMaker With(params TpmFault[] faults) => this with { Faults = Faults.Union(faults) };

    public TpmMaker As(params TpmVariant[] variants) => this with { Variants = Variants.Union(variants) };

    /// <summary>Certifies a new P-256 key for the sample challenge.</summary>
    public MadeEvidence Make()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        while (Variants.Contains(TpmVariant.ShortCoordinates) && key.ExportParameters(false).Q.X![0] != 0)
        {
            key.Dispose();
            key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        }

        return Make(ChallengeMaterial.Sample, key);
    }

    /// <param name="challenge">The challenge to answer.</param>
    /// <param name="key">The application key: ECDSA on P-256 or P-384, or RSA; the result holds it for the CSR.</param>
    public MadeEvidence Make(ChallengeMaterial challenge, AsymmetricAlgorithm key)
    {
        var certified = CertifiedKey(key);
        var pubArea = PubArea(certified);
        var attestationKey = Has(TpmFault.Sha1Signature) && !RsaAttestationKey ? SpareRsaKey.Of(2048) : Tpm.AttestationKey(RsaAttestationKey);
        var certInfo = CertInfo(challenge, pubArea, attestationKey);
        var chain = Certified?.ToList() ?? Chain(attestationKey.ExportSubjectPublicKeyInfo());
        var signature = Signature(certInfo, attestationKey);
        var algorithm = Algorithm(Variants.Contains(TpmVariant.AlgOfAttestedKey) ? certified : attestationKey);
        var statement = Has(TpmFault.EmptyAttObj) ? []
            : Has(TpmFault.EmptyCborMap) ? [0xA0]
            : Statement(algorithm, chain, signature, certInfo, pubArea);
        return new MadeEvidence
        {
            AttestationObject = statement,
            AttObj = Has(TpmFault.PaddedBase64) ? JsonValue.Create(Base64Url.EncodeToString(statement) + "==") : MadeEvidence.Encode(statement),
            PublicKey = certified.ExportSubjectPublicKeyInfo(),
            Key = key,
            Identifier = Tpm.Identifier,
            Chain = chain,
        };
    }

    private bool Has(TpmFault fault) => Faults.Contains(fault);

    private AsymmetricAlgorithm CertifiedKey(AsymmetricAlgorithm key) =>
        Has(TpmFault.KeySwap) ? ECDsa.Create(ECCurve.NamedCurves.nistP256)
        : Has(TpmFault.ShortRsaKey) ? SpareRsaKey.Of(1024)
        : Has(TpmFault.RsaExponentOne) && key is not RSA ? SpareRsaKey.Of(2048)
        : key;

    private byte[] PubArea(AsymmetricAlgorithm key)
    {
        var area = TpmtPublic.Of(key, KeyAttributes());
        if (Has(TpmFault.Sha1Name))
        {
            area = area with { NameAlg = TpmIds.AlgSha1 };
        }

        if (Has(TpmFault.RsaExponentOne))
        {
            area = area with { Exponent = 1 };
        }

        if (area.Point is { } point)
        {
            var y = Has(TpmFault.PointNotOnCurve) ? [.. point.Y[..^1], (byte)(point.Y[^1] ^ 1)] : point.Y;
            area = area with { Point = Variants.Contains(TpmVariant.ShortCoordinates) ? (point.Curve, Short(point.X), Short(y)) : (point.Curve, point.X, y) };
        }

        var bytes = area.ToBytes();
        return Has(TpmFault.PubAreaTrailingBytes) ? [.. bytes, 0, 0]
            : Has(TpmFault.PubAreaTruncated) ? bytes[..^1]
            : bytes;
    }

    private ObjectAttributes KeyAttributes()
    {
        var attributes = ObjectAttributes.ApplicationKey;
        attributes |= Has(TpmFault.RestrictedKey) ? ObjectAttributes.Restricted : 0;
        attributes &= Has(TpmFault.FixedTpmClear) ? ~ObjectAttributes.FixedTpm : ~ObjectAttributes.None;
        attributes &= Has(TpmFault.FixedParentClear) ? ~ObjectAttributes.FixedParent : ~ObjectAttributes.None;
        attributes &= Has(TpmFault.SensitiveDataOriginClear) ? ~ObjectAttributes.SensitiveDataOrigin : ~ObjectAttributes.None;
        attributes &= Has(TpmFault.SignClear) ? ~ObjectAttributes.Sign : ~ObjectAttributes.None;
        return attributes;
    }

    private byte[] CertInfo(ChallengeMaterial challenge, byte[] pubArea, AsymmetricAlgorithm attestationKey)
    {
        var nameAlg = Has(TpmFault.Sha1Name) ? TpmIds.AlgSha1 : TpmIds.AlgSha256;
        var name = TpmtPublic.NameOf(nameAlg, Has(TpmFault.WrongName) ? [.. pubArea, 1] : pubArea);
        var signer = TpmtPublic.Of(attestationKey, ObjectAttributes.AttestationKey, Scheme(attestationKey)).Name;
        var attest = new TpmsAttest
        {
            Magic = Has(TpmFault.WrongMagic) ? 0x00544347 : TpmIds.GeneratedValue,
            Type = Has(TpmFault.QuoteInsteadOfCertify) ? TpmIds.AttestQuote : TpmIds.AttestCertify,
            QualifiedSigner = FakeTpm.QualifiedName(signer),
            ExtraData = ExtraData(challenge),
            Attested = Has(TpmFault.QuoteInsteadOfCertify)
                ? TpmsAttest.QuoteInfo(SHA256.HashData(pubArea))
                : TpmsAttest.CertifyInfo(name, FakeTpm.QualifiedName(name)),
        };
        return Has(TpmFault.CertInfoTrailingBytes) ? [.. attest.ToBytes(), 0] : attest.ToBytes();
    }

    private byte[] ExtraData(ChallengeMaterial challenge) =>
        Has(TpmFault.WrongExtraData) ? SHA256.HashData("another key authorization"u8)
        : Has(TpmFault.TokenHashed) ? challenge.TokenHash
        : Has(TpmFault.EmptyExtraData) ? []
        : challenge.KeyAuthorizationHash;

    private byte[] Signature(byte[] certInfo, AsymmetricAlgorithm attestationKey)
    {
        var hash = Has(TpmFault.Sha1Signature) ? TpmIds.AlgSha1 : TpmIds.AlgSha256;
        var signer = Has(TpmFault.WrongSignature) ? new FakeTpm(Tpm.Vendor, "a forger").AttestationKey(attestationKey is RSA) : attestationKey;
        return Variants.Contains(TpmVariant.PlainSignature)
            ? TpmtSignature.Plain(signer, certInfo, hash)
            : TpmtSignature.Marshalled(signer, certInfo, hash);
    }

    private int Algorithm(AsymmetricAlgorithm key) =>
        Has(TpmFault.Sha1Signature) ? CoseRs1 : key is RSA ? CoseRs256 : key.KeySize == 384 ? CoseEs384 : CoseEs256;

    private List<byte[]> Chain(byte[] attestationKey)
    {
        var vendor = Has(TpmFault.ForeignRoot) ? new TpmVendor(new Seed("a stranger")) : Tpm.Vendor;
        if (Has(TpmFault.EkCertificateAsAk))
        {
            // The manufacturer's CA, the AK's key: everything is right but the purpose.
            return [vendor.VendorCa.Issue(vendor.EkFields("misused", attestationKey)), vendor.VendorCa.Certificate];
        }

        var certificate = vendor.AttestationCa.Issue(AkFields(vendor, attestationKey));
        var issuer = Has(TpmFault.ExpiredIntermediate)
            ? vendor.AttestationCa.Reissue(old => old with { NotAfter = Now.AddDays(-30) })
            : vendor.AttestationCa.Certificate;
        return Has(TpmFault.MissingIntermediate) ? [certificate] : [certificate, issuer];
    }

    private CertificateFields AkFields(TpmVendor vendor, byte[] attestationKey)
    {
        var value = Has(TpmFault.MissingIdentifier) ? null
            : Has(TpmFault.OtherIdentifier) ? new string('0', 64)
            : TpmVendor.IdentifierValue(Tpm.EkCertificate);
        var fields = vendor.AkFields(value, attestationKey, Now);
        var names = TpmVendor.AlternativeName(value, Has(TpmFault.AkWithoutTpmAttributes) ? null : Variants.Contains(TpmVariant.MultiValuedRdn));
        var extensions = fields.Extensions.Select(extension => extension.Oid switch
        {
            Oids.SubjectAlternativeName => names,
            Oids.BasicConstraints when Has(TpmFault.AkIsCa) => ExtensionFields.Authority(),
            Oids.ExtendedKeyUsage when Has(TpmFault.AkWithoutEku) => ExtensionFields.ExtendedKeyUsage("1.3.6.1.5.5.7.3.2"),
            _ => extension,
        });
        return fields with
        {
            Extensions = [.. extensions],
            Subject = Has(TpmFault.AkWithSubject) ? Der.Name((Oids.CommonName, "an attestation key")) : fields.Subject,
            NotBefore = Has(TpmFault.ExpiredAk) ? Now.AddDays(-60) : fields.NotBefore,
            NotAfter = Has(TpmFault.ExpiredAk) ? Now.AddDays(-30) : fields.NotAfter,
        };
    }

    private byte[] Statement(int algorithm, List<byte[]> chain, byte[] signature, byte[] certInfo, byte[] pubArea)
    {
        var sent = Variants.Contains(TpmVariant.SizedPubArea) ? new TpmWriter().Sized(pubArea).ToArray() : pubArea;
        var members = new List<(string Key, Action<CborWriter> Write)>();
        void Add(bool missing, string key, Action<CborWriter> write)
        {
            if (!missing)
            {
                members.Add((key, write));
            }
        }

        Add(Has(TpmFault.MissingVersion), "ver", writer => writer.WriteTextString(Has(TpmFault.WrongVersion) ? "1.2" : "2.0"));
        Add(false, "alg", writer => writer.WriteInt32(algorithm));
        Add(Has(TpmFault.MissingX5c), "x5c", writer => writer.WriteCertificates(chain));
        Add(Has(TpmFault.MissingSignature), "sig", writer => writer.WriteByteString(signature));
        Add(Has(TpmFault.MissingCertInfo), "certInfo", writer => WriteCertInfo(writer, certInfo));
        Add(Has(TpmFault.MissingPubArea), "pubArea", writer => writer.WriteByteString(sent));
        var bytes = AttestationObject.Write("tpm", writer => WriteMembers(writer, members), duplicateFormat: Has(TpmFault.DuplicateKey));
        return Has(TpmFault.TrailingBytes) ? [.. bytes, 0] : bytes;
    }

    private void WriteCertInfo(CborWriter writer, byte[] certInfo)
    {
        if (Has(TpmFault.CertInfoOfText))
        {
            writer.WriteTextString(Convert.ToHexString(certInfo));
        }
        else
        {
            writer.WriteByteString(certInfo);
        }
    }

    private static void WriteMembers(CborWriter writer, List<(string Key, Action<CborWriter> Write)> members)
    {
        writer.WriteStartMap(members.Count);
        foreach (var (key, write) in members)
        {
            writer.WriteTextString(key);
            write(writer);
        }

        writer.WriteEndMap();
    }

    private static (int Scheme, int Hash) Scheme(AsymmetricAlgorithm key) =>
        (key is RSA ? TpmIds.AlgRsaSsa : TpmIds.AlgEcdsa, TpmIds.AlgSha256);

    private static byte[] Short(byte[] coordinate) =>
        new BigInteger(coordinate, isUnsigned: true, isBigEndian: true).ToByteArray(isUnsigned: true, isBigEndian: true);
}
