using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Bench.Enrollments;

namespace DeviceAcme.Bench.Floors;

/// <summary>
/// The cryptography of one enrollment, written with the platform's own calls and nothing around them. The counts are those of a server that
/// keeps what can be kept: account keys imported, the vendor's intermediate known to be good, the issuer's key open.
/// </summary>
internal sealed class Cryptography : IDisposable
{
    // Seven replies carry a nonce, six requests spend one.
    private const int Nonces = 7 + 6;

    private static readonly HashAlgorithmName Sha256 = HashAlgorithmName.SHA256;
    private static readonly HashAlgorithmName Sha384 = HashAlgorithmName.SHA384;

    private readonly ECDsa _p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly ECParameters _p256Public;
    private readonly byte[] _p384Certificate;
    private readonly byte[] _request = RandomNumberGenerator.GetBytes(700);
    private readonly byte[] _certificate = RandomNumberGenerator.GetBytes(800);
    private readonly byte[] _nonceKey = RandomNumberGenerator.GetBytes(32);
    private readonly byte[] _fixedSignature;
    private readonly byte[] _p256Signature;
    private readonly byte[] _p384Signature;

    public Cryptography()
    {
        _p256Public = _p256.ExportParameters(includePrivateParameters: false);
        using var certificate = new CertificateRequest(new X500DistinguishedName([0x30, 0x00]), _p384, Sha384).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddDays(1));
        _p384Certificate = certificate.RawData;
        _fixedSignature = _p256.SignData(_request, Sha256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        _p256Signature = _p256.SignData(_request, Sha256, DSASignatureFormat.Rfc3279DerSequence);
        _p384Signature = _p384.SignData(_certificate, Sha384, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>Operations of one enrollment of this kind.</summary>
    public IReadOnlyList<Operation> Of(IEnrollmentKind kind) => kind is AppleKind ? Apple() : Classic();

    public IReadOnlyList<Operation> Classic() =>
    [
        JwsVerifications(),
        new("CSR signature, P-256, key imported", 1, () => Require(Imported(_p256Public, _request, _p256Signature, Sha256))),
        .. Issuing(),
        // ids of order, authorization, challenge and certificate, the token, the serial number
        Random(6),
    ];

    public IReadOnlyList<Operation> Apple() =>
    [
        JwsVerifications(),
        AppleLeaf(1),
        new("Apple intermediate by the root, P-384 (known after the first device)", 0, VerifyP384),
        new("CSR signature, P-384, key read from DER", 1, () => Require(ReadFromDer(_p384Certificate, _certificate, _p384Signature, Sha384))),
        .. Issuing(),
        new("SHA-256 of the token, for freshness", 1, () => SHA256.HashData(_request.AsSpan(0, 43))),
        new("SHA-256 of a vendor certificate, to know it again", 2, () => SHA256.HashData(_certificate)),
        // as above, and the ids of device and evidence
        Random(8),
    ];

    /// <summary>The leaf of Apple evidence by its intermediate, whose key is kept.</summary>
    public Operation AppleLeaf(int count) => new("Apple leaf by its intermediate, P-384, kept key", count, VerifyP384);

    public void Dispose()
    {
        _p256.Dispose();
        _p384.Dispose();
    }

    private Operation JwsVerifications() => new(
        "JWS signature, ES256, kept key", 6, () => Require(_p256.VerifyData(_request, _fixedSignature, Sha256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)));

    private IEnumerable<Operation> Issuing() =>
    [
        new("signing the certificate, P-256", 1, () => _p256.SignData(_certificate, Sha256, DSASignatureFormat.Rfc3279DerSequence)),
        new("SHA-1 of the certified key, its identifier", 1, () => SHA1.HashData(_request.AsSpan(0, 65))),
        new("nonce: HMAC-SHA-256, 7 made and 6 spent", Nonces, () => HMACSHA256.HashData(_nonceKey, _request.AsSpan(0, 18))),
    ];

    private static Operation Random(int count) => new("random: 16 octets", count, () =>
    {
        Span<byte> octets = stackalloc byte[16];
        RandomNumberGenerator.Fill(octets);
    });

    private void VerifyP384() => Require(_p384.VerifyData(_certificate, _p384Signature, Sha384, DSASignatureFormat.Rfc3279DerSequence));

    private static bool Imported(ECParameters key, byte[] data, byte[] signature, HashAlgorithmName hash)
    {
        using var imported = ECDsa.Create(key);
        return imported.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>What comes in a certificate is imported without the multiplication by the curve's order, which P-384 feels.</summary>
    private static bool ReadFromDer(byte[] certificate, byte[] data, byte[] signature, HashAlgorithmName hash)
    {
        using var read = X509CertificateLoader.LoadCertificate(certificate);
        using var key = read.GetECDsaPublicKey()!;
        return key.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static void Require(bool verified)
    {
        if (!verified)
        {
            throw new InvalidOperationException("a signature of the bench does not verify");
        }
    }
}
