using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Admin;

/// <summary>Reads what an administrator wants of a ticket.</summary>
internal static class TicketWishes
{
    private const int LongestNote = 200;
    private const int MostAllowed = 100;
    private const int LongestAllowed = 255;
    private const int MostUses = 1_000_000;
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3660);

    /// <summary>The profile that is named; null where none is.</summary>
    /// <exception cref="ProblemException">Something is wrong with it, or the profile is not the caller's.</exception>
    public static CertificateProfile? Check(NewTicketRequest wanted, ProfileVersions profiles, AdminCaller caller)
    {
        var profile = wanted.Profile is null ? null : profiles.Find(wanted.Profile)
            ?? throw Problems.Malformed("profile-unknown", $"profile: expected one of {string.Join(", ", profiles.All.Select(profile => profile.Name))}; found '{wanted.Profile}'");
        caller.RequireProfile(wanted.Profile);
        return Mistake(wanted) is { } mistake ? throw Problems.Malformed("ticket-malformed", mistake) : profile;
    }

    /// <summary>The wish with times and the device of the ledger.</summary>
    public static NewTicket Read(AcmeContext context, NewTicketRequest wanted, DateTimeOffset now) => new()
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

    private static string? Mistake(NewTicketRequest wanted)
    {
        var mistake = wanted switch
        {
            { Uses: < 0 or > MostUses } => $"uses: expected at most {MostUses}, or 0 for any number; found {wanted.Uses}",
            { Note: { } note } when note.Length is 0 or > LongestNote || note.Any(char.IsControl) => $"note: expected 1 to {LongestNote} characters without control characters",
            { Allowed.Count: > MostAllowed } => $"allowed: expected at most {MostAllowed} entries, found {wanted.Allowed!.Count}",
            { Allowed: { } entries } when entries.Any(entry => entry is not { Length: > 0 and <= LongestAllowed }) => $"allowed: expected entries of 1 to {LongestAllowed} characters",
            { Attributes: { } attributes } when attributes.Values.Any(value => value is not { Length: > 0 }) => "attributes: expected a text for each key",
            _ => null,
        };
        if (mistake is null && wanted.Allowed is { } patterns)
        {
            AllowedIdentifiers.Parse(patterns, out var wrong);
            mistake = wrong is null ? null : $"allowed: {wrong}";
        }

        if (mistake is null && wanted.Attributes is { } keys)
        {
            mistake = new DeviceDescription { Attributes = keys }.Mistakes().FirstOrDefault()
                ?? (keys.Keys.FirstOrDefault(TicketFacts.IsTaken) is { } taken ? $"attributes: '{taken}' is a name that the ticket gives to a fact itself" : null);
        }

        return mistake;
    }
}
