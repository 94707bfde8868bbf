namespace DeviceAcme.Core.Administration;

/// <summary>What somebody may do with the server. Several can be held at once.</summary>
[Flags]
internal enum AdminRoles
{
    None = 0,

    /// <summary>Everything: anchors, profiles, tokens, settings that concern the whole server.</summary>
    Administrator = 1,

    /// <summary>The daily work with devices: tickets, approvals, blocking, revoking. Can be limited to profiles.</summary>
    Officer = 2,

    /// <summary>Reads everything, the audit log included, and changes nothing. Can be limited to profiles.</summary>
    Auditor = 4,
}

/// <summary>How roles are written.</summary>
internal static class AdminRoleNames
{
    /// <summary>Every role by its name, strongest first.</summary>
    public static IReadOnlyDictionary<string, AdminRoles> All { get; } = new Dictionary<string, AdminRoles>(StringComparer.Ordinal)
    {
        ["administrator"] = AdminRoles.Administrator,
        ["officer"] = AdminRoles.Officer,
        ["auditor"] = AdminRoles.Auditor,
    };

    public static IReadOnlyList<string> Of(AdminRoles roles) => [.. All.Where(role => roles.HasFlag(role.Value)).Select(role => role.Key)];

    /// <summary>The roles of a list of names; null where one of them is none.</summary>
    public static AdminRoles? Parse(IEnumerable<string> names)
    {
        var roles = AdminRoles.None;
        foreach (var name in names)
        {
            if (!All.TryGetValue(name, out var role))
            {
                return null;
            }

            roles |= role;
        }

        return roles;
    }
}
