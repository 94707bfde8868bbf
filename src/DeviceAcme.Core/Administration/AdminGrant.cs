namespace DeviceAcme.Core.Administration;

/// <summary>What a name stands for: of a client certificate, or of a group of an OIDC provider.</summary>
/// <param name="Name">The name.</param>
/// <param name="Roles">What its holder may do.</param>
/// <param name="Profiles">The only profiles that they may do it with; null for all.</param>
internal sealed record AdminGrant(string Name, AdminRoles Roles, IReadOnlyList<string>? Profiles)
{
    /// <summary>Reads <c>NAME=ROLE[+ROLE][:PROFILE[+PROFILE]]</c>; a <see cref="FormatException"/> says what is wrong.</summary>
    public static AdminGrant Parse(string text)
    {
        // a name may have an equals sign, a role never
        var equals = text.LastIndexOf('=');
        var (right, limit) = text[(equals + 1)..].Split(':', 2) is [var roles, var profiles] ? (roles, profiles) : (text[(equals + 1)..], null);
        if (equals <= 0 || AdminRoleNames.Parse(right.Split('+')) is not { } parsed || limit?.Split('+').Any(name => name.Length == 0) == true)
        {
            throw new FormatException($"expected NAME=ROLE or NAME=ROLE:PROFILE+PROFILE with roles from {string.Join(", ", AdminRoleNames.All.Keys)}; found '{text}'");
        }

        return parsed.HasFlag(AdminRoles.Administrator) && limit is not null
            ? throw new FormatException($"an administrator has all profiles; found '{text}'")
            : new AdminGrant(text[..equals], parsed, limit?.Split('+'));
    }

    /// <summary>What all of somebody's grants allow together; null where there is none.</summary>
    /// <remarks>A limit of one of them limits the others: nobody becomes an officer of everything because they may also read everything.</remarks>
    public static AdminCaller? Together(string caller, IEnumerable<AdminGrant> grants)
    {
        var all = grants.ToList();
        var roles = all.Aggregate(AdminRoles.None, (sum, grant) => sum | grant.Roles);
        if (roles == AdminRoles.None)
        {
            return null;
        }

        var limits = all.Where(grant => grant.Profiles is not null).SelectMany(grant => grant.Profiles!).Distinct(StringComparer.Ordinal).ToList();
        return new AdminCaller(caller, roles, limits.Count == 0 || roles.HasFlag(AdminRoles.Administrator) ? null : limits);
    }
}
