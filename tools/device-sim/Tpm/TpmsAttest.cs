namespace DeviceAcme.Simulator.Tpm;

/// <summary>TPMS_ATTEST (Part 2 §10.12.12).</summary>
internal sealed record TpmsAttest
{
    public uint Magic { get; init; } = TpmIds.GeneratedValue;
    public int Type { get; init; } = TpmIds.AttestCertify;
    public required byte[] QualifiedSigner { get; init; }
    public required byte[] ExtraData { get; init; }
    public ulong Clock { get; init; } = 86_400_000;
    public uint ResetCount { get; init; } = 7;
    public uint RestartCount { get; init; } = 1;
    public byte Safe { get; init; } = 1;
    public ulong FirmwareVersion { get; init; } = 0x0001_0002_0000_0000;

    /// <summary>The part that <see cref="Type"/> chooses, already marshalled.</summary>
    public required byte[] Attested { get; init; }

    /// <summary>TPMS_CERTIFY_INFO: the name and the qualified name of the certified key.</summary>
    public static byte[] CertifyInfo(byte[] name, byte[] qualifiedName) => new TpmWriter().Sized(name).Sized(qualifiedName).ToArray();

    /// <summary>TPMS_CREATION_INFO: the name of the new key and the hash of its creation data.</summary>
    public static byte[] CreationInfo(byte[] name, byte[] creationHash) => new TpmWriter().Sized(name).Sized(creationHash).ToArray();

    /// <summary>TPMS_QUOTE_INFO over PCRs 0 to 7 of the SHA-256 bank.</summary>
    public static byte[] QuoteInfo(byte[] digest) =>
        new TpmWriter().U32(1).U16(TpmIds.AlgSha256).U8(3).Raw([0xFF, 0, 0]).Sized(digest).ToArray();

    public byte[] ToBytes() => new TpmWriter()
        .U32(Magic)
        .U16(Type)
        .Sized(QualifiedSigner)
        .Sized(ExtraData)
        .U64(Clock)
        .U32(ResetCount)
        .U32(RestartCount)
        .U8(Safe)
        .U64(FirmwareVersion)
        .Raw(Attested)
        .ToArray();
}
