using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Administration;

/// <summary>Who asks: the actor of every event that comes of it.</summary>
/// <param name="Name">How the audit log calls them: <c>local</c>, <c>command</c>, <c>token:NAME</c> and so on.</param>
/// <param name="Roles">What they may do.</param>
/// <param name="Profiles">The only profiles that they may do it with; null for all.</param>
internal sealed record AdminCaller(string Name, AdminRoles Roles, IReadOnlyList<string>? Profiles = null)
{
    /// <summary>Whoever can read the data directory's <c>admin.token</c>.</summary>
    public static AdminCaller Local { get; } = new("local", AdminRoles.Administrator);

    /// <summary>Whoever runs a subcommand of the server's program on the data directory.</summary>
    public static AdminCaller Command { get; } = new("command", AdminRoles.Administrator);

    public bool IsLimited => Profiles is not null;

    /// <summary>What belongs to no profile is of those alone who are not limited.</summary>
    public bool MayUse(string? profile) => Profiles is null || (profile is not null && Profiles.Contains(profile));

    /// <summary>Refuses where the thing belongs to a profile that is not the caller's.</summary>
    public void RequireProfile(string? profile)
    {
        if (!MayUse(profile))
        {
            throw Problems.Unauthorized(
                "profile-not-yours", $"profile: {Name} is limited to {string.Join(", ", Profiles!)}; this belongs to {(profile is null ? "no single profile" : $"'{profile}'")}");
        }
    }
}
