namespace DeviceAcme.Attestation.Tpm;

/// <summary>TPMS_ATTEST (TPM 2.0 part 2 §10.12.12): what a TPM signs about something that it holds.</summary>
internal sealed class TpmsAttest
{
    /// <summary>TPM_GENERATED_VALUE (§6.2): a restricted key refuses to sign caller's data that begins like this.</summary>
    public const uint Generated = 0xFF544347;

    /// <summary>TPM_ST_ATTEST_CERTIFY (§6.9).</summary>
    public const ushort Certify = 0x8017;

    /// <summary>TPM_ST_ATTEST_CREATION (§6.9).</summary>
    public const ushort Creation = 0x801A;

    private const ushort Quote = 0x8018;

    private TpmsAttest()
    {
    }

    public required uint Magic { get; init; }
    public required ushort Type { get; init; }
    public required ReadOnlyMemory<byte> QualifiedSigner { get; init; }

    /// <summary>What the caller of the TPM gave to be signed along.</summary>
    public required ReadOnlyMemory<byte> ExtraData { get; init; }

    public required ulong FirmwareVersion { get; init; }

    /// <summary>TPMS_CERTIFY_INFO.name or TPMS_CREATION_INFO.objectName (§10.12.3, §10.12.7); empty for other types.</summary>
    public required ReadOnlyMemory<byte> AttestedName { get; init; }

    /// <summary>TPMS_CREATION_INFO.creationHash (§10.12.7); empty for other types.</summary>
    public ReadOnlyMemory<byte> CreationHash { get; private init; }

    /// <summary>Reads the whole buffer. Magic and type are read, not judged; the body is read for the types that are known.</summary>
    /// <param name="buffer">The structure.</param>
    /// <param name="structure">What messages call it.</param>
    public static TpmsAttest Read(ReadOnlyMemory<byte> buffer, string structure = "certInfo")
    {
        var reader = new TpmReader(buffer, $"{structure} (TPMS_ATTEST)");
        var magic = reader.U32("magic");
        var type = reader.U16("type");
        if (magic != Generated)
        {
            // nothing after a wrong magic can be relied on
            return new TpmsAttest
            {
                Magic = magic,
                Type = type,
                QualifiedSigner = default,
                ExtraData = default,
                FirmwareVersion = 0,
                AttestedName = default,
            };
        }

        var qualifiedSigner = reader.Sized("qualifiedSigner");
        var extraData = reader.Sized("extraData");
        reader.U64("clockInfo.clock");
        reader.U32("clockInfo.resetCount");
        reader.U32("clockInfo.restartCount");
        reader.U8("clockInfo.safe");
        var firmwareVersion = reader.U64("firmwareVersion");
        ReadOnlyMemory<byte> name = default;
        ReadOnlyMemory<byte> creationHash = default;
        if (type == Certify)
        {
            name = reader.Sized("attested.certify.name");
            reader.Sized("attested.certify.qualifiedName");
            reader.End();
        }
        else if (type == Creation)
        {
            name = reader.Sized("attested.creation.objectName");
            creationHash = reader.Sized("attested.creation.creationHash");
            reader.End();
        }
        else if (type == Quote)
        {
            SkipQuote(reader);
            reader.End();
        }

        return new TpmsAttest
        {
            Magic = magic,
            Type = type,
            QualifiedSigner = qualifiedSigner,
            ExtraData = extraData,
            FirmwareVersion = firmwareVersion,
            AttestedName = name,
            CreationHash = creationHash,
        };
    }

    // TPMS_QUOTE_INFO (§10.12.4)
    private static void SkipQuote(TpmReader reader)
    {
        reader.SkipPcrSelections("attested.quote.pcrSelect");
        reader.Sized("attested.quote.pcrDigest");
    }
}
