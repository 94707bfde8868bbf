using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>What an enrollment asks of a real TPM: its EK certificate, an attestation key, an application key, a certification, a signature.</summary>
/// <remarks>There is no resource manager and there are three transient slots: each object is flushed as soon as it has served.</remarks>
internal sealed class SwtpmDevice
{
    private const uint Owner = 0x40000001;
    private const uint NullHierarchy = 0x40000007;
    private const int NvChunk = 512;
    private const byte PolicySession = 1;

    private static readonly (string, uint) Startup = ("TPM2_Startup", 0x144);
    private static readonly (string, uint) CreatePrimary = ("TPM2_CreatePrimary", 0x131);
    private static readonly (string, uint) Create = ("TPM2_Create", 0x153);
    private static readonly (string, uint) Load = ("TPM2_Load", 0x157);
    private static readonly (string, uint) CertifyKey = ("TPM2_Certify", 0x148);
    private static readonly (string, uint) Sign = ("TPM2_Sign", 0x15D);
    private static readonly (string, uint) CertifyCreation = ("TPM2_CertifyCreation", 0x14A);
    private static readonly (string, uint) StartAuthSession = ("TPM2_StartAuthSession", 0x176);
    private static readonly (string, uint) PolicySecret = ("TPM2_PolicySecret", 0x151);
    private static readonly (string, uint) ActivateCredential = ("TPM2_ActivateCredential", 0x147);
    private static readonly (string, uint) FlushContext = ("TPM2_FlushContext", 0x165);
    private static readonly (string, uint) NvReadPublic = ("TPM2_NV_ReadPublic", 0x169);
    private static readonly (string, uint) NvRead = ("TPM2_NV_Read", 0x14E);

    private readonly TpmConnection _tpm;
    private readonly EndorsementKeyKind _kind;

    private SwtpmDevice(TpmConnection tpm, EndorsementKeyKind kind, byte[] ekCertificate)
    {
        _tpm = tpm;
        _kind = kind;
        EkCertificate = ekCertificate;
    }

    /// <summary>DER.</summary>
    public byte[] EkCertificate { get; }

    /// <summary>TPMT_PUBLIC of the endorsement key.</summary>
    public byte[] EkPublicArea { get; private set; } = [];

    /// <summary>Starts the TPM and reads its EK certificate, which must be that of the EK it really has.</summary>
    /// <param name="stream">The TPM's command channel.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="kind">Which of its endorsement keys; null for the RSA one.</param>
    public static async Task<SwtpmDevice> Open(Stream stream, CancellationToken cancellation, EndorsementKeyKind? kind = null)
    {
        kind ??= EndorsementKeyKind.Rsa2048;
        var tpm = new TpmConnection(stream);
        await tpm.Send(Startup, [], 0, new TpmWriter().U16(0).ToArray(), false, cancellation);
        var certificate = await ReadNv(tpm, kind.CertificateIndex, cancellation);
        var device = new SwtpmDevice(tpm, kind, certificate);
        var (handle, area) = await device.Primary(TpmIds.Endorsement, kind.Template, cancellation);
        await device.Flush(handle, cancellation);
        device.EkPublicArea = area;
        using var parsed = X509CertificateLoader.LoadCertificate(certificate);
        if (!TpmTemplates.SubjectPublicKeyInfo(area).AsSpan().SequenceEqual(parsed.PublicKey.ExportSubjectPublicKeyInfo()))
        {
            throw new SimulatorException("the TPM's EK certificate is for another key than its EK", "remove the TPM's state folder to make it anew");
        }

        return device;
    }

    /// <summary>Makes a key below the storage root key; it never leaves the TPM unwrapped.</summary>
    public async Task<TpmKey> MakeKey(byte[] template, CancellationToken cancellation)
    {
        var (parent, _) = await Primary(Owner, TpmTemplates.StorageRootKey, cancellation);
        try
        {
            // inSensitive: no password, no data; then template, outsideInfo, creationPCR
            var parameters = new TpmWriter().Sized(new TpmWriter().Sized([]).Sized([]).ToArray()).Sized(template).Sized([]).U32(0).ToArray();
            var response = await _tpm.Send(Create, [parent], 1, parameters, false, cancellation);
            return new TpmKey(PrivateBlob: response.Sized(), PublicArea: response.Sized());
        }
        finally
        {
            await Flush(parent, cancellation);
        }
    }

    /// <summary>Makes an attestation key with what proves how it was made: TPM2_Create, then TPM2_CertifyCreation by the key itself (Part 3 §18.3).</summary>
    public async Task<TpmAttestationKey> MakeAttestationKey(bool rsa, CancellationToken cancellation)
    {
        var (parent, _) = await Primary(Owner, TpmTemplates.StorageRootKey, cancellation);
        TpmReader made;
        try
        {
            var parameters = new TpmWriter().Sized(new TpmWriter().Sized([]).Sized([]).ToArray()).Sized(TpmTemplates.AttestationKey(rsa)).Sized([]).U32(0).ToArray();
            made = await _tpm.Send(Create, [parent], 1, parameters, false, cancellation);
        }
        finally
        {
            await Flush(parent, cancellation);
        }

        var key = new TpmKey(PrivateBlob: made.Sized(), PublicArea: made.Sized());
        var creationData = made.Sized();
        var creationHash = made.Sized();
        var ticket = made.Rest();
        var handle = await LoadKey(key, cancellation);
        try
        {
            var parameters = new TpmWriter().Sized([]).Sized(creationHash).U16(TpmIds.AlgNull).Raw(ticket).ToArray();
            var certified = await _tpm.Send(CertifyCreation, [handle, handle], 1, parameters, false, cancellation);
            return new TpmAttestationKey(key, creationData, certified.Sized(), certified.Rest());
        }
        finally
        {
            await Flush(handle, cancellation);
        }
    }

    /// <summary>TPM2_ActivateCredential (Part 3 §12.5): the secret that was hidden for this TPM and this attestation key.</summary>
    /// <param name="attestationKey">The key that it was hidden for.</param>
    /// <param name="credentialBlob">TPM2B_ID_OBJECT.</param>
    /// <param name="encryptedSecret">TPM2B_ENCRYPTED_SECRET.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<byte[]> Activate(TpmKey attestationKey, byte[] credentialBlob, byte[] encryptedSecret, CancellationToken cancellation)
    {
        var (endorsementHandle, _) = await Primary(TpmIds.Endorsement, _kind.Template, cancellation);
        try
        {
            var handle = await LoadKey(attestationKey, cancellation);
            try
            {
                var session = _kind.WantsPolicy ? await EndorsementSession(cancellation) : TpmConnection.PasswordSession;
                var parameters = new TpmWriter().Raw(credentialBlob).Raw(encryptedSecret).ToArray();
                return (await _tpm.Send(ActivateCredential, [handle, endorsementHandle], [TpmConnection.PasswordSession, session], parameters, false, cancellation)).Sized();
            }
            finally
            {
                await Flush(handle, cancellation);
            }
        }
        finally
        {
            await Flush(endorsementHandle, cancellation);
        }
    }

    /// <summary>TPM2_Certify: what <paramref name="signer"/> says about <paramref name="key"/> (Part 3 §18.2).</summary>
    public async Task<(byte[] Attest, byte[] Signature)> Certify(TpmKey key, TpmKey signer, byte[] qualifyingData, CancellationToken cancellation)
    {
        var objectHandle = await LoadKey(key, cancellation);
        try
        {
            var signHandle = await LoadKey(signer, cancellation);
            try
            {
                var parameters = new TpmWriter().Sized(qualifyingData).U16(TpmIds.AlgNull).ToArray();
                var response = await _tpm.Send(CertifyKey, [objectHandle, signHandle], 2, parameters, false, cancellation);
                return (response.Sized(), response.Rest());
            }
            finally
            {
                await Flush(signHandle, cancellation);
            }
        }
        finally
        {
            await Flush(objectHandle, cancellation);
        }
    }

    /// <summary>A TPMT_SIGNATURE over a SHA-256 digest by an unrestricted key.</summary>
    public async Task<byte[]> SignDigest(TpmKey key, byte[] digest, int scheme, CancellationToken cancellation)
    {
        var handle = await LoadKey(key, cancellation);
        try
        {
            // The empty ticket says that the TPM has not hashed this itself: right for any key that is not restricted.
            var parameters = new TpmWriter().Sized(digest).U16(scheme).U16(TpmIds.AlgSha256).U16(0x8024).U32(NullHierarchy).Sized([]).ToArray();
            return (await _tpm.Send(Sign, [handle], 1, parameters, false, cancellation)).Rest();
        }
        finally
        {
            await Flush(handle, cancellation);
        }
    }

    // TCG EK Credential Profile B.3.3: the endorsement hierarchy's (empty) password through a policy session
    private async Task<uint> EndorsementSession(CancellationToken cancellation)
    {
        var start = new TpmWriter().Sized(new byte[16]).Sized([]).U8(PolicySession).U16(TpmIds.AlgNull).U16(TpmIds.AlgSha256).ToArray();
        var session = (await _tpm.Send(StartAuthSession, [NullHierarchy, NullHierarchy], 0, start, true, cancellation)).Handle;
        var policy = new TpmWriter().Sized([]).Sized([]).Sized([]).U32(0).ToArray();
        await _tpm.Send(PolicySecret, [TpmIds.Endorsement, session], 1, policy, false, cancellation);
        return session;
    }

    private async Task<uint> LoadKey(TpmKey key, CancellationToken cancellation)
    {
        var (parent, _) = await Primary(Owner, TpmTemplates.StorageRootKey, cancellation);
        try
        {
            return (await _tpm.Send(Load, [parent], 1, new TpmWriter().Sized(key.PrivateBlob).Sized(key.PublicArea).ToArray(), true, cancellation)).Handle;
        }
        finally
        {
            await Flush(parent, cancellation);
        }
    }

    private async Task<(uint Handle, byte[] PublicArea)> Primary(uint hierarchy, byte[] template, CancellationToken cancellation)
    {
        var parameters = new TpmWriter().Sized(new TpmWriter().Sized([]).Sized([]).ToArray()).Sized(template).Sized([]).U32(0).ToArray();
        var response = await _tpm.Send(CreatePrimary, [hierarchy], 1, parameters, true, cancellation);
        return (response.Handle, response.Sized());
    }

    private Task Flush(uint handle, CancellationToken cancellation) =>
        _tpm.Send(FlushContext, [], 0, new TpmWriter().U32(handle).ToArray(), false, cancellation);

    private static async Task<byte[]> ReadNv(TpmConnection tpm, uint index, CancellationToken cancellation)
    {
        var area = new TpmReader((await tpm.Send(NvReadPublic, [index], 0, [], false, cancellation)).Sized());
        area.U32();
        area.U16();
        area.U32();
        area.Sized();
        var size = area.U16();
        var content = new List<byte>(size);
        while (content.Count < size)
        {
            var parameters = new TpmWriter().U16(Math.Min(NvChunk, size - content.Count)).U16(content.Count).ToArray();
            // The index authorizes itself with its empty password.
            content.AddRange((await tpm.Send(NvRead, [index, index], 1, parameters, false, cancellation)).Sized());
        }

        return FirstDerValue([.. content]);
    }

    // An index may be larger than the certificate in it.
    private static byte[] FirstDerValue(byte[] octets) =>
        new System.Formats.Asn1.AsnReader(octets, System.Formats.Asn1.AsnEncodingRules.DER).ReadEncodedValue().ToArray();
}

/// <summary>An endorsement key that swtpm_setup makes: its template, where its certificate is, and whether it wants its policy or takes the empty password.</summary>
internal sealed record EndorsementKeyKind(byte[] Template, uint CertificateIndex, bool WantsPolicy)
{
    public static EndorsementKeyKind Rsa2048 { get; } = new(TpmTemplates.EkRsa2048, 0x01C00002, true);

    public static EndorsementKeyKind P384 { get; } = new(TpmTemplates.EkP384, 0x01C00016, false);
}

/// <summary>An attestation key with what its TPM said when it was made.</summary>
/// <param name="Key">The key.</param>
/// <param name="CreationData">TPMS_CREATION_DATA.</param>
/// <param name="CreationAttestation">TPMS_ATTEST.</param>
/// <param name="CreationSignature">TPMT_SIGNATURE.</param>
internal sealed record TpmAttestationKey(TpmKey Key, byte[] CreationData, byte[] CreationAttestation, byte[] CreationSignature);

/// <summary>A key as its TPM keeps it outside: wrapped private part and public area.</summary>
internal sealed record TpmKey(byte[] PrivateBlob, byte[] PublicArea)
{
    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey => TpmTemplates.SubjectPublicKeyInfo(PublicArea);
}
