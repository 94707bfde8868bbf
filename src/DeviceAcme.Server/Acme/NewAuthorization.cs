using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.4.1: proves an identifier before there is an order for it.</summary>
internal static class NewAuthorization
{
    public static async Task<IResult> Handle(AcmeRequest request, AcmeDb db, ServerOptions options, CancellationToken cancellation)
    {
        TermsOfService.Require(options, request.Account);
        var wanted = NewAuthorizationRequest.Parse(request.Payload());
        request.IsAbout(request.Profile, [wanted.Identifier]);
        AcmeIdentifier identifier;
        await using (var context = db.Read())
        {
            identifier = OrderRules.Read(request.Profile, [wanted.Identifier], TicketRules.Of(context, request))[0];
        }

        if (IdentifierTypes.Find(identifier.Type)!.Authorize(identifier.Value).Wildcard)
        {
            throw Problems.Malformed("wildcard-pre-authorization", "identifier.value: a wildcard name cannot be pre-authorized (RFC 8555 §7.4.1); order it");
        }

        var authorization = Authorization.Create(
            request.Account.Id, request.Profile.Name, identifier, false, true, OrderRules.Challenges(request.Profile, identifier, false), request.Now, Lifetimes.Order);
        await db.Commit(context =>
        {
            context.RequireNothingAgainst(request.Profile, [identifier]);
            context.InsertWithChallenges(authorization);
        }, cancellation);

        return Reply.Authorization(request, authorization, StatusCodes.Status201Created);
    }
}
