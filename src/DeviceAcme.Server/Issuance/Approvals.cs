using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Workers;

namespace DeviceAcme.Server.Issuance;

/// <summary>What officers say of orders that wait for them.</summary>
internal sealed class Approvals(AcmeDb db, ProfileCatalog profiles, IssuanceWorker worker, TimeProvider time)
{

    /// <summary>Lets the order go on. What would make it fail is told to the officer now, and the order keeps waiting: only they can mend it.</summary>
    /// <param name="id">The order.</param>
    /// <param name="comment">For the history; the client never sees it.</param>
    /// <param name="caller">The officer.</param>
    /// <param name="match">Which version of the order they saw.</param>
    /// <param name="cancellation">Ends the waiting for the commit.</param>
    /// <exception cref="ProblemException">There is no such order, it does not wait, or it could not be issued as things are.</exception>
    public async Task Approve(OrderId id, string? comment, AdminCaller caller, IfMatch match, CancellationToken cancellation)
    {
        Preview(id, caller);
        await db.Commit(context => Approve(context, id, comment, caller, match), cancellation);
        worker.Wake();
    }

    /// <summary>Ends the order; the client is told the reason.</summary>
    /// <param name="id">The order.</param>
    /// <param name="reason">For the client and the history.</param>
    /// <param name="block">Whether its devices are shut out as well.</param>
    /// <param name="caller">The officer.</param>
    /// <param name="match">Which version of the order they saw.</param>
    /// <param name="cancellation">Ends the waiting for the commit.</param>
    /// <exception cref="ProblemException">There is no such order, or it does not wait.</exception>
    public Task Refuse(OrderId id, string reason, bool block, AdminCaller caller, IfMatch match, CancellationToken cancellation) =>
        db.Commit(context => Refuse(context, id, reason, block, caller, match), cancellation);

    private void Preview(OrderId id, AdminCaller caller)
    {
        using var context = db.Read();
        var (found, pending) = Require(context, id, caller, IfMatch.Any);
        if (pending.State != IssuanceState.Waiting)
        {
            return;
        }

        var account = context.Accounts.Single(account => account.Id == pending.Account);
        var subject = IssuanceCase.Read(context, profiles, found, pending.Csr, Jwk.Restore(account.Key), time.GetUtcNow()) with { Pending = pending };
        if (CertificateIssuance.Preview(subject).Refusal is { Problem: var problem })
        {
            throw new ProblemException(problem with
            {
                Status = StatusCodes.Status409Conflict,
                Detail = $"the order could not be issued as things are: {problem.Detail}; it keeps waiting: change that and approve again, or refuse it",
            });
        }
    }

    private void Approve(AcmeContext context, OrderId id, string? comment, AdminCaller caller, IfMatch match)
    {
        var now = time.GetUtcNow();
        var ((_, authorizations), pending) = Require(context, id, caller, match);
        context.Record(pending.Approve(comment, caller.Name, now));
        foreach (var device in DevicesOf(context, authorizations, pending).Where(device => device.State == DeviceState.Pending))
        {
            context.Record(device.Approve(comment ?? $"order {id} was approved", caller.Name, now));
        }
    }

    private void Refuse(AcmeContext context, OrderId id, string reason, bool block, AdminCaller caller, IfMatch match)
    {
        if (block && caller.IsLimited)
        {
            throw Problems.Unauthorized("limited-to-profiles", $"device: blocking concerns every profile; {caller.Name} is limited to {string.Join(", ", caller.Profiles!)}");
        }

        var now = time.GetUtcNow();
        var ((order, authorizations), pending) = Require(context, id, caller, match);
        context.Record(pending.Refuse(reason, caller.Name, now));
        context.FailOrder(order, Problems.Unauthorized(ApprovalReasons.Refused.Code, $"an officer refused the order: {reason}").Problem, now);
        if (!block)
        {
            return;
        }

        var devices = DevicesOf(context, authorizations, pending);
        if (devices.Count == 0)
        {
            throw Problems.Malformed("order-without-device", "device: the order names no device of the ledger that could be blocked");
        }

        foreach (var device in devices.Where(device => device.State is not (DeviceState.Blocked or DeviceState.Retired)))
        {
            context.Record(device.Block(reason, caller.Name, now));
        }
    }

    private static List<Device> DevicesOf(AcmeContext context, IReadOnlyList<Authorization> authorizations, PendingIssuance pending)
    {
        var ids = authorizations.Select(authorization => authorization.Device).Append(pending.Device).OfType<DeviceId>().Distinct();
        return [.. ids.Select(id => context.Devices.Single(device => device.Id == id))];
    }

    private static (OrderWithAuthorizations Found, PendingIssuance Pending) Require(AcmeContext context, OrderId id, AdminCaller caller, IfMatch match)
    {
        var found = context.FindOrder(id) ?? throw Problems.Malformed("order-unknown", "path: there is no order of this id", StatusCodes.Status404NotFound);
        caller.RequireProfile(found.Order.Profile);
        var pending = context.PendingIssuances.Find(id)
            ?? throw Problems.Malformed("approval-not-needed", $"order: it is {found.Order.Status.Wire()} and never waited for an officer", StatusCodes.Status409Conflict);
        match.Check(VersionOf(found.Order, pending));
        return (found, pending);
    }

    /// <summary>Grows with every change of either.</summary>
    public static long VersionOf(Order order, PendingIssuance? pending) => (long)order.Version + (pending?.Version ?? 0);
}
