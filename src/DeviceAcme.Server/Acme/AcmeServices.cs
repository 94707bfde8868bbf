using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Workers;

namespace DeviceAcme.Server.Acme;

/// <summary>The ACME part of the composition.</summary>
internal static class AcmeServices
{
    /// <summary>Where the database stands under <c>--data</c>.</summary>
    public const string DatabaseFile = "deviceacme.db";

    public static void AddAcme(this IServiceCollection services, ServerOptions options, ProfileSet profiles, TrustFolders trust)
    {
        services.AddSingleton(_ => AcmeDb.Open(Path.Combine(options.DataDirectory, DatabaseFile)));
        services.AddSingleton(_ => new ProfileCatalog(profiles, options.DefaultProfile, profile => AnchorsOf(profile, trust)));
        services.AddSingleton<Nonces>();
        services.AddSingleton<AccountKeys>();
        services.AddSingleton<VerifiedIntermediates>();
        services.AddSingleton<DeviceAttestation>();
        services.AddSingleton<Revocations>();
        services.AddSingleton<ValidationWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<ValidationWorker>());
    }

    /// <summary>What every ACME reply needs, after routing.</summary>
    public static void UseAcme(this IApplicationBuilder app)
    {
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/acme", StringComparison.Ordinal) || context.Request.Path == "/directory",
            acme =>
            {
                acme.UseMiddleware<ProblemMiddleware>();
                acme.UseMiddleware<JwsMiddleware>();
            });
    }

    private static AnchorSet AnchorsOf(CertificateProfile profile, TrustFolders trust) =>
        AnchorSet.Parse(trust.Certificates(profile.Attestation.Anchors).Select(der => (profile.Name, new ReadOnlyMemory<byte>(der))));
}
