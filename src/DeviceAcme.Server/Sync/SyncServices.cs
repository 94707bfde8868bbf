using DeviceAcme.Server.Workers;

namespace DeviceAcme.Server.Sync;

/// <summary>The inventories' part of the composition.</summary>
internal static class SyncServices
{
    public static void AddSync(this IServiceCollection services)
    {
        services.AddSingleton<InventorySources>();
        services.AddSingleton<InventoryStandings>();
        services.AddSingleton<InventorySync>();
        services.AddSingleton<SyncRuns>();
        services.AddSingleton<InventorySyncWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<InventorySyncWorker>());
    }
}
