using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>What a TPM shows to get an attestation key certified, and the keys to go on with.</summary>
internal sealed record MadeEk
{
    /// <summary>DER, or as NV memory holds them: the endorsement certificate and the vendor's CA.</summary>
    public required IReadOnlyList<byte[]> Certificates { get; init; }

    /// <summary>The endorsement key, DER SubjectPublicKeyInfo.</summary>
    public required byte[] EkPublicKey { get; init; }

    /// <summary>The endorsement key as TPMT_PUBLIC; null where the client does not send it.</summary>
    public byte[]? EkPublicArea { get; init; }

    /// <summary>The attestation key as TPMT_PUBLIC.</summary>
    public required byte[] AkPublic { get; init; }

    public required byte[] CreateData { get; init; }
    public required byte[] CreateAttestation { get; init; }
    public required byte[] CreateSignature { get; init; }

    /// <summary>The attestation key's name, that of <see cref="AkPublic"/>.</summary>
    public required byte[] AkName { get; init; }

    /// <summary>The attestation key's private half.</summary>
    public required AsymmetricAlgorithm AttestationKey { get; init; }

    /// <summary>The TPM's half of the activation; null where the endorsement key has no private half here.</summary>
    public FakeEk? Ek { get; init; }

    /// <summary>TPM2_ActivateCredential as the TPM of the attestation key answers it; null where it refuses.</summary>
    public byte[]? Activate(byte[] credential, byte[] encryptedSecret) => Ek?.ActivateCredential(credential, encryptedSecret, AkName);
}

/// <summary>Makes endorsement keys, their certificates and attestation keys with creation evidence: valid by default, with <see cref="With"/> one thing wrong.</summary>
internal sealed record EkMaker(FakeTpm Tpm, DateTimeOffset Now)
{
    private const string TestVendor = "id:54535430";

    /// <summary>The endorsement key's kind; faults and variants that need RSA choose it themselves.</summary>
    public EkKind Kind { get; init; }

    /// <summary>The attestation key's type; the faults that need RSA choose it themselves.</summary>
    public bool RsaAttestationKey { get; init; }

    /// <summary>The vendor's id in the endorsement certificate; null for the simulator's own, which is in no registry.</summary>
    public string? Manufacturer { get; init; }
    public ImmutableHashSet<EkFault> Faults { get; init; } = [];
    public ImmutableHashSet<EkVariant> Variants { get; init; } = [];

    public EkMaker With(params EkFault[] faults) => this with { Faults = Faults.Union(faults) };

    public EkMaker As(params EkVariant[] variants) => this with { Variants = Variants.Union(variants) };

    public MadeEk Make()
    {
        var ek = Has(EkFault.ShortRsaEk) ? new FakeEk(SpareRsaKey.Of(1024)) : Tpm.EndorsementKey(Is(EkVariant.OaepKey) ? EkKind.Rsa2048 : Kind);
        var publicKey = Has(EkFault.Roca) ? RocaKey() : ek.PublicKey;
        var attestationKey = Has(EkFault.ShortRsaAk) ? SpareRsaKey.Of(1024) : Tpm.AttestationKey(RsaAttestationKey);
        var area = AkArea(attestationKey);
        var createData = CreateData([]);
        var attestation = Attestation(area, createData);
        return new MadeEk
        {
            Certificates = Certificates(publicKey),
            EkPublicKey = publicKey,
            EkPublicArea = EkArea(ek),
            AkPublic = Sized(Has(EkFault.PublicTrailingBytes) ? [.. area, 0] : area),
            CreateData = Sized(Has(EkFault.CreateDataTruncated) ? createData[..^1] : Has(EkFault.OtherCreationData) ? CreateData("another key"u8) : createData),
            CreateAttestation = Sized(attestation),
            CreateSignature = Signature(attestation, attestationKey),
            AkName = TpmtPublic.NameOf(TpmIds.AlgSha256, area),
            AttestationKey = attestationKey,
            Ek = Has(EkFault.Roca) ? null : Has(EkFault.OtherTpm) ? new FakeTpm(Tpm.Vendor, "another TPM").EndorsementKey(Kind) : ek,
        };
    }

    private bool Has(EkFault fault) => Faults.Contains(fault);

    private bool Is(EkVariant variant) => Variants.Contains(variant);

    private byte[] AkArea(AsymmetricAlgorithm key)
    {
        var attributes = ObjectAttributes.AttestationKey;
        attributes &= Has(EkFault.RestrictedMissing) ? ~ObjectAttributes.Restricted : ~ObjectAttributes.None;
        attributes &= Has(EkFault.AkCannotSign) ? ~ObjectAttributes.Sign : ~ObjectAttributes.None;
        attributes &= Has(EkFault.FixedTpmClear) ? ~ObjectAttributes.FixedTpm : ~ObjectAttributes.None;
        attributes &= Has(EkFault.FixedParentClear) ? ~ObjectAttributes.FixedParent : ~ObjectAttributes.None;
        attributes &= Has(EkFault.SensitiveDataOriginClear) ? ~ObjectAttributes.SensitiveDataOrigin : ~ObjectAttributes.None;
        attributes |= Has(EkFault.AkDecrypts) ? ObjectAttributes.Decrypt : ObjectAttributes.None;
        (int, int)? scheme = Has(EkFault.NoScheme) ? null
            : (key is RSA ? TpmIds.AlgRsaSsa : TpmIds.AlgEcdsa, Has(EkFault.Sha1Scheme) ? TpmIds.AlgSha1 : TpmIds.AlgSha256);
        var area = TpmtPublic.Of(key, attributes, scheme);
        return (Has(EkFault.PointNotOnCurve) && area.Point is { } point
            ? area with { Point = (point.Curve, point.X, [.. point.Y[..^1], (byte)(point.Y[^1] ^ 1)]) }
            : area).ToBytes();
    }

    private byte[]? EkArea(FakeEk ek)
    {
        var area = ek.PublicArea;
        return Has(EkFault.EkSigns) ? (area with { Attributes = area.Attributes | ObjectAttributes.Sign }).ToBytes()
            : Has(EkFault.Sha1Template) ? (area with { NameAlg = TpmIds.AlgSha1 }).ToBytes()
            : Is(EkVariant.WithPublicArea) ? Sized(area.ToBytes())
            : null;
    }

    // TPMS_CREATION_DATA (Part 2 §15.1): no PCRs, locality 0, made below a storage key
    private static byte[] CreateData(ReadOnlySpan<byte> outsideInfo)
    {
        var parent = TpmtPublic.NameOf(TpmIds.AlgSha256, "a storage root key"u8);
        return new TpmWriter().U32(0).Sized(SHA256.HashData([])).U8(1).U16(TpmIds.AlgSha256).Sized(parent).Sized(FakeTpm.QualifiedName(parent))
            .Sized(outsideInfo).ToArray();
    }

    private byte[] Attestation(byte[] area, byte[] createData)
    {
        var name = TpmtPublic.NameOf(TpmIds.AlgSha256, Has(EkFault.OtherObject) ? [.. area, 1] : area);
        return new TpmsAttest
        {
            Magic = Has(EkFault.WrongMagic) ? 0x00544347 : TpmIds.GeneratedValue,
            Type = Has(EkFault.CertifyInsteadOfCreation) ? TpmIds.AttestCertify : TpmIds.AttestCreation,
            QualifiedSigner = FakeTpm.QualifiedName(name),
            ExtraData = [],
            Attested = Has(EkFault.CertifyInsteadOfCreation)
                ? TpmsAttest.CertifyInfo(name, FakeTpm.QualifiedName(name))
                : TpmsAttest.CreationInfo(name, SHA256.HashData(createData)),
        }.ToBytes();
    }

    private byte[] Signature(byte[] attestation, AsymmetricAlgorithm key)
    {
        var signer = Has(EkFault.WrongCreationSignature) ? new FakeTpm(Tpm.Vendor, "a forger").AttestationKey(key is RSA) : key;
        return TpmtSignature.Marshalled(signer, attestation, Has(EkFault.Sha1CreationSignature) ? TpmIds.AlgSha1 : TpmIds.AlgSha256);
    }

    private List<byte[]> Certificates(byte[] publicKey)
    {
        if (Has(EkFault.EmptyChain))
        {
            return [];
        }

        if (Has(EkFault.HugeCertificate))
        {
            return [new byte[20000]];
        }

        var vendor = Has(EkFault.ForeignRoot) ? new TpmVendor(new Seed("a stranger")) : Tpm.Vendor;
        var certificate = vendor.VendorCa.Issue(Fields(vendor, publicKey));
        if (Has(EkFault.WrongCertificateSignature))
        {
            certificate[^3] ^= 1;
        }

        var stored = Has(EkFault.CertificateNotDer) ? [0x30, 0x80, .. certificate[4..], 0, 0] : Stored(certificate);
        return Has(EkFault.MissingIntermediate) ? [stored]
            : Has(EkFault.LongChain) ? [stored, .. Enumerable.Repeat(vendor.VendorCa.Certificate, 16)]
            : Is(EkVariant.OnePiece) ? [[.. stored, .. vendor.VendorCa.Certificate, .. new byte[50]]]
            : Is(EkVariant.Shuffled) ? [vendor.VendorCa.Certificate, new FakeTpm(vendor, "another TPM").EkCertificate, vendor.VendorRoot.Certificate, stored]
            : [stored, vendor.VendorCa.Certificate];
    }

    private CertificateFields Fields(TpmVendor vendor, byte[] publicKey)
    {
        var holder = Has(EkFault.WrongEkKey) ? new FakeTpm(vendor, "another TPM").EndorsementKey(Kind).PublicKey : publicKey;
        var fields = vendor.EkFields("made", Is(EkVariant.OaepKey) ? OaepKey(holder) : holder);
        var keyUsage = ExtensionFields.KeyUsage(Has(EkFault.SigningUsage) ? (byte)0x80 : Kind == EkKind.Rsa2048 || Is(EkVariant.OaepKey) ? (byte)0x20 : (byte)0x08);
        return fields with
        {
            NotBefore = Has(EkFault.NotYetValid) ? Now.AddDays(30) : fields.NotBefore,
            NotAfter = Has(EkFault.Expired) ? Now.AddDays(-30) : fields.NotAfter,
            Extensions = [.. fields.Extensions.SelectMany<ExtensionFields, ExtensionFields>(extension => extension.Oid switch
            {
                Oids.BasicConstraints when Has(EkFault.EkIsCa) => [ExtensionFields.Authority()],
                Oids.KeyUsage => [keyUsage],
                Oids.ExtendedKeyUsage when Has(EkFault.NoEku) => [],
                Oids.ExtendedKeyUsage when Has(EkFault.AkEku) => [ExtensionFields.ExtendedKeyUsage(Oids.AkCertificate)],
                Oids.SubjectAlternativeName => Description(),
                _ => [extension],
            })],
        };
    }

    private ExtensionFields[] Description() =>
        Has(EkFault.NoTpmAttributes) ? []
        : Has(EkFault.WrongVendor) ? [TpmVendor.AlternativeName(null, manufacturer: TestVendor)]
        : Is(EkVariant.DirectoryAttributes) ? [TpmVendor.DirectoryAttributes()]
        : Manufacturer is { } manufacturer ? [TpmVendor.AlternativeName(null, manufacturer: manufacturer)]
        : [TpmVendor.AlternativeName(null, Is(EkVariant.MultiValuedRdn))];

    private byte[] Stored(byte[] certificate) =>
        Is(EkVariant.NvWrapped) ? [0x10, 0x01, 0x00, (byte)(certificate.Length >> 8), (byte)certificate.Length, .. certificate, .. new byte[100]]
        : Is(EkVariant.NvPadded) ? [.. certificate, .. Enumerable.Repeat((byte)0xFF, 100)]
        : certificate;

    private byte[] Sized(byte[] structure) => Is(EkVariant.SizedStructures) ? new TpmWriter().Sized(structure).ToArray() : structure;

    // the same key under the other name, with parameters that nobody needs left out
    private static byte[] OaepKey(byte[] publicKey)
    {
        var sequence = new AsnReader(publicKey, AsnEncodingRules.DER).ReadSequence();
        sequence.ReadEncodedValue();
        var bits = sequence.ReadEncodedValue().ToArray();
        return Der.Sequence(writer =>
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.113549.1.1.7");
            }

            writer.WriteEncodedValue(bits);
        });
    }

    private byte[] RocaKey()
    {
        using var rsa = RSA.Create(new RSAParameters { Modulus = WeakRsa.Roca(Tpm.Vendor.Seed), Exponent = [1, 0, 1] });
        return rsa.ExportSubjectPublicKeyInfo();
    }
}
