using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Orders;

/// <summary>One way to prove one identifier (RFC 8555 §7.1.5). Changed only by its <see cref="Authorization"/>.</summary>
internal sealed class Challenge
{
    private Challenge()
    {
    }

    public ChallengeId Id { get; private init; }
    public AuthorizationId AuthorizationId { get; private init; }
    public string Type { get; private init; } = "";
    public string Token { get; private init; } = "";

    /// <summary>Place among the challenges of its authorization, as the profile lists them.</summary>
    public int Position { get; private init; }

    public ChallengeStatus Status { get; private set; }
    public DateTimeOffset? ValidatedAt { get; private set; }

    /// <summary>Made from the account key in force when the client answered (device-attest §5), kept for the worker.</summary>
    public string? KeyAuthorization { get; private set; }

    /// <summary>When the client answered; the worker takes the oldest first.</summary>
    public DateTimeOffset? AnsweredAt { get; private set; }

    public Problem? Error { get; private set; }

    internal static Challenge Create(AuthorizationId authorization, string type, int position, DateTimeOffset now) => new()
    {
        Id = new ChallengeId(Secrets.Id(now)),
        AuthorizationId = authorization,
        Type = type,
        Token = Secrets.Token(),
        Position = position,
    };

    internal Challenge Copy() => (Challenge)MemberwiseClone();

    internal void Begin(string keyAuthorization, DateTimeOffset now)
    {
        Status = ChallengeStatus.Processing;
        KeyAuthorization = keyAuthorization;
        AnsweredAt = now;
    }

    internal void Accept(DateTimeOffset now)
    {
        Status = ChallengeStatus.Valid;
        ValidatedAt = now;
    }

    internal void Reject(Problem error)
    {
        Status = ChallengeStatus.Invalid;
        Error = error;
    }
}
