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
    private const uint RsaEkCertificateIndex = 0x01C00002;
    private const int NvChunk = 512;

    private static readonly (string, uint) Startup = ("TPM2_Startup", 0x144);
    private static readonly (string, uint) CreatePrimary = ("TPM2_CreatePrimary", 0x131);
    private static readonly (string, uint) Create = ("TPM2_Create", 0x153);
    private static readonly (string, uint) Load = ("TPM2_Load", 0x157);
    private static readonly (string, uint) CertifyKey = ("TPM2_Certify", 0x148);
    private static readonly (string, uint) Sign = ("TPM2_Sign", 0x15D);
    private static readonly (string, uint) FlushContext = ("TPM2_FlushContext", 0x165);
    private static readonly (string, uint) NvReadPublic = ("TPM2_NV_ReadPublic", 0x169);
    private static readonly (string, uint) NvRead = ("TPM2_NV_Read", 0x14E);

    private readonly TpmConnection _tpm;

    private SwtpmDevice(TpmConnection tpm, byte[] ekCertificate)
    {
        _tpm = tpm;
        EkCertificate = ekCertificate;
    }

    /// <summary>DER; the RSA 2048 one.</summary>
    public byte[] EkCertificate { get; }

    /// <summary>Starts the TPM and reads its EK certificate, which must be that of the EK it really has.</summary>
    public static async Task<SwtpmDevice> Open(Stream stream, CancellationToken cancellation)
    {
        var tpm = new TpmConnection(stream);
        await tpm.Send(Startup, [], 0, new TpmWriter().U16(0).ToArray(), false, cancellation);
        var certificate = await ReadNv(tpm, RsaEkCertificateIndex, cancellation);
        var device = new SwtpmDevice(tpm, certificate);
        var (handle, area) = await device.Primary(TpmIds.Endorsement, TpmTemplates.EkRsa2048, cancellation);
        await device.Flush(handle, cancellation);
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

/// <summary>A key as its TPM keeps it outside: wrapped private part and public area.</summary>
internal sealed record TpmKey(byte[] PrivateBlob, byte[] PublicArea)
{
    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey => TpmTemplates.SubjectPublicKeyInfo(PublicArea);
}
