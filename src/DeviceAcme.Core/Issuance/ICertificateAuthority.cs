namespace DeviceAcme.Core.Issuance;

/// <summary>The port to whatever signs certificates: the built-in CA, and connectors later.</summary>
internal interface ICertificateAuthority
{
    /// <summary>The issuer's name in profiles.</summary>
    string Name { get; }

    /// <summary>Signs one certificate. The caller commits it together with the order before it answers. Throws <see cref="Protocol.Acme.ProblemException"/> for a validity that it cannot keep.</summary>
    Task<IssuedCertificate> Issue(CertificatePlan plan, CancellationToken cancellation);
}

/// <summary>A certificate that was signed, with its chains.</summary>
internal sealed record IssuedCertificate
{
    /// <summary>Lower-case hex of the serial number's content octets, without a leading sign octet.</summary>
    public required string Serial { get; init; }

    /// <summary>Lower-case hex of the issuing key's id (SHA-1 of the key, RFC 5280 §4.2.1.2 method 1): the same whoever certified that key.</summary>
    public required string IssuerKeyId { get; init; }

    /// <summary>The certificate, DER.</summary>
    public required ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>Chains without the leaf, DER, the default one first (RFC 8555 §7.4.2: the others are alternates).</summary>
    public required IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> Chains { get; init; }

    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
}
