using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Acme;

/// <summary>A problem document (RFC 9457, RFC 8555 §6.7) with our stable reason code as an extra member.</summary>
public sealed record Problem
{
    /// <summary>Error URN, for example <c>urn:ietf:params:acme:error:badCSR</c>.</summary>
    [JsonPropertyName("type")]
    public required string Type { get; init; }

    /// <summary>What was expected and what was found; names the field, holds no secrets.</summary>
    [JsonPropertyName("detail")]
    public required string Detail { get; init; }

    /// <summary>HTTP status.</summary>
    [JsonPropertyName("status")]
    public int? Status { get; init; }

    /// <summary>Stable kebab-case code of the refusal.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>The identifier concerned; only inside <see cref="Subproblems"/> (RFC 8555 §6.7.1).</summary>
    [JsonPropertyName("identifier")]
    public AcmeIdentifier? Identifier { get; init; }

    /// <summary>One problem per identifier or failed check (RFC 8555 §6.7.1).</summary>
    [JsonPropertyName("subproblems")]
    public IReadOnlyList<Problem>? Subproblems { get; init; }

    /// <summary>The signature algorithms that are supported, with <c>badSignatureAlgorithm</c> (RFC 8555 §6.2).</summary>
    [JsonPropertyName("algorithms")]
    public IReadOnlyList<string>? Algorithms { get; init; }

    /// <summary>Where a person can act, with <c>userActionRequired</c> (RFC 8555 §7.3.3); what the server calls this occurrence (RFC 9457 §3.1.5).</summary>
    [JsonPropertyName("instance")]
    public string? Instance { get; init; }
}

/// <summary>A refusal of what a client sent; becomes a problem document once, at the edge.</summary>
public sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>What the client is told.</summary>
    public Problem Problem { get; } = problem;

    /// <summary>Seconds for a <c>Retry-After</c> header, where there is one.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Link headers to add, for example the terms of service (RFC 8555 §7.3.3): relation and target.</summary>
    public IReadOnlyList<(string Relation, string Target)> Links { get; init; } = [];

    /// <summary>The <c>Location</c> header of the answer, for example of a conflicting account (RFC 8555 §7.3.5).</summary>
    public string? Location { get; init; }
}
