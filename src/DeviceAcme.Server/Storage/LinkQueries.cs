using DeviceAcme.Core;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>From a device to what hangs from it.</summary>
internal static class LinkQueries
{
    /// <summary>The device that has this id or this identifier, for example this serial number; an id that nothing has finds nothing.</summary>
    public static async Task<DeviceId> DeviceOf(this AcmeContext context, string text, CancellationToken cancellation) =>
        await context.DeviceIdentifiers.Where(name => name.Value == text).Select(name => (DeviceId?)name.Device).FirstOrDefaultAsync(cancellation) ?? new DeviceId(text);

    /// <summary>The accounts that proved the device.</summary>
    public static Task<List<AccountId>> AccountsOf(this AcmeContext context, DeviceId device, CancellationToken cancellation) =>
        context.Authorizations.Where(authorization => authorization.Device == device).Select(authorization => authorization.AccountId).Distinct().ToListAsync(cancellation);

    /// <summary>The orders whose evidence proved the device.</summary>
    public static Task<List<OrderId>> OrdersOf(this AcmeContext context, DeviceId device, CancellationToken cancellation) =>
        context.Authorizations.Where(authorization => authorization.Device == device)
            .Join(context.OrderAuthorizations, authorization => authorization.Id, link => link.AuthorizationId, (_, link) => link.OrderId)
            .Distinct()
            .ToListAsync(cancellation);
}
