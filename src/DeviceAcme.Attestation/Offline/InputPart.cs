namespace DeviceAcme.Attestation.Offline;

/// <summary>What a file turned out to be.</summary>
internal enum InputKind
{
    /// <summary>A CBOR attestation object.</summary>
    Object,

    /// <summary>A browser's client data, JSON.</summary>
    ClientData,

    /// <summary>One certificate, DER.</summary>
    Certificate,

    /// <summary>A PEM file that could not be taken apart.</summary>
    BrokenPem,

    /// <summary>A DER SubjectPublicKeyInfo.</summary>
    Key,

    /// <summary>The DER SubjectPublicKeyInfo of a CSR, which the attested key must be.</summary>
    RequestKey,

    /// <summary>TPMS_ATTEST.</summary>
    Attest,

    /// <summary>TPMT_SIGNATURE or a plain signature.</summary>
    Signature,

    /// <summary>TPMT_PUBLIC or TPM2B_PUBLIC.</summary>
    PublicArea,
}

/// <summary>One thing that a file holds.</summary>
internal sealed record InputPart(InputKind Kind, ReadOnlyMemory<byte> Bytes, string File);
