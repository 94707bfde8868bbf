namespace DeviceAcme.Attestation;

/// <summary>Everything that a verification may look at. No clock, network, file or log beside it.</summary>
public sealed record Evidence
{
    /// <summary>The CBOR attestation object as the device sent it (device-attest §5, WebAuthn §6.5.4).</summary>
    public required ReadOnlyMemory<byte> AttestationObject { get; init; }

    /// <summary>The challenge token, ASCII; null only in an offline verification.</summary>
    public string? Token { get; init; }

    /// <summary>The key authorization, ASCII (RFC 8555 §8.1); null only in an offline verification.</summary>
    public string? KeyAuthorization { get; init; }

    /// <summary>
    /// The freshness value itself, where neither token nor key authorization is at hand; null except in an offline verification.
    /// </summary>
    public ReadOnlyMemory<byte>? ChallengeHash { get; init; }

    /// <summary>The identifier that was ordered and the fact that must equal it; null only in an offline verification.</summary>
    public ExpectedIdentifier? Identifier { get; init; }

    /// <summary>Formats that may be accepted, by their WebAuthn name.</summary>
    public required IReadOnlyCollection<string> Formats { get; init; }

    /// <summary>The name of the profile that asks, for anchors that are limited to profiles; null only in an offline verification.</summary>
    public string? Profile { get; init; }

    /// <summary>The format that is being verified, for anchors that are limited to formats; <see cref="AttestationVerifier"/> sets it.</summary>
    public string Format { get; init; } = "";

    /// <summary>The vendor roots and intermediates that may be accepted.</summary>
    public required AnchorSet Anchors { get; init; }

    /// <summary>The time to judge validity at.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>What is decided about single formats, one record of a type at most; a format without its own is judged by its strict default.</summary>
    public IReadOnlyList<FormatPolicy> Policies { get; init; } = [];

    /// <summary>Vendor intermediates that were found good earlier; null verifies every signature.</summary>
    public VerifiedIntermediates? VerifiedIntermediates { get; init; }

    /// <summary>The policy of this type; null where none was given.</summary>
    internal TPolicy? Policy<TPolicy>()
        where TPolicy : FormatPolicy => Policies.OfType<TPolicy>().SingleOrDefault();
}

/// <summary>An ordered identifier and the fact that must equal it, octet for octet.</summary>
/// <param name="Type">ACME identifier type, <c>permanent-identifier</c> or <c>hardware-module</c>.</param>
/// <param name="Value">The value of the order, unchanged.</param>
/// <param name="Fact">
/// Name of the fact that proves it, for example <c>device.serial</c>; null lets the format choose its own; <see cref="ByTicket"/> where it is
/// the value of a ticket: then no fact can equal it, and whoever asks judges the ticket.
/// </param>
public sealed record ExpectedIdentifier(string Type, string Value, string? Fact)
{
    /// <summary>In the place of a fact: the ordered value is a one-time ticket's.</summary>
    public const string ByTicket = "ticket";
}
