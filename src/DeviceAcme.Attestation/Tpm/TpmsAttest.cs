namespace DeviceAcme.Attestation.Tpm;

/// <summary>TPMS_ATTEST (TPM 2.0 part 2 §10.12.12): what a TPM signs about something that it holds.</summary>
internal sealed class TpmsAttest
{
    /// <summary>TPM_GENERATED_VALUE (§6.2): a restricted key refuses to sign caller's data that begins like this.</summary>
    public const uint Generated = 0xFF544347;

    /// <summary>TPM_ST_ATTEST_CERTIFY (§6.9).</summary>
    public const ushort Certify = 0x8017;

    private const ushort Quote = 0x8018;
    private const int MaxPcrBanks = 16;

    private TpmsAttest()
    {
    }

    public required uint Magic { get; init; }
    public required ushort Type { get; init; }
    public required ReadOnlyMemory<byte> QualifiedSigner { get; init; }

    /// <summary>What the caller of the TPM gave to be signed along.</summary>
    public required ReadOnlyMemory<byte> ExtraData { get; init; }

    public required ulong FirmwareVersion { get; init; }

    /// <summary>TPMS_CERTIFY_INFO.name (§10.12.3); empty for other types.</summary>
    public required ReadOnlyMemory<byte> AttestedName { get; init; }

    /// <summary>Reads the whole buffer. Magic and type are read, not judged; the body is read for the types that are known.</summary>
    public static TpmsAttest Read(ReadOnlyMemory<byte> buffer)
    {
        var reader = new TpmReader(buffer, "certInfo (TPMS_ATTEST)");
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
        if (type == Certify)
        {
            name = reader.Sized("attested.certify.name");
            reader.Sized("attested.certify.qualifiedName");
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
        };
    }

    // TPMS_QUOTE_INFO (§10.12.4)
    private static void SkipQuote(TpmReader reader)
    {
        var banks = reader.U32("attested.quote.pcrSelect.count");
        if (banks > MaxPcrBanks)
        {
            throw reader.Malformed($"{banks} PCR banks");
        }

        for (var i = 0; i < banks; i++)
        {
            reader.U16("pcrSelection.hash");
            var octets = reader.U8("pcrSelection.sizeofSelect");
            for (var j = 0; j < octets; j++)
            {
                reader.U8("pcrSelection.pcrSelect");
            }
        }

        reader.Sized("attested.quote.pcrDigest");
    }
}
