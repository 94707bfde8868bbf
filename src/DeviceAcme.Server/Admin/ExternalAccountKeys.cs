using System.Buffers.Text;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Keys for external account binding (RFC 8555 §7.3.4): tickets for one account, seen as keys alone.</summary>
internal sealed class ExternalAccountKeys(AcmeDb db, ProfileVersions profiles, TimeProvider time)
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3660);

    /// <summary>Makes a key; its MAC key is told in this answer and never again.</summary>
    public async Task<ExternalAccountKeyEntry> Add(NewExternalAccountKey wanted, AdminCaller caller, CancellationToken cancellation)
    {
        if (wanted.Profile is not null && profiles.Find(wanted.Profile) is null)
        {
            throw Problems.Malformed("profile-unknown", $"profile: expected one of {string.Join(", ", profiles.All.Select(profile => profile.Name))}; found '{wanted.Profile}'");
        }

        caller.RequireProfile(wanted.Profile);
        var now = time.GetUtcNow();
        var (ticket, secrets, happened) = Ticket.Make(
            new NewTicket
            {
                Profile = wanted.Profile,
                ExpiresAt = wanted.ExpiresIn is null ? null : now + AdminDuration.Parse("expiresIn", wanted.ExpiresIn, LongestLife),
            },
            caller.Name, now);
        await db.Commit(context =>
        {
            context.Tickets.Add(ticket);
            context.Record(happened);
        }, cancellation);
        return Entry(ticket) with { MacKey = Base64Url.EncodeToString(secrets.MacKey) };
    }

    /// <summary>Those that were not taken back, oldest first.</summary>
    public async Task<IReadOnlyList<ExternalAccountKeyEntry>> List(AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var tickets = await context.Tickets.Where(ticket => ticket.MacKey != null && ticket.RevokedAt == null).OrderBy(ticket => ticket.CreatedAt).ThenBy(ticket => ticket.Id).ToListAsync(cancellation);
        return [.. tickets.Where(ticket => caller.MayUse(ticket.Profile)).Select(Entry)];
    }

    /// <summary>Takes a key back. The account that it made goes on: deactivating that is another decision.</summary>
    public Task Remove(string keyId, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return db.Commit(context =>
        {
            var ticket = context.Tickets.FirstOrDefault(ticket => ticket.Id == new TicketId(keyId) && ticket.MacKey != null && ticket.RevokedAt == null)
                ?? throw Problems.Malformed("external-account-key-unknown", $"there is no key with the id '{keyId}'", StatusCodes.Status404NotFound);
            caller.RequireProfile(ticket.Profile);
            context.Record(ticket.Revoke(null, caller.Name, now));
        }, cancellation);
    }

    private static ExternalAccountKeyEntry Entry(Ticket ticket) => new()
    {
        KeyId = ticket.Id.Value,
        Profile = ticket.Profile,
        CreatedAt = ticket.CreatedAt,
        ExpiresAt = ticket.ExpiresAt,
        AccountId = ticket.Account?.Value,
    };
}
