using DeviceAcme.Server.Hosting;
using Microsoft.AspNetCore.Http.Features;

namespace DeviceAcme.Server;

/// <summary>Puts the server together: services, listeners, routes. The parts add themselves by one line each.</summary>
internal static class ServerApplication
{
    /// <param name="options">Validated settings.</param>
    /// <param name="time">The clock of handlers and workers.</param>
    /// <param name="customize">What a test replaces: services, or Kestrel by a test server.</param>
    public static WebApplication Build(ServerOptions options, TimeProvider time, Action<WebApplicationBuilder>? customize = null)
    {
        // The empty builder: nothing but our own table of settings configures this server.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(ServerApplication).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => KestrelListeners.Configure(kestrel, options));
        ConsoleLogging.Add(builder.Logging, options.LogLevel);
        AddServices(builder.Services, options, time);
        customize?.Invoke(builder);

        var app = builder.Build();
        app.UseProxies(options);
        app.UsePlainProblems();
        app.UseListenerPaths();
        app.UseRouting();
        MapRoutes(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, ServerOptions options, TimeProvider time)
    {
        services.AddRouting();
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
    }

    private static void MapRoutes(WebApplication app)
    {
    }
}
