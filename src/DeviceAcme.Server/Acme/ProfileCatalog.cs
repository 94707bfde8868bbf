using System.Collections.Concurrent;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>The profiles in force. Each member asks anew: a request takes a profile once and works on with it.</summary>
internal sealed class ProfileCatalog(ProfileVersions profiles, AnchorVersions versions, ServerOptions options)
{
    /// <summary>Versions that some unfinished order still needs, read from the store; as many as there were changes.</summary>
    private readonly ConcurrentDictionary<string, CertificateProfile> _earlier = new(StringComparer.Ordinal);

    public IReadOnlyList<CertificateProfile> All => profiles.All;

    public CertificateProfile Default => Find(options.DefaultProfile)!;

    public CertificateProfile? Find(string name) => profiles.Find(name);

    /// <summary>The profile of a directory's path; anything else does not exist.</summary>
    public CertificateProfile Require(string name) =>
        Find(name) ?? throw Problems.Malformed("directory-unknown", "path: there is no such directory", StatusCodes.Status404NotFound);

    /// <summary>The profile of a request; the one path without a profile is that of the default directory.</summary>
    public CertificateProfile Require(HttpContext context) => context.GetRouteValue("profile") is string name ? Require(name) : Default;

    /// <summary>The version of the profile that an order was made under, also when a newer one is in force.</summary>
    public CertificateProfile OfOrder(AcmeContext context, Order order)
    {
        var current = Find(order.Profile)
            ?? throw Problems.InvalidProfile("profile-withdrawn", $"profile {order.Profile} is no longer offered; make a new order");
        return current.Hash == order.ProfileHash ? current : _earlier.GetOrAdd(order.ProfileHash, hash =>
        {
            var stored = context.Profiles.Single(profile => profile.Hash == hash);
            return ProfileFile.Parse($"{stored.Name}.yaml", stored.Text, new Mistakes())
                ?? throw new InvalidOperationException($"stored profile {stored.Name} ({hash}) does not parse any more");
        });
    }

    /// <summary>The anchors that the profile accepts, of the version in force.</summary>
    public AnchorSet AnchorsOf(CertificateProfile profile) => versions.Current.Of(profile.AnchorFolders);

    /// <summary>
    /// The profiles that an order in this directory may name: its own, and those whose account rules the account already meets.
    /// An open account must not become a way around another profile's tickets.
    /// </summary>
    /// <param name="account">Null for the directory itself, which lists what is open to any account.</param>
    public IEnumerable<CertificateProfile> OpenFrom(CertificateProfile directory, Account? account) =>
        All.Where(profile => profile.Name == directory.Name
            || !profile.RequiresTicket
            || account?.IsVouchedFor(profile.Name) == true);
}
