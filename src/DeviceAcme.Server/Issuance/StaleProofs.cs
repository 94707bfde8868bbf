using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Network.Caa;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Issuance;

/// <summary>
/// Names whose authorization ended while their order waited: the client had proven them in time, but what CAA said then holds for eight hours at
/// most, so the zone is asked again (RFC 8659).
/// </summary>
internal sealed class StaleProofs(AcmeDb db, CaaChecker caa, ServerOptions options)
{
    /// <exception cref="ProblemException"><c>caa</c>, or <c>dns</c> where the records cannot be known.</exception>
    public async Task AskAgain(IssuanceCase subject, CancellationToken cancellation)
    {
        var stale = subject.Authorizations.Where(authorization => authorization.IdentifierType == AcmeIdentifier.Dns && authorization.Expires <= subject.Now).ToList();
        if (stale.Count == 0 || subject.Profile.Identifiers.GetValueOrDefault(AcmeIdentifier.Dns) is not { Caa: true })
        {
            return;
        }

        await using var context = db.Read();
        var account = await context.Accounts.SingleAsync(account => account.Id == subject.Order.AccountId, cancellation);
        foreach (var authorization in stale)
        {
            // one that was validated beforehand has no challenge
            if (authorization.Challenges.FirstOrDefault(challenge => challenge.Status == ChallengeStatus.Valid) is { } proven)
            {
                await caa.Check(
                    new ValidationTarget
                    {
                        Identifier = authorization.Identifier,
                        Wildcard = authorization.Wildcard,
                        Token = proven.Token,
                        KeyAuthorization = proven.KeyAuthorization ?? "",
                        AccountUrl = new AcmeUrls(options.BaseUrl, account.Profile).Account(account.Id),
                        TicketHash = context.TicketHashOf(account),
                        CheckCaa = true,
                    },
                    proven.Type,
                    cancellation);
            }
        }
    }
}
