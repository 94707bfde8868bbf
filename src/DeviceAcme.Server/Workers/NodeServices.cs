using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Workers;

/// <summary>The store, and what depends on whether this process has it alone.</summary>
internal static class NodeServices
{
    public static void AddStore(this IServiceCollection services, ServerOptions options)
    {
        var database = Databases.Of(options);

        // beside the services and routes that are put together meanwhile; whoever needs it first waits for it, and hears what is wrong with it
        var opening = Task.Run(() => ServerApplication.OpenDatabase(options, database));
        services.AddSingleton(_ => database);
        services.AddSingleton(_ => opening.GetAwaiter().GetResult());
        if (options.Database is null)
        {
            services.AddSingleton<INonces>(_ => new Nonces());
            services.AddSingleton<ILeases>(_ => new OwnLeases());
            return;
        }

        services.AddSingleton(provider => new SharedNonces(WithSchema(provider), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<INonces>(provider => provider.GetRequiredService<SharedNonces>());
        services.AddSingleton(provider => new SharedLeases(WithSchema(provider)));
        services.AddSingleton<ILeases>(provider => provider.GetRequiredService<SharedLeases>());
        services.AddSingleton<NodeWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<NodeWatch>());
    }

    private static PostgresDatabase WithSchema(IServiceProvider provider)
    {
        provider.GetRequiredService<AcmeDb>();
        return (PostgresDatabase)provider.GetRequiredService<IDatabase>();
    }
}
