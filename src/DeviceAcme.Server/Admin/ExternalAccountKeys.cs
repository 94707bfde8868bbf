using System.Buffers.Text;
using System.Globalization;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Hands out keys for external account binding (RFC 8555 §7.3.4), lists them and takes them back.</summary>
internal sealed class ExternalAccountKeys(AcmeDb db, ProfileSet profiles, TimeProvider time)
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3660);

    /// <summary>Makes a key; its MAC key is told in this answer and never again.</summary>
    public async Task<ExternalAccountKeyEntry> Add(NewExternalAccountKey wanted, CancellationToken cancellation)
    {
        if (wanted.Profile is not null && profiles.Find(wanted.Profile) is null)
        {
            throw Problems.Malformed("profile-unknown", $"profile: expected one of {string.Join(", ", profiles.All.Select(profile => profile.Name))}; found '{wanted.Profile}'");
        }

        var now = time.GetUtcNow();
        var key = new ExternalAccountKey
        {
            KeyId = Secrets.Id(),
            MacKey = Secrets.MacKey(),
            Profile = wanted.Profile,
            CreatedAt = now,
            ExpiresAt = wanted.ExpiresIn is null ? null : now + Life(wanted.ExpiresIn),
        };
        await db.Commit(context =>
        {
            context.ExternalAccountKeys.Add(key);
            context.Events.Add(Event("external-account-key.added", key, now));
        }, cancellation);
        return Entry(key) with { MacKey = Base64Url.EncodeToString(key.MacKey) };
    }

    public async Task<IReadOnlyList<ExternalAccountKeyEntry>> List(CancellationToken cancellation)
    {
        await using var context = db.Read();
        var keys = await context.ExternalAccountKeys.OrderBy(key => key.CreatedAt).ThenBy(key => key.KeyId).ToListAsync(cancellation);
        return [.. keys.Select(Entry)];
    }

    /// <summary>Takes a key back. The account that it made goes on: deactivating that is another decision.</summary>
    public Task Remove(string keyId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return db.Commit(context =>
        {
            var key = context.ExternalAccountKeys.FirstOrDefault(key => key.KeyId == keyId)
                ?? throw Problems.Malformed("external-account-key-unknown", $"there is no key with the id '{keyId}'", StatusCodes.Status404NotFound);
            context.ExternalAccountKeys.Remove(key);
            context.Events.Add(Event("external-account-key.removed", key, now));
        }, cancellation);
    }

    private static TimeSpan Life(string text)
    {
        var unit = text.Length < 2 ? null : text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            _ => (TimeSpan?)null,
        };
        var isNumber = int.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        return unit is { } one && isNumber && count > 0 && count <= LongestLife / one
            ? one * count
            : throw Problems.Malformed("duration-malformed", $"expiresIn: expected a time such as 45m, 12h or 30d, at most {LongestLife.Days}d; found '{text}'");
    }

    private static ExternalAccountKeyEntry Entry(ExternalAccountKey key) => new()
    {
        KeyId = key.KeyId,
        Profile = key.Profile,
        CreatedAt = key.CreatedAt,
        ExpiresAt = key.ExpiresAt,
        AccountId = key.AccountId?.Value,
    };

    private static AuditEvent Event(string kind, ExternalAccountKey key, DateTimeOffset now) => new()
    {
        At = now,
        Kind = kind,
        Profile = key.Profile,
        Account = key.AccountId,
        Detail = key.KeyId,
    };
}
