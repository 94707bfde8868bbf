using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Webhooks;

/// <summary>The webhooks' part of the composition.</summary>
internal static class WebhookServices
{
    public static void AddWebhooks(this IServiceCollection services)
    {
        services.AddSingleton<SecretFolder>();
        services.AddSingleton<WebhookCalls>();
        services.AddSingleton<WebhookArchive>();
        services.AddSingleton<DeliveryCleaning>();
    }
}
