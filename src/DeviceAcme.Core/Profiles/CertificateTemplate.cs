using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Core.Profiles;

/// <summary>The <c>certificate:</c> part of a profile.</summary>
internal sealed record CertificateTemplate
{
    /// <summary>The subject's RDNs in the order in which they are written, most specific first (RFC 4514); empty for none.</summary>
    public required IReadOnlyList<IReadOnlyList<SubjectAttribute>> Subject { get; init; }

    /// <summary>The subject alternative names, in order.</summary>
    public required IReadOnlyList<AlternativeNameTemplate> SubjectAlternativeNames { get; init; }

    /// <summary>What a CSR may wish for; everything else in it is ignored.</summary>
    public required IReadOnlyList<RequestWish> FromRequest { get; init; }

    /// <summary>False: privacy mode, device identifiers stay out of the certificate (device-attest §8).</summary>
    public required bool IdentifierInCertificate { get; init; }

    /// <summary>Names of the key types that may be certified, for example <c>ec-p256</c>.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Key usage bits; those that a key cannot do are left out for it (RFC 5480 §3, RFC 3279 §2.3.1).</summary>
    public required KeyUsages KeyUsage { get; init; }

    /// <summary>Extended key usage, as OIDs.</summary>
    public required IReadOnlyList<string> ExtendedKeyUsage { get; init; }

    /// <summary>Further extensions of the profile's own.</summary>
    public required IReadOnlyList<ExtensionTemplate> Extensions { get; init; }

    /// <summary>Policies (RFC 5280 §4.2.1.4), each with the facts that it needs; the server's own of what was not proven come first.</summary>
    public IReadOnlyList<PolicyTemplate> Policies { get; init; } = [];

    /// <summary>RFC 9608: nobody need ask whether the certificate was revoked. The CA then names no CRL in it.</summary>
    public bool NoRevocation { get; init; }

    /// <summary>RFC 7633: a TLS server with this certificate must staple an OCSP answer.</summary>
    public bool MustStaple { get; init; }

    /// <summary>Whether the certificate names the account that the ledger gives the device in a Windows domain.</summary>
    public SidMode MicrosoftSid { get; init; }

    /// <summary>How long a certificate lives where no line of <see cref="ValidityByFacts"/> holds.</summary>
    public required TimeSpan Validity { get; init; }

    /// <summary>Other lengths of life for what the evidence proves; the first that holds counts.</summary>
    public IReadOnlyList<ValidityTemplate> ValidityByFacts { get; init; } = [];

    /// <summary>The longest life that a certificate of this profile can have.</summary>
    public TimeSpan LongestValidity => ValidityByFacts.Select(line => line.Length).Append(Validity).Max();

    /// <summary>The shortest.</summary>
    public TimeSpan ShortestValidity => ValidityByFacts.Select(line => line.Length).Append(Validity).Min();

    /// <summary>How long a certificate lives on these facts.</summary>
    public TimeSpan ValidityOn(FactSet facts) => ValidityByFacts.FirstOrDefault(line => line.When.All(rule => rule.Judge(facts).Holds))?.Length ?? Validity;

    /// <summary>How far notBefore is set back, for devices whose clock is behind.</summary>
    public required TimeSpan Backdate { get; init; }
}

/// <summary>A certificate policy; it stands in certificates whose facts meet every rule of <paramref name="When"/>.</summary>
internal sealed record PolicyTemplate(string Oid, IReadOnlyList<FactRule> When);

/// <summary>A length of life for certificates whose facts meet every rule of <paramref name="When"/>.</summary>
internal sealed record ValidityTemplate(IReadOnlyList<FactRule> When, TimeSpan Length);

/// <summary>One attribute of an RDN.</summary>
internal sealed record SubjectAttribute(AttributeType Type, TextTemplate Value);

/// <summary>One subject alternative name of a template; <see cref="Value"/> is null for all identifiers of the order.</summary>
internal sealed record AlternativeNameTemplate(string Kind, TextTemplate? Value);

/// <summary>A part of the certificate that a CSR may fill, and what it may say there.</summary>
/// <param name="Attribute">The subject attribute; null where an alternative name is meant.</param>
/// <param name="NameKind">The kind of alternative name; null where a subject attribute is meant.</param>
/// <param name="Pattern">What the wished value must match.</param>
internal sealed record RequestWish(AttributeType? Attribute, string? NameKind, AllowPattern Pattern);

/// <summary>An extension of the profile's own: a text that is filled or, where <see cref="Text"/> is null, DER that is copied.</summary>
internal sealed record ExtensionTemplate(string Oid, bool Critical, TextTemplate? Text, ExtensionTextKind Kind, ReadOnlyMemory<byte> Der);

/// <summary>The ASN.1 type in which an extension's text is written.</summary>
internal enum ExtensionTextKind
{
    Utf8,
    Ia5,
    Printable,
}

/// <summary>Whether a certificate has the Microsoft SID extension. Its value is the ledger's alone.</summary>
internal enum SidMode
{
    None,

    /// <summary>Where the ledger has one.</summary>
    Optional,

    /// <summary>Without one there is no certificate.</summary>
    Required,
}
