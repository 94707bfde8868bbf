using DeviceAcme.Server.Workers;

namespace DeviceAcme.Server.Vault;

/// <summary>The vault's part of the composition.</summary>
internal static class VaultServices
{
    public static void AddVault(this IServiceCollection services)
    {
        services.AddSingleton<EvidenceArchive>();
        services.AddSingleton<Explainer>();
        services.AddSingleton<EvidenceCleaning>();
        services.AddSingleton<Retention.UnfinishedOrders>();
        services.AddHostedService<RetentionWorker>();
    }
}
