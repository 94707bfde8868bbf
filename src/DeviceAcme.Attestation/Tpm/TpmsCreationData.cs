namespace DeviceAcme.Attestation.Tpm;

/// <summary>TPMS_CREATION_DATA (TPM 2.0 part 2 §15.1): under which circumstances an object was made. None of them is a rule here, but it must be one.</summary>
internal static class TpmsCreationData
{
    /// <exception cref="MalformedEvidenceException">The buffer is not exactly one such structure.</exception>
    public static void Check(ReadOnlyMemory<byte> buffer)
    {
        var reader = new TpmReader(buffer, "createData (TPMS_CREATION_DATA)");
        reader.SkipPcrSelections("pcrSelect");
        reader.Sized("pcrDigest");
        reader.U8("locality");
        reader.U16("parentNameAlg");
        reader.Sized("parentName");
        reader.Sized("parentQualifiedName");
        reader.Sized("outsideInfo");
        reader.End();
    }
}
