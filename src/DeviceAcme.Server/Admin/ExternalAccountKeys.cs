using System.Buffers.Text;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Hands out keys for external account binding (RFC 8555 §7.3.4), lists them and takes them back.</summary>
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
        var key = new ExternalAccountKey
        {
            KeyId = Secrets.Id(),
            MacKey = Secrets.MacKey(),
            Profile = wanted.Profile,
            CreatedAt = now,
            ExpiresAt = wanted.ExpiresIn is null ? null : now + AdminDuration.Parse("expiresIn", wanted.ExpiresIn, LongestLife),
        };
        await db.Commit(context =>
        {
            context.ExternalAccountKeys.Add(key);
            context.Record(Event("external-account-key.added", key, caller, now));
        }, cancellation);
        return Entry(key) with { MacKey = Base64Url.EncodeToString(key.MacKey) };
    }

    public async Task<IReadOnlyList<ExternalAccountKeyEntry>> List(AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var keys = await context.ExternalAccountKeys.OrderBy(key => key.CreatedAt).ThenBy(key => key.KeyId).ToListAsync(cancellation);
        return [.. keys.Where(key => caller.MayUse(key.Profile)).Select(Entry)];
    }

    /// <summary>Takes a key back. The account that it made goes on: deactivating that is another decision.</summary>
    public Task Remove(string keyId, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return db.Commit(context =>
        {
            var key = context.ExternalAccountKeys.FirstOrDefault(key => key.KeyId == keyId)
                ?? throw Problems.Malformed("external-account-key-unknown", $"there is no key with the id '{keyId}'", StatusCodes.Status404NotFound);
            caller.RequireProfile(key.Profile);
            context.ExternalAccountKeys.Remove(key);
            context.Record(Event("external-account-key.removed", key, caller, now));
        }, cancellation);
    }

    private static ExternalAccountKeyEntry Entry(ExternalAccountKey key) => new()
    {
        KeyId = key.KeyId,
        Profile = key.Profile,
        CreatedAt = key.CreatedAt,
        ExpiresAt = key.ExpiresAt,
        AccountId = key.AccountId?.Value,
    };

    private static AuditEvent Event(string kind, ExternalAccountKey key, AdminCaller caller, DateTimeOffset now) => new()
    {
        At = now,
        Kind = kind,
        Actor = caller.Name,
        Profile = key.Profile,
        Account = key.AccountId,
        Detail = key.KeyId,
    };
}
