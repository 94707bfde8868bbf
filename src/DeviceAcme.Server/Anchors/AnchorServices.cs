using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tpm;

namespace DeviceAcme.Server.Anchors;

/// <summary>The anchors' part of the composition.</summary>
internal static class AnchorServices
{
    public static void AddAnchors(this IServiceCollection services)
    {
        // at start, before anything listens: nobody waits for this but the start itself
        services.AddSingleton(provider => AnchorVersions.Open(
            provider.GetRequiredService<AcmeDb>(), Folders(provider), provider.GetRequiredService<TimeProvider>()).GetAwaiter().GetResult());
        services.AddSingleton<AnchorAdministration>();
        services.AddSingleton<IssuerSearch>();
    }

    // those of the operator, and one for each attestation CA of this installation
    private static TrustFolders Folders(IServiceProvider provider) =>
        provider.GetRequiredService<AttestationAuthorities>().AddTo(provider.GetRequiredService<TrustFolders>());
}
