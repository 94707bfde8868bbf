using DeviceAcme.Core;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Workers;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.5.1: the client says that a challenge is ready, or sends its evidence (device-attest §5).</summary>
internal static class RespondToChallenge
{
    public static async Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db, ProfileCatalog profiles, DeviceAttestation attestation, ValidationWorker worker, CancellationToken cancellation)
    {
        var challengeId = new ChallengeId(id);
        Authorization authorization;
        await using (var context = db.Read())
        {
            authorization = Require(context, request, challengeId);
        }

        var challenge = authorization.Find(challengeId);
        if (request.IsPostAsGet)
        {
            return Reply.Challenge(request, challenge);
        }

        var response = ChallengeResponse.Parse(request.Payload());
        if (challenge.Status is ChallengeStatus.Valid or ChallengeStatus.Processing)
        {
            // some clients answer again while they read pending from the authorization; nothing is started twice
            return Reply.Challenge(request, challenge);
        }

        if (challenge.Type == ChallengeTypes.DeviceAttest01)
        {
            return await attestation.Judge(request, authorization, challenge, response, cancellation);
        }

        if (challenge.Type == ChallengeTypes.Ledger01)
        {
            var profile = profiles.Find(authorization.Profile)
                ?? throw Problems.InvalidProfile("profile-withdrawn", $"profile {authorization.Profile} is no longer offered; make a new order in another directory");
            return Reply.Challenge(request, await db.Commit(context => LedgerVouching.Answer(context, request, profile, challengeId), cancellation));
        }

        var begun = await db.Commit(context => Begin(context, request, challengeId), cancellation);
        worker.Wake();
        return Reply.Challenge(request, begun);
    }

    /// <summary>The key authorization of a challenge, made from the key that signed the answer (RFC 8555 §8.1).</summary>
    public static string KeyAuthorization(AcmeRequest request, Challenge challenge) => $"{challenge.Token}.{request.Key.Thumbprint}";

    private static Challenge Begin(AcmeContext context, AcmeRequest request, ChallengeId id)
    {
        var authorization = Require(context, request, id);
        var challenge = authorization.Find(id);
        if (challenge.Status != ChallengeStatus.Processing)
        {
            context.Record(authorization.Respond(challenge, KeyAuthorization(request, challenge), request.Now));
        }

        return challenge;
    }

    private static Authorization Require(AcmeContext context, AcmeRequest request, ChallengeId id) =>
        context.FindAuthorizationOf(id) is { } found && found.AccountId == request.Account.Id
            ? found
            : throw Problems.Unauthorized("not-your-challenge", "path: this account has no such challenge in this directory");
}
