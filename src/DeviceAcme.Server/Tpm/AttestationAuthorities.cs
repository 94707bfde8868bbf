using System.Collections.Concurrent;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Connectors.BuiltIn;

namespace DeviceAcme.Server.Tpm;

/// <summary>The attestation CAs of this installation: one for each profile with <c>attestation.ek</c>, a root of its own.</summary>
internal sealed class AttestationAuthorities(AttestationCaDirectory directory, Uri? statusUrl) : IDisposable
{
    private readonly ConcurrentDictionary<string, AttestationAuthority> _byProfile = new(StringComparer.Ordinal);

    public IReadOnlyCollection<AttestationAuthority> All => [.. _byProfile.Values];

    /// <summary>Opens those that the profiles in force need, made where they are missing, and those of earlier versions: what they certified still needs CRLs.</summary>
    public static AttestationAuthorities Open(
        AttestationCaDirectory directory, IEnumerable<CertificateProfile> profiles, IEnumerable<CertificateProfile> earlier, Uri? statusUrl, DateTimeOffset now)
    {
        var authorities = new AttestationAuthorities(directory, statusUrl);
        foreach (var profile in profiles.Concat(earlier.Where(profile => directory.Has(profile.Name))).Where(profile => profile.Attestation.Ek is not null))
        {
            authorities.Provide(profile.Name, now);
        }

        return authorities;
    }

    /// <summary>The attestation CA of a profile, made where it is missing; null where it was there already.</summary>
    public AttestationAuthority? Provide(string profile, DateTimeOffset now)
    {
        lock (_byProfile)
        {
            return _byProfile.ContainsKey(profile) ? null : _byProfile[profile] = new AttestationAuthority(directory.OpenOrMake(profile, now), statusUrl);
        }
    }

    /// <summary>Whether the keys of a profile's attestation CA are here, opened or not.</summary>
    public bool Has(string profile) => directory.Has(profile);

    /// <summary>The trust folders with one for each of these CAs.</summary>
    public TrustFolders AddTo(TrustFolders folders) => All.Aggregate(folders, (sum, authority) => authority.AddTo(sum));

    /// <summary>The attestation CA of a profile; null where it certifies no attestation keys.</summary>
    public AttestationAuthority? Find(string profile) => _byProfile.GetValueOrDefault(profile);

    public void Dispose()
    {
        foreach (var authority in All)
        {
            authority.Folder.Dispose();
        }
    }
}

/// <summary>One profile's attestation CA.</summary>
internal sealed class AttestationAuthority(IssuerFolder folder, Uri? statusUrl)
{
    private readonly BuiltInConnector _connector = new(folder, statusUrl);

    /// <summary>Key and certificate, also for CRLs.</summary>
    public IssuerFolder Folder => folder;

    /// <summary>Its certificate becomes an anchor for attestation keys, and for nothing else: of its own profile, and of others that name its folder.</summary>
    public TrustFolders AddTo(TrustFolders folders) => folders.With(
        TrustFolders.OfAttestationCa(folder.Name),
        AnchorSet.Parse([($"attestation CA of profile {folder.Name}", folder.Current.Chain[0])]),
        new AnchorTerms { Formats = ["tpm"] });

    public Task<IssuedCertificate> Issue(CertificatePlan plan, CancellationToken cancellation) => _connector.Issue(plan, cancellation);
}
