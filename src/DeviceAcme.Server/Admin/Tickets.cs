using System.Buffers.Text;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Makes tickets, lists them and takes them back.</summary>
internal sealed class Tickets(AcmeDb db, ProfileVersions profiles, ServerOptions options, TimeProvider time)
{
    private const int LongestNote = 200;
    private const int MostAllowed = 100;
    private const int LongestAllowed = 255;
    private const int MostUses = 1_000_000;
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3660);

    /// <summary>Makes a ticket; its secrets are told in this answer and never again.</summary>
    public Task<TicketEntry> Add(NewTicketRequest wanted, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var profile = Check(wanted, caller);
        return db.Commit(context => Add(context, wanted, profile, caller, now), cancellation);
    }

    /// <summary>One page, newest first.</summary>
    public async Task<TicketPage> List(TicketFilter filter, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var context = db.Read();
        var found = await filter.Of(context.Tickets, now).OrderByDescending(ticket => ticket.CreatedAt).ThenByDescending(ticket => ticket.Id).Take(filter.Page.Rows).ToListAsync(cancellation);
        var (shown, next) = filter.Page.Cut(found, ticket => Place.Of(ticket.CreatedAt, ticket.Id.Value));
        return new TicketPage { Tickets = [.. shown.Select(ticket => Entry(ticket, now))], Next = next };
    }

    public async Task<TicketEntry> Show(string id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        return Entry(Require(context, id, caller), time.GetUtcNow());
    }

    internal static Ticket Require(AcmeContext context, string id, AdminCaller caller)
    {
        var ticket = context.Tickets.FirstOrDefault(ticket => ticket.Id == new TicketId(id))
            ?? throw Problems.Malformed("ticket-not-found", "path: there is no ticket with this id", StatusCodes.Status404NotFound);
        caller.RequireProfile(ticket.Profile);
        return ticket;
    }

    internal static TicketEntry Entry(Ticket ticket, DateTimeOffset now) => new()
    {
        Id = ticket.Id.Value,
        Profile = ticket.Profile,
        State = ticket.StateAt(now).Name(),
        Note = ticket.Note,
        CreatedAt = ticket.CreatedAt,
        CreatedBy = ticket.CreatedBy,
        ExpiresAt = ticket.ExpiresAt,
        RegistrationEndsAt = ticket.RegistrationEndsAt,
        Uses = ticket.Uses,
        Used = ticket.Used,
        LastUsedAt = ticket.LastUsedAt,
        AccountId = ticket.Account?.Value,
        DeviceId = ticket.Device?.Value,
        Allowed = ticket.Allowed.Count > 0 ? ticket.Allowed : null,
        Attributes = ticket.Attributes.Count > 0 ? ticket.Attributes : null,
        RevokedAt = ticket.RevokedAt,
        RevocationReason = ticket.RevocationReason,
    };

    private TicketEntry Add(AcmeContext context, NewTicketRequest wanted, CertificateProfile? profile, AdminCaller caller, DateTimeOffset now)
    {
        var (ticket, secrets, happened) = Ticket.Make(Wanted(context, wanted, now), caller.Name, now);
        context.Tickets.Add(ticket);
        context.Record(happened);
        return Entry(ticket, now) with { Secrets = Told(ticket, secrets, profile) };
    }

    private TicketSecretsEntry Told(Ticket ticket, TicketSecrets secrets, CertificateProfile? profile) => new()
    {
        KeyId = ticket.Id.Value,
        MacKey = Base64Url.EncodeToString(secrets.MacKey),
        ClientIdentifier = profile?.TakesClientIdentifier == true ? secrets.Code : null,
        DirectoryUrl = profile is null || profile.TicketUrl == TicketUrlMode.None ? null : $"{options.BaseUrl}/acme/{profile.Name}/{secrets.Code}/directory",
    };

    private CertificateProfile? Check(NewTicketRequest wanted, AdminCaller caller)
    {
        var profile = wanted.Profile is null ? null : profiles.Find(wanted.Profile)
            ?? throw Problems.Malformed("profile-unknown", $"profile: expected one of {string.Join(", ", profiles.All.Select(profile => profile.Name))}; found '{wanted.Profile}'");
        caller.RequireProfile(wanted.Profile);
        var mistake = wanted switch
        {
            { Uses: < 0 or > MostUses } => $"uses: expected at most {MostUses}, or 0 for any number; found {wanted.Uses}",
            { Note: { } note } when note.Length is 0 or > LongestNote || note.Any(char.IsControl) => $"note: expected 1 to {LongestNote} characters without control characters",
            { Allowed.Count: > MostAllowed } => $"allowed: expected at most {MostAllowed} entries, found {wanted.Allowed!.Count}",
            { Allowed: { } allowed } when allowed.Any(entry => entry.Length > LongestAllowed) => $"allowed: expected entries of at most {LongestAllowed} characters",
            _ => null,
        };
        if (mistake is null && wanted.Allowed is { } patterns)
        {
            AllowedIdentifiers.Parse(patterns, out var wrong);
            mistake = wrong is null ? null : $"allowed: {wrong}";
        }

        mistake ??= wanted.Attributes is null ? null : new DeviceDescription { Attributes = wanted.Attributes }.Mistakes().FirstOrDefault()
            ?? (wanted.Attributes.Keys.FirstOrDefault(TicketFacts.IsTaken) is { } taken ? $"attributes: '{taken}' is a name that the ticket gives to a fact itself" : null);
        return mistake is null ? profile : throw Problems.Malformed("ticket-malformed", mistake);
    }

    private static NewTicket Wanted(AcmeContext context, NewTicketRequest wanted, DateTimeOffset now) => new()
    {
        Profile = wanted.Profile,
        Note = wanted.Note,
        Uses = wanted.Uses switch { null => 1, 0 => null, var uses => uses },
        ExpiresAt = wanted.ExpiresIn is null ? null : now + AdminDuration.Parse("expiresIn", wanted.ExpiresIn, LongestLife),
        RegistrationEndsAt = wanted.RegistrationEndsIn is null ? null : now + AdminDuration.Parse("registrationEndsIn", wanted.RegistrationEndsIn, LongestLife),
        Device = wanted.Device is null ? null : context.FindDevice(wanted.Device)?.Id
            ?? throw Problems.Malformed("device-not-found", $"device: no device of the ledger has the id or identifier '{wanted.Device}', or several have"),
        Allowed = wanted.Allowed ?? [],
        Attributes = wanted.Attributes ?? new Dictionary<string, string>(),
    };
}
