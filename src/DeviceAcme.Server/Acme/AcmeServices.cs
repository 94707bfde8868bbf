using DeviceAcme.Attestation;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Revocation;
using DeviceAcme.Server.Issuance;
using DeviceAcme.Server.Refusals;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Workers;

namespace DeviceAcme.Server.Acme;

/// <summary>The ACME part of the composition.</summary>
internal static class AcmeServices
{
    public static void AddAcme(this IServiceCollection services)
    {
        services.AddSingleton<ProfileCatalog>();
        services.AddSingleton<AccountKeys>();
        services.AddSingleton<TicketDirectories>();
        services.AddSingleton(_ => new VerifiedIntermediates());
        services.AddSingleton<DeviceAttestation>();
        services.AddSingleton<AndroidStatusLists>();
        services.AddHostedService(provider => provider.GetRequiredService<AndroidStatusLists>());
        services.AddSingleton<IFormatPolicySource>(provider => provider.GetRequiredService<AndroidStatusLists>());
        services.AddSingleton<IRevocationStore, RevocationStore>();
        services.AddSingleton<Approvals>();
        services.AddSingleton<StaleProofs>();
        services.AddSingleton<IssuanceWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<IssuanceWorker>());
        services.AddSingleton(_ => new RefusalQuota(RefusalRecords.MostInAnHour, RefusalRecords.MostOfAKind));
        services.AddSingleton<RefusalRecords>();
        services.AddHostedService<RefusalCountWorker>();
        services.AddSingleton<ValidationWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<ValidationWorker>());
    }
}
