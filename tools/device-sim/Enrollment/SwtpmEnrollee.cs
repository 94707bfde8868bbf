using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A machine with a real software TPM 2.0: keys, certification and signatures are the TPM's.</summary>
internal sealed class SwtpmEnrollee : IDevice
{
    /// <summary>The fault that asks for a certificate for another key of the TPM than the one that was attested.</summary>
    public const string OtherKey = "other-key";

    private readonly SwtpmProcess _process;
    private readonly SwtpmDevice _tpm;
    private readonly TpmKey _key;
    private readonly TpmKey _attested;
    private readonly CertifiedAttestationKey _attestationKey;
    private readonly CancellationToken _cancellation;
    private byte[]? _statement;

    private SwtpmEnrollee(SwtpmProcess process, SwtpmDevice tpm, TpmKey key, TpmKey attested, CertifiedAttestationKey attestationKey, CancellationToken cancellation)
    {
        _attested = attested;
        _process = process;
        _tpm = tpm;
        _key = key;
        _attestationKey = attestationKey;
        _cancellation = cancellation;
        Identifiers = [new(AcmeIdentifier.PermanentIdentifier, attestationKey.Identifier)];
    }

    public string Kind => "tpm";

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; }

    public string ChallengeType => "device-attest-01";

    public Func<byte[], byte[]>? SignatureTransform => null;

    public AsymmetricAlgorithm? Key => null;

    /// <param name="state">The TPM's folder.</param>
    /// <param name="keyType">Type of the certificate's key.</param>
    /// <param name="endorsementKey">Which endorsement key stands for the TPM.</param>
    /// <param name="certify">Makes an attestation key and has it certified.</param>
    /// <param name="otherKey">Attest another key than the certificate's.</param>
    /// <param name="cancellation">Ends all waiting for the TPM.</param>
    public static async Task<SwtpmEnrollee> Start(
        string state, string keyType, EndorsementKeyKind endorsementKey, Func<SwtpmDevice, Task<CertifiedAttestationKey>> certify, bool otherKey, CancellationToken cancellation)
    {
        var process = await SwtpmProcess.Start(state, cancellation);
        try
        {
            var tpm = await SwtpmDevice.Open(process.Stream, cancellation, endorsementKey);
            var attestationKey = await certify(tpm);
            var key = await tpm.MakeKey(TpmTemplates.ApplicationKey(keyType), cancellation);
            var attested = otherKey ? await tpm.MakeKey(TpmTemplates.ApplicationKey(keyType), cancellation) : key;
            return new SwtpmEnrollee(process, tpm, key, attested, attestationKey, cancellation);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public async Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        _statement = await new SwtpmMaker(_tpm, _attestationKey).Make(challenge, _attested, cancellation);
        return new JsonObject { ["attObj"] = MadeEvidence.Encode(_statement) };
    }

    public byte[] CertificateRequest()
    {
        var content = new CsrContent { PermanentIdentifier = _attestationKey.Identifier.Split('/')[0] };
        return content.For(PublicKey.CreateFromSubjectPublicKeyInfo(_key.PublicKey, out _)).CreateSigningRequest(new TpmSignatureGenerator(_tpm, _key, _cancellation));
    }

    public IReadOnlyList<(string What, string Path)> Save(string folder)
    {
        // TPM2B_PUBLIC and TPM2B_PRIVATE: TPM2_Load below the storage root key of the same TPM takes them
        var publicPart = Path.Combine(folder, "key.tpm-public");
        var privatePart = Path.Combine(folder, "key.tpm-private");
        File.WriteAllBytes(publicPart, new TpmWriter().Sized(_key.PublicArea).ToArray());
        PrivateFiles.Write(privatePart, new TpmWriter().Sized(_key.PrivateBlob).ToArray());
        var attestationKey = Path.Combine(folder, "attestation-key.pem");
        File.WriteAllText(attestationKey, string.Concat(_attestationKey.Chain.Select(certificate => PemEncoding.WriteString("CERTIFICATE", certificate) + "\n")));
        var files = new List<(string, string)> { ("key", publicPart), ("wrapped key", privatePart), ("attestation key", attestationKey) };
        if (_statement is not null)
        {
            files.Add(EvidenceFile.Save(_statement, folder));
        }

        return files;
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
