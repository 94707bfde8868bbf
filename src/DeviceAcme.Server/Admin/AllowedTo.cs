using DeviceAcme.Core.Administration;

namespace DeviceAcme.Server.Admin;

/// <summary>What a caller who is limited to profiles may do with a route.</summary>
internal enum LimitedCallers
{
    /// <summary>Nothing: it concerns the whole server.</summary>
    Refused,

    /// <summary>Use it: the handler shows and changes only what belongs to the caller's profiles (<see cref="AdminCaller.MayUse"/>).</summary>
    WithinTheirProfiles,
}

/// <summary>Route metadata: who may call it. A route without it is refused to everybody; a test finds such routes.</summary>
internal sealed record AllowedTo(AdminRoles Roles, LimitedCallers Limited);

internal static class AllowedToMetadata
{
    /// <summary>Whoever reads: every role.</summary>
    public const AdminRoles Readers = AdminRoles.Administrator | AdminRoles.Officer | AdminRoles.Auditor;

    /// <summary>The daily work.</summary>
    public const AdminRoles Officers = AdminRoles.Administrator | AdminRoles.Officer;

    /// <summary>What concerns the whole server.</summary>
    public const AdminRoles Administrators = AdminRoles.Administrator;

    /// <summary>What only those see who look after others.</summary>
    public const AdminRoles Overseers = AdminRoles.Administrator | AdminRoles.Auditor;

    public static TBuilder To<TBuilder>(this TBuilder route, AdminRoles roles, LimitedCallers limited = LimitedCallers.Refused)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new AllowedTo(roles, limited));
}
