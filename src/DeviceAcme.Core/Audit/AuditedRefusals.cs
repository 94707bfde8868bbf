using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Audit;

/// <summary>Which refusals of clients are events: those that decide who may do what, and not those of what cannot be read or comes too early.</summary>
/// <remarks>Refused evidence and a refused finalize are written down with their verdicts, and network challenges with their authorization.</remarks>
internal static class AuditedRefusals
{
    /// <summary>Problem types that say "not you", "not this" or "not now".</summary>
    private static readonly HashSet<string> Types =
    [
        .. new[] { "externalAccountRequired", "invalidProfile", "rateLimited", "rejectedIdentifier", "unauthorized", "unsupportedIdentifier", "userActionRequired" }
            .Select(type => Problems.Namespace + type),
    ];

    /// <summary>Of other types: somebody signs in the name of an account that is not theirs, or wants the key of another one.</summary>
    private static readonly HashSet<string> Reasons = new(StringComparer.Ordinal) { "jws-signature-invalid", "key-in-use" };

    /// <summary>A request that was signed for another URL is a mistake of a client; the other one is written down where it ends its exchange.</summary>
    private static readonly HashSet<string> NotReasons = new(StringComparer.Ordinal) { "url-mismatch", "activation-secret-wrong" };

    /// <summary>The decisions in a refusal: itself, or those of its subproblems that are some.</summary>
    public static IEnumerable<Problem> Of(Problem refusal) =>
        refusal.Subproblems is { Count: > 0 } parts && parts.All(part => part.Reason is not null) ? parts.Where(IsDecision) : IsDecision(refusal) ? [refusal] : [];

    private static bool IsDecision(Problem problem) =>
        problem.Reason is { } reason && (Types.Contains(problem.Type) || Reasons.Contains(reason)) && !NotReasons.Contains(reason);
}
