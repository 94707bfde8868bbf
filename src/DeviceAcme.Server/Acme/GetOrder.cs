using DeviceAcme.Core;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.4: reading one's own order.</summary>
internal static class GetOrder
{
    public static async Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db)
    {
        request.RequirePostAsGet();
        await using var context = db.Read();
        return Reply.Order(request, Require(context, request, id));
    }

    /// <summary>The order, if it is this account's in this directory; whether another one exists is not told.</summary>
    public static OrderWithAuthorizations Require(AcmeContext context, AcmeRequest request, string id)
    {
        var found = context.FindOrder(new OrderId(id));
        return found is not null && found.Order.AccountId == request.Account.Id
            ? found
            : throw Problems.Unauthorized("not-your-order", "path: this account has no such order in this directory");
    }
}
