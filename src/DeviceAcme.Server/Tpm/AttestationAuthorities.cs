using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Connectors.BuiltIn;

namespace DeviceAcme.Server.Tpm;

/// <summary>The attestation CAs of this installation: one for each profile with <c>attestation.ek</c>, a root of its own.</summary>
internal sealed class AttestationAuthorities : IDisposable
{
    private readonly Dictionary<string, AttestationAuthority> _byProfile = new(StringComparer.Ordinal);

    public AttestationAuthorities(AttestationCaDirectory directory, ProfileSet profiles, Uri? statusUrl, DateTimeOffset now)
    {
        foreach (var profile in profiles.All.Where(profile => profile.Attestation.Ek is not null))
        {
            _byProfile.Add(profile.Name, new AttestationAuthority(directory.OpenOrMake(profile.Name, now), statusUrl));
        }
    }

    public IReadOnlyCollection<AttestationAuthority> All => _byProfile.Values;

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
