using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Which accounts are asked for, and which page of them.</summary>
internal sealed record AccountFilter
{
    public required Page Page { get; init; }
    public AccountStatus? Status { get; init; }
    public string? Profile { get; init; }

    /// <summary>A device's id, or one of its identifiers.</summary>
    public string? Device { get; init; }

    /// <summary>The ticket that they came with.</summary>
    public string? Ticket { get; init; }

    /// <summary>The profiles whose accounts the caller may see; null for all.</summary>
    public IReadOnlyList<string>? Within { get; init; }
}

/// <summary>The accounts, for administrators.</summary>
internal sealed class AccountArchive(AcmeDb db, TimeProvider time)
{
    /// <summary>Ids that a record shows of each kind.</summary>
    private const int MostLinks = 100;

    /// <summary>One page, newest first.</summary>
    public async Task<AccountList> List(AccountFilter filter, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var rows = context.Accounts.AsQueryable();
        rows = filter.Status is { } status ? rows.Where(row => row.Status == status) : rows;
        rows = filter.Profile is { } profile ? rows.Where(row => row.Profile == profile) : rows;
        rows = filter.Within is { } within ? rows.Where(row => within.Contains(row.Profile)) : rows;
        if (filter.Ticket is { } text)
        {
            var ticket = new TicketId(text);
            rows = rows.Where(row => row.Ticket == ticket);
        }

        if (filter.Device is { } device)
        {
            var ids = await context.AccountsOf(await context.DeviceOf(device, cancellation), cancellation);
            rows = rows.Where(row => ids.Contains(row.Id));
        }

        rows = filter.Page.Behind is { At: var at, Id: var id } ? rows.Where(row => row.CreatedAt <= at && (row.CreatedAt < at || row.Id < new AccountId(id))) : rows;
        var found = await rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(filter.Page.Rows).ToListAsync(cancellation);
        var (shown, next) = filter.Page.Cut(found, row => Place.Of(row.CreatedAt, row.Id.Value));
        return new AccountList { Accounts = [.. shown.Select(Entry)], Next = next };
    }

    /// <summary>One account with what hangs from it, and its version.</summary>
    /// <exception cref="ProblemException">There is none of this id, or it is of a profile that is not the caller's.</exception>
    public async Task<(AccountRecord Record, long Version)> Find(AccountId id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var account = await context.Accounts.FirstOrDefaultAsync(row => row.Id == id, cancellation) ?? throw Unknown();
        caller.RequireProfile(account.Profile);
        var devices = await context.Authorizations.Where(row => row.AccountId == id && row.Device != null).Select(row => row.Device!.Value).Distinct().Take(MostLinks).ToListAsync(cancellation);
        var orders = await context.Orders.Where(row => row.AccountId == id).OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Select(row => row.Id).Take(MostLinks).ToListAsync(cancellation);
        var certificates = await context.Certificates.Where(row => row.Account == id).OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Select(row => row.Id).Take(MostLinks).ToListAsync(cancellation);
        var record = new AccountRecord(Entry(account), [.. devices.Select(row => row.Value)], [.. orders.Select(row => row.Value)], [.. certificates.Select(row => row.Value)])
        {
            AgreedTerms = string.IsNullOrEmpty(account.AgreedTerms) ? null : account.AgreedTerms,
        };
        return (record, account.Version);
    }

    /// <summary>Ends an account, with its unfinished orders; its certificates stay good.</summary>
    public Task Deactivate(AccountId id, string reason, AdminCaller caller, Hosting.IfMatch match, CancellationToken cancellation) => db.Commit(
        context =>
        {
            var account = context.Accounts.FirstOrDefault(row => row.Id == id) ?? throw Unknown();
            caller.RequireProfile(account.Profile);
            match.Check(account.Version);
            if (account.Status != AccountStatus.Valid)
            {
                throw Problems.Malformed("account-not-valid", $"account: it is {Name(account.Status)} already", StatusCodes.Status409Conflict);
            }

            context.End(account, reason, caller.Name, time.GetUtcNow());
        },
        cancellation);

    private static AccountEntry Entry(Account account) => new()
    {
        Id = account.Id.Value,
        Profile = account.Profile,
        Status = Name(account.Status),
        Contact = account.Contact,
        Thumbprint = account.Thumbprint,
        CreatedAt = account.CreatedAt,
        ExternalAccountKeyId = account.ExternalAccountKeyId,
        TicketId = account.Ticket?.Value,
    };

    private static string Name(AccountStatus status) => status.ToString().ToLowerInvariant();

    private static ProblemException Unknown() => Problems.Malformed("account-unknown", "path: there is no account of this id", StatusCodes.Status404NotFound);
}
