using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.5 reading and §7.5.2 deactivating one's own authorization.</summary>
internal static class GetAuthorization
{
    public static async Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db, CancellationToken cancellation)
    {
        if (request.IsPostAsGet)
        {
            await using var context = db.Read();
            return Reply.Authorization(request, Require(context, request, id));
        }

        AuthorizationUpdate.Parse(request.Payload());
        var authorization = await db.Commit(context => Deactivate(context, request, id), cancellation);
        return Reply.Authorization(request, authorization);
    }

    private static Authorization Deactivate(AcmeContext context, AcmeRequest request, string id)
    {
        var authorization = Require(context, request, id);
        context.Record(authorization.Deactivate(request.Now));
        context.FollowAuthorization(authorization, request.Now);
        return authorization;
    }

    private static Authorization Require(AcmeContext context, AcmeRequest request, string id) =>
        context.FindAuthorization(new AuthorizationId(id)) is { } found && found.AccountId == request.Account.Id
            ? found
            : throw Problems.Unauthorized("not-your-authorization", "path: this account has no such authorization in this directory");
}
