using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Anchors;

/// <summary>The anchors' part of the composition.</summary>
internal static class AnchorServices
{
    public static void AddAnchors(this IServiceCollection services)
    {
        // at start, before anything listens: nobody waits for this but the start itself
        services.AddSingleton(provider => AnchorVersions.Open(
            provider.GetRequiredService<AcmeDb>(), provider.GetRequiredService<TrustFolders>(), provider.GetRequiredService<TimeProvider>()).GetAwaiter().GetResult());
        services.AddSingleton<AnchorAdministration>();
    }
}
