using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Connectors;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Tpm;

namespace DeviceAcme.Server.Profiles;

/// <summary>What a profile counts on beside its text: folders of anchors, issuers, an attestation CA. What this installation makes by itself is made before the profile comes into force.</summary>
internal sealed class ProfileNeeds(
    AnchorVersions anchors, TrustFolders trust, CaDirectory directory, Issuers issuers, AttestationAuthorities attestation, CrlPublisher crls, SecretFolder secrets, ServerOptions options, TimeProvider time)
{
    /// <summary>Notes what the profile counts on and this installation does not have.</summary>
    /// <param name="set">The profiles as they would be.</param>
    public void Check(CertificateProfile profile, ProfileSet set, string file, Mistakes mistakes)
    {
        const string Key = "attestation.anchors";
        var version = anchors.Current;
        var known = version.Catalog.FolderNames.ToList();
        foreach (var folder in profile.Attestation.Anchors.Where(folder => TrustFolders.ProfileOfAttestationCa(folder) is null))
        {
            if (!known.Contains(folder))
            {
                mistakes.Add(file, ProfileFile.LineOf(profile, Key), Key, $"the folder '{folder}' is not in the anchor set (version {version.Number}): 'deviceacme anchors import --folder {folder}' makes it; {NearestName.Hint(folder, known)}");
            }
            else if (profile.Attestation.Ek is null && !version.Catalog.Entries.Any(entry => entry.Folder == folder))
            {
                mistakes.Warn(file, ProfileFile.LineOf(profile, Key), Key, $"the folder '{folder}' has no root: every device of it will be refused");
            }
        }

        secrets.Check(profile, file, mistakes);
        set.CheckAttestationCas(profile, file, mistakes);
    }

    /// <summary>Makes issuers and attestation CAs that are missing, with their first CRLs, and lets attestation keys of the latter be believed.</summary>
    /// <param name="actor">For the versions of the anchor set.</param>
    /// <exception cref="ProblemException">An issuer cannot be made here.</exception>
    public async Task Provide(IReadOnlyCollection<CertificateProfile> profiles, string actor, CancellationToken cancellation)
    {
        try
        {
            foreach (var name in profiles.SelectMany(profile => profile.Issuers).Distinct(StringComparer.Ordinal).Where(name => !issuers.Has(name)))
            {
                var authority = Connectors.Connectors.Open(directory, options.StatusUrl, name, time.GetUtcNow());
                await crls.Include(IssuanceServices.CrlOf(((BuiltInConnector)authority).Folder));
                issuers.Add(authority);
            }

            foreach (var profile in profiles.Where(profile => profile.Attestation.Ek is not null))
            {
                if (attestation.Provide(profile.Name, time.GetUtcNow()) is { } authority)
                {
                    await crls.Include(IssuanceServices.CrlOf(authority.Folder));
                }
            }
        }
        catch (IssuerException impossible)
        {
            throw Problems.Malformed("issuer-impossible", $"issuer: {impossible.Message}{(impossible.Hint is null ? "" : $"; {impossible.Hint}")}", StatusCodes.Status409Conflict);
        }

        var there = anchors.Current.Catalog.FolderNames.ToHashSet(StringComparer.Ordinal);
        if (attestation.All.All(authority => there.Contains(TrustFolders.OfAttestationCa(authority.Folder.Name))))
        {
            return;
        }

        // as the start does it
        var folders = attestation.AddTo(trust);
        await anchors.Change(
            actor, (before, _) => before.WithFiles(folders), folders.Anchors(folders.Names), changes => $"attestation CAs of profiles: {Core.Anchors.AnchorDifference.Summary(changes)}", cancellation);
    }

    /// <summary>Opens what another node has made for these profiles. Keys are not in the database: where this node's folders lack one, it says which.</summary>
    public async Task Follow(IReadOnlyCollection<CertificateProfile> profiles, CancellationToken cancellation)
    {
        var missing = profiles.SelectMany(profile => profile.Issuers).Distinct(StringComparer.Ordinal).Where(name => !issuers.Has(name) && !directory.Has(name)).Select(name => $"ca/{name}")
            .Concat(profiles.Where(profile => profile.Attestation.Ek is not null && attestation.Find(profile.Name) is null && !attestation.Has(profile.Name)).Select(profile => $"attestation-ca/{profile.Name}"))
            .ToList();
        if (missing.Count > 0)
        {
            throw new InvalidOperationException($"another node put profiles into force that need keys which this node does not have: copy {string.Join(", ", missing)} from its data directory");
        }

        await Provide(profiles, "node", cancellation);
    }

    /// <summary>The certificate of an issuer, for a preview; null where it would be made.</summary>
    public X509Certificate2? CertificateOf(string issuer) => issuers.Has(issuer) && issuers.Require(issuer) is BuiltInConnector connector
        ? X509CertificateLoader.LoadCertificate(connector.Folder.Current.Chain[0].Span)
        : null;
}
