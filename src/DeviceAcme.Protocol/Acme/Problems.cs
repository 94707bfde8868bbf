namespace DeviceAcme.Protocol.Acme;

/// <summary>The one table of problem types: URN and HTTP status. Every refusal of a client's request is made here.</summary>
/// <remarks>RFC 8555 §6.7; statuses that the RFC leaves open follow the practice of public servers.</remarks>
public static class Problems
{
    /// <summary>Namespace of the registered error types (RFC 8555 §6.7).</summary>
    public const string Namespace = "urn:ietf:params:acme:error:";

    public static ProblemException AccountDoesNotExist(string reason, string detail) => Make("accountDoesNotExist", 400, reason, detail);
    public static ProblemException AlreadyRevoked(string reason, string detail) => Make("alreadyRevoked", 400, reason, detail);
    public static ProblemException BadAttestationStatement(string reason, string detail) => Make("badAttestationStatement", 400, reason, detail);
    public static ProblemException BadCsr(string reason, string detail) => Make("badCSR", 400, reason, detail);
    public static ProblemException BadNonce(string reason, string detail) => Make("badNonce", 400, reason, detail);
    public static ProblemException BadPublicKey(string reason, string detail) => Make("badPublicKey", 400, reason, detail);
    public static ProblemException BadRevocationReason(string reason, string detail) => Make("badRevocationReason", 400, reason, detail);
    public static ProblemException Caa(string reason, string detail) => Make("caa", 403, reason, detail);
    public static ProblemException Connection(string reason, string detail) => Make("connection", 400, reason, detail);
    public static ProblemException Dns(string reason, string detail) => Make("dns", 400, reason, detail);
    public static ProblemException ExternalAccountRequired(string reason, string detail) => Make("externalAccountRequired", 403, reason, detail);
    public static ProblemException IncorrectResponse(string reason, string detail) => Make("incorrectResponse", 403, reason, detail);
    public static ProblemException InvalidContact(string reason, string detail) => Make("invalidContact", 400, reason, detail);
    public static ProblemException InvalidProfile(string reason, string detail) => Make("invalidProfile", 400, reason, detail);
    public static ProblemException Malformed(string reason, string detail, int status = 400) => Make("malformed", status, reason, detail);
    public static ProblemException OrderNotReady(string reason, string detail) => Make("orderNotReady", 403, reason, detail);
    public static ProblemException RateLimited(string reason, string detail, int retryAfterSeconds) =>
        new(Document("rateLimited", 429, reason, detail)) { RetryAfterSeconds = retryAfterSeconds };
    public static ProblemException RejectedIdentifier(string reason, string detail) => Make("rejectedIdentifier", 400, reason, detail);
    public static ProblemException Tls(string reason, string detail) => Make("tls", 400, reason, detail);
    public static ProblemException Unauthorized(string reason, string detail, int status = 403) => Make("unauthorized", status, reason, detail);
    public static ProblemException UnsupportedContact(string reason, string detail) => Make("unsupportedContact", 400, reason, detail);
    public static ProblemException UnsupportedIdentifier(string reason, string detail) => Make("unsupportedIdentifier", 400, reason, detail);

    /// <summary>The request's signature algorithm is not supported; the answer lists those that are (RFC 8555 §6.2).</summary>
    public static ProblemException BadSignatureAlgorithm(string reason, string detail, IReadOnlyList<string> algorithms) =>
        new(Document("badSignatureAlgorithm", 400, reason, detail) with { Algorithms = algorithms });

    /// <summary>The client must visit <paramref name="instance"/> first, for example to agree to new terms (RFC 8555 §7.3.3).</summary>
    public static ProblemException UserActionRequired(string reason, string detail, string? instance) =>
        new(Document("userActionRequired", 403, reason, detail) with { Instance = instance });

    /// <summary>Several problems at once (RFC 8555 §6.7.1).</summary>
    public static ProblemException Compound(string detail, IReadOnlyList<Problem> subproblems) =>
        new(Document("compound", 400, "several-problems", detail) with { Subproblems = subproblems });

    /// <summary>Our own fault; the detail never says more than the trace id.</summary>
    public static Problem ServerInternal(string traceId) =>
        Document("serverInternal", 500, "server-internal", $"the server failed; its log has the cause under trace id {traceId}");

    /// <summary>The store cannot be reached for a moment; nothing of the request was done, or all of it.</summary>
    public static Problem StoreAway() =>
        Document("serverInternal", 503, "store-away", "the server's store cannot be reached now; try again in a few seconds");

    /// <summary>More than the server can work on at once: nothing of the request was done. 503 with <c>rateLimited</c>, as public servers answer it.</summary>
    public static ProblemException ServerBusy(int retryAfterSeconds) =>
        new(Document("rateLimited", 503, "server-busy", "the server has more to do than it can now; try again later")) { RetryAfterSeconds = retryAfterSeconds };

    private static ProblemException Make(string type, int status, string reason, string detail) => new(Document(type, status, reason, detail));

    private static Problem Document(string type, int status, string reason, string detail) =>
        new() { Type = Namespace + type, Status = status, Reason = reason, Detail = detail };
}
