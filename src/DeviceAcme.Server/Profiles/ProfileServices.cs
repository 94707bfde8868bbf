using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Profiles;

/// <summary>The profiles' part of the composition.</summary>
internal static class ProfileServices
{
    public static void AddProfiles(this IServiceCollection services, ServerOptions options)
    {
        // at start, before anything listens: nobody waits for this but the start itself
        services.AddSingleton(provider => ProfileVersions.Open(
            provider.GetRequiredService<AcmeDb>(), provider.GetRequiredService<Installation>().Profiles, options.FollowProfileFiles, provider.GetRequiredService<TimeProvider>()).GetAwaiter().GetResult());
        services.AddSingleton<ProfileArchive>();
        services.AddSingleton<ProfileNeeds>();
        services.AddSingleton<ProfileActivation>();
        services.AddSingleton(provider => new EarlierProfiles(provider.GetRequiredService<ProfileVersions>().Ever().GetAwaiter().GetResult()));
    }
}

/// <summary>Every version that was in force when the server started or before.</summary>
internal sealed record EarlierProfiles(IReadOnlyList<CertificateProfile> All);
