namespace DeviceAcme.Core.Issuance;

/// <summary>Everything that one certificate will contain, decided from the profile; what a CA signs.</summary>
internal sealed record CertificatePlan
{
    /// <summary>The subject's public key, DER SubjectPublicKeyInfo.</summary>
    public required ReadOnlyMemory<byte> PublicKey { get; init; }

    /// <summary>The subject, DER Name; an empty SEQUENCE for none.</summary>
    public required ReadOnlyMemory<byte> Subject { get; init; }

    /// <summary>Extensions that the profile decides (SAN, key usage, extended key usage, own ones), in order.</summary>
    public required IReadOnlyList<PlannedExtension> Extensions { get; init; }

    /// <summary>Name of the issuer that the profile chose; null where something else decides who signs.</summary>
    public string? Issuer { get; init; }

    /// <summary>The serial number that was promised for it, lower-case hex; null where the CA chooses one.</summary>
    public string? Serial { get; init; }

    /// <summary>In whole seconds; the CA cuts it to its own beginning, unless <see cref="ExactNotBefore"/>.</summary>
    public required DateTimeOffset NotBefore { get; init; }

    /// <summary>In whole seconds; the CA cuts it to its own end, unless <see cref="ExactNotAfter"/>.</summary>
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>The order asked for this time: the CA keeps it or refuses (RFC 8555 §7.4).</summary>
    public bool ExactNotBefore { get; init; }

    /// <summary>The order asked for this time: the CA keeps it or refuses (RFC 8555 §7.4).</summary>
    public bool ExactNotAfter { get; init; }

    /// <summary>The CSR as the client sent it, DER; connectors forward it, the built-in CA ignores it.</summary>
    public required ReadOnlyMemory<byte> CertificateRequest { get; init; }
}

/// <summary>One X.509 extension: OID, critical flag, DER of the value inside the OCTET STRING.</summary>
internal sealed record PlannedExtension(string Oid, bool Critical, ReadOnlyMemory<byte> Value);
