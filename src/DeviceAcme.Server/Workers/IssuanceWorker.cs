using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Issuance;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Workers;

/// <summary>Issues what could not be issued in its own request, and ends what has waited too long.</summary>
/// <remarks>
/// The serial number is stored before it is signed: a process that ends between signature and commit leaves nothing that the store does not know,
/// and the next attempt signs with the same number. The order's transition and a unique index let one certificate of an order in, whoever signs.
/// </remarks>
internal sealed partial class IssuanceWorker(AcmeDb db, ProfileCatalog profiles, CertificateIssuance issuance, StaleProofs proofs, ILeases leases, TimeProvider time, ILogger<IssuanceWorker> log) : BackgroundService
{
    /// <summary>Issuances at a time; a CA of another house lets us wait.</summary>
    private const int Concurrency = 8;

    /// <summary>Rows that one look takes at most.</summary>
    private const int Batch = 100;

    /// <summary>After how long another node takes over what a dead one had begun; longer than the services of others may take.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);

    private const int LongestFailure = 500;

    /// <summary>How often the table is looked at without a signal: for what time or an earlier process left behind, and before a failed attempt is made again.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>Before room is looked for again: somebody may have made it by hand.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    /// <summary>How long somebody else's service may fail an order that was approved when its time was nearly over.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private readonly RowQueue<OrderId> _queue = new(leases, Concurrency, LookAgain, time);

    /// <summary>There is something to do.</summary>
    public void Wake() => _queue.Wake();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _queue.Run(Look, stoppingToken);

    private async Task Look(CancellationToken stopping)
    {
        try
        {
            await EndOverdue(stopping);
            await LetGoWhatIsKnown(stopping);
            await Start(stopping);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // the disk is full, or the database is locked by a backup: the next look tries again
            LookFailed(log, failure);
        }
    }

    private static string LeaseOf(OrderId id) => $"issuance:{id.Value}";

    private async Task Start(CancellationToken stopping)
    {
        var postponed = _queue.Postponed;
        await using var context = db.Read();
        var waiting = await context.PendingIssuances.Where(pending => pending.State == IssuanceState.Issuing && !postponed.Contains(pending.Order)).OrderBy(pending => pending.RequestedAt)
            .Select(pending => pending.Order).Take(Batch).ToListAsync(stopping);
        await _queue.Start(waiting, LeaseOf, Lease, id => Run(id, stopping), stopping);
    }

    private async Task Run(OrderId id, CancellationToken stopping)
    {
        try
        {
            await Issue(id, stopping);
            await leases.Release(LeaseOf(id));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            GivenUp(log, id);
            await leases.Release(LeaseOf(id));
        }
        catch (Exception failure)
        {
            // ours or the CA's, not the client's: the row stays in the queue, says why, and is tried again
            Failed(log, failure, id);
            await Task.Delay(LookAgain, CancellationToken.None);
        }
    }

    private async Task Issue(OrderId id, CancellationToken stopping)
    {
        var serial = Convert.ToHexStringLower(CertificateBuilder.Serial());
        var pending = await db.Commit(context => Claim(context, id, serial), stopping);
        if (pending is null)
        {
            return;
        }

        try
        {
            var subject = await Read(pending);
            await proofs.AskAgain(subject, stopping);
            var outcome = await issuance.Run(subject, stopping);
            if (outcome.Checks.Refusal is { } refused && IsPassing(refused.Problem))
            {
                throw refused;
            }

            if (await db.Commit(context => Save(context, subject, outcome), CancellationToken.None) is { } full)
            {
                throw full;
            }

            Ended(log, id, outcome.Checks.Refusal?.Problem.Reason ?? "valid");
        }
        catch (ProblemException passing) when (IsPassing(passing.Problem) && time.GetUtcNow() < GivesUp(pending))
        {
            // somebody else's service does not answer, or there is no room now: the officer's word is not lost over that
            // the pause begins with the refusal, and not when it has been noted
            if (passing.RetryAfterSeconds is { } seconds)
            {
                _queue.Postpone(id, time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(seconds, LongestPause.TotalSeconds)));
            }

            await db.Commit(context => Note(context, id, passing), CancellationToken.None);
            Postponed(log, id, passing.Problem.Detail);
            if (passing.RetryAfterSeconds is null)
            {
                await Task.Delay(LookAgain, stopping);
            }
        }
        catch (ProblemException refusal)
        {
            // the profile is gone, the zone forbids it, or what was good when it was judged was not when it was to be stored
            await db.Commit(context => Refuse(context, id, refusal.Problem), CancellationToken.None);
            Ended(log, id, refusal.Problem.Reason!);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            await db.Commit(context => Note(context, id, failure), CancellationToken.None);
            throw;
        }
    }

    private static bool IsPassing(Problem problem) =>
        problem.Reason == WebhookReasons.Unavailable.Code || problem.Reason == WebhookReasons.CircuitOpen.Code || problem.Type == Problems.Namespace + "dns" || IsLimit(problem);

    private static bool IsLimit(Problem problem) => problem.Type == Problems.Namespace + "rateLimited";

    private static DateTimeOffset GivesUp(PendingIssuance pending) =>
        pending.DecidedAt is { } decided && decided + Patience > pending.Expires ? decided + Patience : pending.Expires;

    private async Task<IssuanceCase> Read(PendingIssuance pending)
    {
        await using var context = db.Read();
        return IssuanceCase.Read(context, profiles, pending, time.GetUtcNow());
    }

    /// <summary>Says in the store that a signature follows, and with which serial number; null where the order has ended meanwhile.</summary>
    private static PendingIssuance? Claim(AcmeContext context, OrderId id, string serial)
    {
        var pending = context.PendingIssuances.Single(pending => pending.Order == id);
        if (pending.State != IssuanceState.Issuing)
        {
            return null;
        }

        pending.Claim(serial);
        return pending;
    }

    /// <returns>Why it must wait: others took the room while it was signed. Null where the order has ended.</returns>
    private static ProblemException? Save(AcmeContext context, IssuanceCase subject, IssuanceOutcome outcome)
    {
        var (order, _) = context.FindOrder(subject.Order.Id)!;
        if (order.Status != OrderStatus.Processing)
        {
            // the account went, or an authorization was given up, while it was signed: nobody has seen the certificate
            return null;
        }

        if (context.Confirm(subject, outcome) is IssuanceOutcome.Issued issued)
        {
            context.SaveIssued(subject, issued);
        }
        else if (outcome.Checks.Refusal is { } full && IsLimit(full.Problem) && subject.Now < GivesUp(subject.Pending!))
        {
            return full;
        }
        else
        {
            context.SaveRefused(subject, new IssuanceOutcome.Refused(outcome.Checks));
        }

        return null;
    }

    private void Refuse(AcmeContext context, OrderId id, Problem problem)
    {
        if (context.Orders.Single(order => order.Id == id) is { Status: OrderStatus.Processing } order)
        {
            context.FailOrder(order, problem, time.GetUtcNow());
        }
    }

    private static void Note(AcmeContext context, OrderId id, Exception failure)
    {
        if (context.PendingIssuances.Single(pending => pending.Order == id) is { State: IssuanceState.Issuing } pending)
        {
            pending.Fail(failure.Message.Length > LongestFailure ? failure.Message[..LongestFailure] : failure.Message);
        }
    }

    /// <summary>An order that nobody answered in time is invalid.</summary>
    private async Task EndOverdue(CancellationToken stopping)
    {
        var now = time.GetUtcNow();
        await using var context = db.Read();
        var overdue = await context.PendingIssuances.Where(pending => pending.State == IssuanceState.Waiting && pending.Expires <= now).OrderBy(pending => pending.Expires)
            .Select(pending => pending.Order).Take(Batch).ToListAsync(stopping);
        foreach (var id in overdue)
        {
            await db.Commit(writer => EndOverdue(writer, id, now), stopping);
        }
    }

    private static void EndOverdue(AcmeContext context, OrderId id, DateTimeOffset now)
    {
        var pending = context.PendingIssuances.Single(pending => pending.Order == id);
        if (pending.State == IssuanceState.Waiting)
        {
            var waited = pending.Expires - pending.RequestedAt;
            context.FailOrder(
                context.Orders.Single(order => order.Id == id),
                Problems.Unauthorized(ApprovalReasons.Expired.Code, $"no officer answered within {(waited.TotalDays >= 1 ? $"{waited.TotalDays:0.#} days" : $"{waited.TotalHours:0.##} hours")}; make a new order").Problem,
                now);
        }
    }

    /// <summary>Where the device alone was the question, and an inventory has answered it, nobody has to.</summary>
    private async Task LetGoWhatIsKnown(CancellationToken stopping)
    {
        await using var context = db.Read();
        var known = await context.PendingIssuances
            .Where(pending => pending.State == IssuanceState.Waiting && pending.Causes == ApprovalCauses.UnknownDevice && pending.Device != null)
            .Join(context.Devices.Where(device => device.State == DeviceState.Active || device.State == DeviceState.Expected), pending => pending.Device, device => device.Id, (pending, _) => pending.Order)
            .Take(Batch)
            .ToListAsync(stopping);
        foreach (var id in known)
        {
            await db.Commit(writer => LetGo(writer, id, time.GetUtcNow()), stopping);
        }
    }

    private static void LetGo(AcmeContext context, OrderId id, DateTimeOffset now)
    {
        var pending = context.PendingIssuances.Single(pending => pending.Order == id);
        if (pending.State == IssuanceState.Waiting && context.Devices.Single(device => device.Id == pending.Device).State is DeviceState.Active or DeviceState.Expected)
        {
            context.Record(pending.LetGo("the ledger knows the device by now", now));
        }
    }

    [LoggerMessage(LogLevel.Information, "the issuance of order {Order} ended: {Result}")]
    private static partial void Ended(ILogger log, OrderId order, string result);

    [LoggerMessage(LogLevel.Warning, "the issuance of order {Order} is tried again: {Detail}")]
    private static partial void Postponed(ILogger log, OrderId order, string? detail);

    [LoggerMessage(LogLevel.Information, "stopping: the issuance of order {Order} goes on at the next start")]
    private static partial void GivenUp(ILogger log, OrderId order);

    [LoggerMessage(LogLevel.Error, "the issuance of order {Order} failed and will be tried again")]
    private static partial void Failed(ILogger log, Exception failure, OrderId order);

    [LoggerMessage(LogLevel.Error, "the queue of issuances could not be read; the next look is in five seconds")]
    private static partial void LookFailed(ILogger log, Exception failure);
}
