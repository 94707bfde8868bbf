using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Workers;

/// <summary>
/// Carries out http-01, dns-01 and tls-alpn-01. The queue is the database: a challenge is waiting while its row says
/// <c>processing</c>, so a restart loses nothing; the signal in memory only saves the wait for the next look.
/// </summary>
internal sealed partial class ValidationWorker(
    AcmeDb db, IEnumerable<IChallengeValidator> validators, ProfileCatalog profiles, ServerOptions options, ILeases leases, TimeProvider time, ILogger<ValidationWorker> log) : BackgroundService
{
    /// <summary>Validations at a time; each waits for somebody else's network.</summary>
    private const int Concurrency = 32;

    /// <summary>Rows that one look considers: other nodes have their share of the first ones.</summary>
    private const int Window = Concurrency * 8;

    /// <summary>How often the table is looked at without a signal: for what an earlier process left behind.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    /// <summary>After how long another node takes over what a dead one had begun; longer than a validation takes.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, IChallengeValidator> _validators = validators.ToDictionary(validator => validator.Type, StringComparer.Ordinal);
    private readonly RowQueue<ChallengeId> _queue = new(leases, Concurrency, LookAgain, time);

    /// <summary>There is something to do.</summary>
    public void Wake() => _queue.Wake();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _queue.Run(Look, stoppingToken);

    private async Task Look(CancellationToken stopping)
    {
        try
        {
            await Start(stopping);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // the database is being restarted: the next look tries again
            LookFailed(log, failure);
        }
    }

    private static string LeaseOf(ChallengeId id) => $"validation:{id.Value}";

    private async Task Start(CancellationToken stopping)
    {
        List<ChallengeId> waiting;
        await using (var context = db.Read())
        {
            waiting = [.. context.Hot.Processing(context, Window)];
        }

        await _queue.Start(waiting, LeaseOf, Lease, id => Run(id, stopping), stopping);
    }

    private async Task Run(ChallengeId id, CancellationToken stopping)
    {
        try
        {
            await Validate(id, stopping);
            await leases.Release(LeaseOf(id));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            GivenUp(log, id);
            await leases.Release(LeaseOf(id));
        }
        catch (Exception failure)
        {
            // ours, not the client's: the row stays in the queue and is tried again
            Failed(log, failure, id);
            await Task.Delay(LookAgain, CancellationToken.None);
        }
    }

    private async Task Validate(ChallengeId id, CancellationToken stopping)
    {
        Authorization authorization;
        Account account;
        string? ticketHash;
        await using (var context = db.Read())
        {
            authorization = context.FindAuthorizationOf(id)!;
            account = context.Hot.Account(context, authorization.AccountId)!;
            ticketHash = context.TicketHashOf(account);
        }

        var challenge = authorization.Find(id);
        var problem = await _validators[challenge.Type].Validate(Target(authorization, challenge, account) with { TicketHash = ticketHash }, stopping);
        await db.Commit(context => Save(context, id, problem, time.GetUtcNow()), CancellationToken.None);
        Validated(log, challenge.Type, authorization.Identifier, problem?.Reason ?? "valid");
    }

    private ValidationTarget Target(Authorization authorization, Challenge challenge, Account account) => new()
    {
        Identifier = authorization.Identifier,
        Wildcard = authorization.Wildcard,
        Token = challenge.Token,
        KeyAuthorization = challenge.KeyAuthorization!,
        AccountUrl = new AcmeUrls(options.BaseUrl, account.Profile).Account(account.Id),
        CheckCaa = profiles.Find(authorization.Profile)?.Identifiers.GetValueOrDefault(authorization.IdentifierType)?.Caa ?? true,
    };

    private static void Save(AcmeContext context, ChallengeId id, Problem? problem, DateTimeOffset now)
    {
        var authorization = context.FindAuthorizationOf(id)!;
        var challenge = authorization.Find(id);
        if (challenge.Status != ChallengeStatus.Processing)
        {
            return;
        }

        context.Record(authorization.StatusAt(now) != AuthorizationStatus.Pending ? authorization.Abandon(challenge, now)
            : problem is null ? authorization.Accept(challenge, null, now, Lifetimes.ValidAuthorization)
            : authorization.Reject(challenge, problem, null, now));
        context.FollowAuthorization(authorization, now);
    }

    [LoggerMessage(LogLevel.Information, "validated {Type} for {Identifier}: {Result}")]
    private static partial void Validated(ILogger log, string type, AcmeIdentifier identifier, string result);

    [LoggerMessage(LogLevel.Information, "stopping: the validation of challenge {Challenge} goes on at the next start")]
    private static partial void GivenUp(ILogger log, ChallengeId challenge);

    [LoggerMessage(LogLevel.Error, "the queue of validations could not be read; the next look is in five seconds")]
    private static partial void LookFailed(ILogger log, Exception failure);

    [LoggerMessage(LogLevel.Error, "the validation of challenge {Challenge} failed and will be tried again")]
    private static partial void Failed(ILogger log, Exception failure, ChallengeId challenge);
}
