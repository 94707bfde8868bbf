using System.Security.Cryptography;
using System.Text;
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

/// <summary>Makes tokens for administration over the network, lists and revokes them, and knows whose a token is.</summary>
internal sealed class ApiTokens(AcmeDb db, ProfileVersions profiles, TimeProvider time)
{
    /// <summary>So that whoever finds one in a log or a repository knows what it is.</summary>
    public const string Prefix = "deviceacme_";

    private const int LongestName = 64;
    private static readonly TimeSpan UsualLife = TimeSpan.FromDays(90);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(3660);
    private static readonly TimeSpan BootstrapLife = TimeSpan.FromHours(24);

    /// <summary>Makes a token; it is told in this answer and never again.</summary>
    public async Task<AdminTokenEntry> Add(NewAdminToken wanted, AdminCaller caller, CancellationToken cancellation)
    {
        if (wanted.Name is not { Length: > 0 and <= LongestName } || !char.IsAsciiLetterLower(wanted.Name[0]) || !wanted.Name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '.'))
        {
            throw Problems.Malformed("name-malformed", $"name: expected a lower-case letter, then letters, digits, hyphens and dots, at most {LongestName}");
        }

        if (wanted.Roles is not { Count: > 0 } || AdminRoleNames.Parse(wanted.Roles) is not { } roles)
        {
            throw Problems.Malformed("role-unknown", $"roles: expected one or more of {string.Join(", ", AdminRoleNames.All.Keys)}");
        }

        return await Add(wanted.Name, roles, LimitOf(wanted.Profiles, roles), wanted.ExpiresIn is null ? UsualLife : AdminDuration.Parse("expiresIn", wanted.ExpiresIn, LongestLife), caller.Name, cancellation);
    }

    /// <summary>The first token of a new server, for those who cannot read its files; null where there was one before.</summary>
    public async Task<AdminTokenEntry?> Bootstrap(CancellationToken cancellation)
    {
        await using (var context = db.Read())
        {
            if (await context.AdminTokens.AnyAsync(cancellation))
            {
                return null;
            }
        }

        return await Add("bootstrap", AdminRoles.Administrator, null, BootstrapLife, "start", cancellation);
    }

    /// <summary>One page, oldest first.</summary>
    public async Task<AdminTokenList> List(Page page, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var rows = page.Behind is { At: var at, Id: var id }
            ? context.AdminTokens.Where(token => token.CreatedAt >= at && (token.CreatedAt > at || string.Compare(token.Id, id) > 0))
            : context.AdminTokens;
        var found = await rows.OrderBy(token => token.CreatedAt).ThenBy(token => token.Id).Take(page.Rows).ToListAsync(cancellation);
        var (shown, next) = page.Cut(found, token => Place.Of(token.CreatedAt, token.Id));
        return new AdminTokenList { Tokens = [.. shown.Select(Entry)], Next = next };
    }

    /// <summary>From now on the token is refused. Revoking it again is no mistake, and nothing happens.</summary>
    /// <param name="idOrName">As the list shows them.</param>
    public Task<AdminTokenEntry> Revoke(string idOrName, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return db.Commit(context =>
        {
            var token = context.AdminTokens.FirstOrDefault(token => token.Id == idOrName || token.Name == idOrName)
                ?? throw Problems.Malformed("admin-token-not-found", "path: there is no token of this id or name", StatusCodes.Status404NotFound);
            if (token.RevokedAt is null)
            {
                token.RevokedAt = now;
                context.Record(new AuditEvent { At = now, Kind = "admin-token.revoked", Actor = caller.Name, Detail = $"{token.Name} ({token.Id})" });
            }

            return Entry(token);
        }, cancellation);
    }

    /// <summary>Whose token it is.</summary>
    public async Task<Identification> Identify(string token, CancellationToken cancellation)
    {
        var hash = Hash(token);
        await using var context = db.Read();

        // the index compares hashes of what was sent: how long that takes says nothing about a token
        var found = await context.AdminTokens.FirstOrDefaultAsync(row => row.Hash == hash, cancellation);
        var caller = found is null ? null : new AdminCaller($"token:{found.Name}", found.Roles, found.Profiles);
        return found switch
        {
            null => Identification.Refused("admin-token-unknown", "Authorization: this token is none of this server"),
            { RevokedAt: { } revoked } => Identification.Refused("admin-token-revoked", $"Authorization: the token '{found.Name}' was revoked at {revoked:u}", caller),
            _ when found.ExpiresAt <= time.GetUtcNow() => Identification.Refused("admin-token-expired", $"Authorization: the token '{found.Name}' expired at {found.ExpiresAt:u}", caller),
            _ => Identification.Of(caller!),
        };
    }

    private async Task<AdminTokenEntry> Add(string name, AdminRoles roles, IReadOnlyList<string>? limit, TimeSpan life, string maker, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var secret = Prefix + Secrets.Token();
        var token = new StoredAdminToken
        {
            Id = Secrets.Id(now),
            Name = name,
            Hash = Hash(secret),
            Roles = roles,
            Profiles = limit,
            CreatedAt = now,
            CreatedBy = maker,
            ExpiresAt = now + life,
        };
        await db.Commit(context =>
        {
            if (context.AdminTokens.Any(other => other.Name == name))
            {
                throw Problems.Malformed("name-taken", $"name: there is a token '{name}'; the audit log needs another name for another token", StatusCodes.Status409Conflict);
            }

            context.Insert(token);
            var within = limit is null ? "" : $", limited to {string.Join(", ", limit)}";
            context.Record(new AuditEvent
            {
                At = now,
                Kind = "admin-token.added",
                Actor = maker,
                Detail = $"{name} ({token.Id}): {string.Join(", ", AdminRoleNames.Of(roles))}{within}, until {token.ExpiresAt:u}",
            });
        }, cancellation);
        return Entry(token) with { Token = secret };
    }

    private IReadOnlyList<string>? LimitOf(IReadOnlyList<string>? wanted, AdminRoles roles)
    {
        if (wanted is null)
        {
            return null;
        }

        if (roles.HasFlag(AdminRoles.Administrator))
        {
            throw Problems.Malformed("limit-impossible", "profiles: an administrator has all of them; leave this out, or the role");
        }

        var known = profiles.All.Select(profile => profile.Name).ToList();
        return wanted.Count > 0 && wanted.FirstOrDefault(name => !known.Contains(name)) is null
            ? [.. wanted.Distinct(StringComparer.Ordinal)]
            : throw Problems.Malformed("profile-unknown", $"profiles: expected some of {string.Join(", ", known)}; found {string.Join(", ", wanted.Select(name => $"'{name}'"))}");
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static AdminTokenEntry Entry(StoredAdminToken token) => new()
    {
        Id = token.Id,
        Name = token.Name,
        Roles = AdminRoleNames.Of(token.Roles),
        Profiles = token.Profiles,
        CreatedAt = token.CreatedAt,
        CreatedBy = token.CreatedBy,
        ExpiresAt = token.ExpiresAt,
        RevokedAt = token.RevokedAt,
    };
}

/// <summary>What a credential says of its holder.</summary>
/// <param name="Caller">Who it is; also where the credential is over, so that the log can name them.</param>
/// <param name="Reason">Reason code of the refusal; null where the caller may come in.</param>
/// <param name="Detail">The refusal for people.</param>
internal sealed record Identification(AdminCaller? Caller, string? Reason, string? Detail)
{
    public static Identification Of(AdminCaller caller) => new(caller, null, null);

    public static Identification Refused(string reason, string detail, AdminCaller? caller = null) => new(caller, reason, detail);
}
