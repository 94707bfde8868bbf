using DeviceAcme.Core;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Acme;

/// <summary>ledger-01 (<c>docs/divergences.md</c>): the ledger vouches that the device which the account speaks for may be called by a URI.</summary>
internal static class LedgerVouching
{
    /// <summary>More valid authorizations of one account than any client needs at a time.</summary>
    private const int MostLookedAt = 50;

    /// <summary>Decides in the transaction of the answer: what was said of the device a moment ago counts.</summary>
    public static Challenge Answer(AcmeContext context, AcmeRequest request, CertificateProfile profile, ChallengeId id)
    {
        var authorization = context.FindAuthorizationOf(id)!;
        var challenge = authorization.Find(id);
        if (challenge.Status == ChallengeStatus.Valid)
        {
            return challenge;
        }

        var rule = profile.Identifiers.GetValueOrDefault(authorization.IdentifierType)?.Vouching
            ?? throw Problems.InvalidProfile("profile-changed", $"profile {profile.Name} does not let the ledger vouch for {authorization.IdentifierType} any more; make a new order");
        var proofs = Proofs(context, request, authorization, rule.By);
        if (proofs.Count == 0)
        {
            // not the answer to the challenge yet: the client may come again when it has proven the device
            throw Problems.Unauthorized("device-not-proven", rule.By == VouchedBy.Attestation
                ? "challenge: this account holds no valid authorization of a device with an attested key in this directory; answer the device's own challenge first"
                : "challenge: this account was not made with a ticket for a device");
        }

        ProblemException? refusal = null;
        foreach (var proof in proofs)
        {
            try
            {
                Admission.Require(new LedgerMatch([proof.Device]), UnknownDevices.Refuse);
                rule.Require(proof.Device, authorization.IdentifierValue);
                context.Record(authorization.Vouch(challenge, proof.Device.Id, proof.Of, request.Now, Lifetimes.ValidAuthorization));
                context.FollowAuthorization(authorization, request.Now);
                return challenge;
            }
            catch (ProblemException refused)
            {
                refusal ??= refused;
            }
        }

        context.Record(authorization.Reject(challenge, refusal!.Problem, null, request.Now));
        context.FollowAuthorization(authorization, request.Now);
        return challenge;
    }

    // the authorizations of the same order first: their key is the one that the client means
    private static List<(Device Device, Authorization? Of)> Proofs(AcmeContext context, AcmeRequest request, Authorization authorization, VouchedBy by)
    {
        var (account, now, id) = (request.Account.Id, request.Now, authorization.Id);
        if (by == VouchedBy.Ticket)
        {
            return request.Account.Ticket is { } used && context.Tickets.FirstOrDefault(ticket => ticket.Id == used)?.Device is { } meant
                ? [(context.Devices.Single(device => device.Id == meant), null)]
                : [];
        }

        var beside = context.OrderAuthorizations.Where(link => link.AuthorizationId == id)
            .Join(context.OrderAuthorizations, link => link.OrderId, other => other.OrderId, (_, other) => other.AuthorizationId)
            .ToHashSet();
        return
        [
            .. context.Authorizations.AsNoTracking()
                .Where(other => other.AccountId == account && (other.IdentifierType == AcmeIdentifier.PermanentIdentifier || other.IdentifierType == AcmeIdentifier.HardwareModule)
                    && other.Profile == authorization.Profile && other.Status == AuthorizationStatus.Valid && other.Expires > now && other.AttestedKey != null && other.Device != null)
                .OrderByDescending(other => other.CreatedAt)
                .Take(MostLookedAt)
                .AsEnumerable()
                .OrderByDescending(other => beside.Contains(other.Id))
                .Select(other => (context.Devices.Single(device => device.Id == other.Device), (Authorization?)other)),
        ];
    }
}
