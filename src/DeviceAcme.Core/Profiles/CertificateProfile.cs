using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Profiles;

/// <summary>One profile file: who may ask, what must be proven, what the certificate looks like, which CA signs.</summary>
internal sealed record CertificateProfile
{
    /// <summary>The profile's name: its file's name without extension, and a segment of its URLs.</summary>
    public required string Name { get; init; }

    public string? Description { get; init; }

    /// <summary>The file's text, stored with each order as it was.</summary>
    public required string Text { get; init; }

    /// <summary>Lower-case hex SHA-256 of <see cref="Text"/>.</summary>
    public required string Hash { get; init; }

    /// <summary>Whether an account needs a key that the operator gave out (RFC 8555 §7.3.4).</summary>
    public required ExternalAccountBindingMode ExternalAccountBinding { get; init; }

    /// <summary>Whether tickets have directories of their own here, and whether an account needs one.</summary>
    public TicketUrlMode TicketUrl { get; init; } = TicketUrlMode.Optional;

    /// <summary>An account is made only of a ticket; which of its presentations is used makes no difference.</summary>
    public bool RequiresTicket => ExternalAccountBinding == ExternalAccountBindingMode.Required || TicketUrl == TicketUrlMode.Required;

    /// <summary>By identifier type; a type that is not listed is <c>unsupportedIdentifier</c> here.</summary>
    public required IReadOnlyDictionary<string, IdentifierRule> Identifiers { get; init; }

    public required AttestationRule Attestation { get; init; }

    /// <summary>The trust folders that count for its evidence: those that it names, and that of its own attestation CA.</summary>
    public IReadOnlyList<string> AnchorFolders => Attestation.Ek is null ? Attestation.Anchors : [.. Attestation.Anchors, TrustFolders.OfAttestationCa(Name)];

    /// <summary>What is done about evidence that does not fit to earlier evidence.</summary>
    public AnomalyRules Anomalies { get; init; } = AnomalyRules.Usual;

    /// <summary>How long verdicts and evidence are kept.</summary>
    public EvidenceRetention Evidence { get; init; } = EvidenceRetention.Default;

    /// <summary>What one account may have.</summary>
    public Limits AccountLimits { get; init; } = Limits.None;

    /// <summary>What it says about the ledger of devices.</summary>
    public DeviceRule Devices { get; init; } = DeviceRule.Silent;

    /// <summary>Who of the organisation is asked before a device is served.</summary>
    public IReadOnlyList<WebhookRule> Webhooks { get; init; } = [];

    /// <summary>When an officer has to agree to an order.</summary>
    public ApprovalRule Approval { get; init; } = ApprovalRule.None;

    public required CertificateTemplate Certificate { get; init; }

    /// <summary>Name of the issuer, a folder under <c>DIR/ca</c>, of every key type without one of its own.</summary>
    public required string Issuer { get; init; }

    /// <summary>Names of issuers by key type.</summary>
    public IReadOnlyDictionary<string, string> IssuersByKey { get; init; } = new Dictionary<string, string>();

    /// <summary>The profile's own tests; the server does not look at them.</summary>
    public IReadOnlyList<ProfileTest> Tests { get; init; } = [];

    /// <summary>Names of all issuers that may sign for this profile.</summary>
    public IEnumerable<string> Issuers => IssuersByKey.Values.Append(Issuer).Distinct(StringComparer.Ordinal);

    /// <summary>Who signs for a key of this type.</summary>
    public string IssuerFor(string keyType) => IssuersByKey.GetValueOrDefault(keyType, Issuer);

    /// <summary>Devices order the code of a ticket, and say nothing else of themselves (<c>proves: ticket</c>).</summary>
    public bool TakesClientIdentifier => Identifiers.Values.Any(rule => rule.ByTicket);

    /// <summary>The names of an ordered device, or, with the verdict on its evidence, all that it proved. The ledger is asked for the ordered ones alone.</summary>
    public IReadOnlyList<DeviceKey> KeysOf(AcmeIdentifier identifier, Verdict? verdict = null) =>
        IsByTicket(identifier)
            ? verdict?.Outcome == VerdictOutcome.Accepted ? DeviceKey.Of(verdict.Facts) : []
            : DeviceKey.Of(identifier, Identifiers.GetValueOrDefault(identifier.Type)?.Proves, verdict?.Outcome == VerdictOutcome.Accepted ? verdict.Facts : null);

    /// <summary>The names that the ledger is asked for: the ordered ones, or those that the evidence proves where a ticket was ordered.</summary>
    public IReadOnlyList<DeviceKey> NamesOf(AcmeIdentifier identifier, Verdict verdict) => IsByTicket(identifier) ? KeysOf(identifier, verdict) : KeysOf(identifier);

    /// <summary>Whether an ordered value is a ticket's code and no name.</summary>
    public bool IsByTicket(AcmeIdentifier identifier) => Identifiers.GetValueOrDefault(identifier.Type)?.ByTicket == true;

    /// <summary>The name that accepted evidence proves: the ordered one, or its own where a ticket was ordered; null where it has none.</summary>
    public AcmeIdentifier? ProvenName(AcmeIdentifier identifier, Verdict verdict) => !IsByTicket(identifier) ? identifier
        : AttestationFormats.IdentifierFacts(verdict.Format).Select(verdict.Facts.Find).FirstOrDefault(fact => fact is { Proven: true, Value: FactValue.Text { Value.Length: > 0 } }) is { } fact
            ? identifier with { Value = fact.Value.ToString() }
            : null;
}

internal enum ExternalAccountBindingMode
{
    None,
    Optional,
    Required,
}

/// <summary>What a profile says of the directories of tickets, <c>/acme/PROFILE/TICKET/directory</c>.</summary>
internal enum TicketUrlMode
{
    None,
    Optional,
    Required,
}

internal enum AttestationMode
{
    Required,
    Observe,
    None,
}

/// <summary>How a refusal of evidence is answered: 200 with an invalid challenge, or 400 with the same problem.</summary>
internal enum AttestationFailureAnswer
{
    Challenge,
    Problem,
}

/// <summary>How much of a refusal of evidence the client is told (device-attest §5); the stored verdict always has all of it.</summary>
internal enum AttestationPrivacy
{
    /// <summary>Each failed check with what was compared and what would help.</summary>
    Full,

    /// <summary>The reason code of each failed check, its rule and the general advice: nothing that was read from the evidence.</summary>
    Reason,

    /// <summary>That it was refused, and nothing else.</summary>
    None,
}

/// <summary>What a profile says of one identifier type.</summary>
internal sealed record IdentifierRule
{
    /// <summary>Challenge types offered, in order, for example <c>http-01</c>.</summary>
    public required IReadOnlyList<string> Challenges { get; init; }

    /// <summary>The patterns; one of them must allow the ordered value.</summary>
    public required IReadOnlyList<AllowPattern> Allow { get; init; }

    /// <summary>The fact that the ordered value must equal; null for types that are not attested.</summary>
    public string? Proves { get; init; }

    /// <summary>The ordered value is a ticket's code, which stands for a name of the device.</summary>
    public bool ByTicket => Proves == ExpectedIdentifier.ByTicket;

    /// <summary>A ticket that names this very value stands for the challenge; only for types without evidence.</summary>
    public bool PreValidatedByTicket { get; init; }

    /// <summary>For which of them the ledger vouches; only for <c>uri</c>.</summary>
    public VouchingRule? Vouching { get; init; }

    /// <summary>Whether CAA records are honoured (RFC 8659, RFC 8657); only for <c>dns</c>.</summary>
    public bool Caa { get; init; }

    /// <summary>True if one of the patterns allows the value (glob, /regex/, dns suffix, CIDR for ip).</summary>
    public bool Allows(string value) => Allow.Any(pattern => pattern.Matches(value));
}

internal sealed record AttestationRule
{
    public required AttestationMode Mode { get; init; }

    /// <summary>Statement formats by their WebAuthn name.</summary>
    public required IReadOnlyList<string> Formats { get; init; }

    /// <summary>Folders under <c>profiles/trust</c>.</summary>
    public required IReadOnlyList<string> Anchors { get; init; }

    /// <summary>Whose word its evidence is: profiles with the same anchors share one index of anomalies.</summary>
    public string Scope => string.Join(',', Anchors.Order(StringComparer.Ordinal));

    public required AttestationFailureAnswer OnFailure { get; init; }

    /// <summary>What the facts must be; every rule must hold.</summary>
    public IReadOnlyList<FactRule> Facts { get; init; } = [];

    /// <summary>Whether a rule asks for something that only the ledger says.</summary>
    public bool NamesLedger => Facts.Concat(ObservedFacts).Any(rule => rule.FactNames.Any(LedgerFacts.IsLedger));

    /// <summary>Whether a rule asks for something that only a ticket says.</summary>
    public bool NamesTicket => Facts.Concat(ObservedFacts).Any(rule => rule.FactNames.Any(TicketFacts.IsTicket));

    /// <summary>Rules on trial: what they would refuse is recorded with the verdict and let through.</summary>
    public IReadOnlyList<FactRule> ObservedFacts { get; init; } = [];

    /// <summary>How much of a refusal the client is told.</summary>
    public AttestationPrivacy Privacy { get; init; }

    /// <summary>What Google's status list must be; null where the profile does not say: the strict default.</summary>
    public StatusListRule? StatusList { get; init; }

    /// <summary>Leaves and intermediates of Android chains and of endorsement certificates past their end are accepted.</summary>
    public bool TolerateExpired { get; init; }

    /// <summary>Which TPMs may have their attestation keys certified for this profile; null where it has no attestation CA.</summary>
    public EkPolicy? Ek { get; init; }
}

/// <summary>What a profile says of Google's list of revoked attestation certificates.</summary>
/// <param name="StaleAfter">A list that was fetched longer ago is stale.</param>
/// <param name="AcceptMissing">A missing or stale list is accepted; what a stale one names stays refused.</param>
internal sealed record StatusListRule(TimeSpan StaleAfter, bool AcceptMissing)
{
    /// <summary>What counts where a profile does not say.</summary>
    public static StatusListRule Strict { get; } = new(TimeSpan.FromHours(24), false);
}
