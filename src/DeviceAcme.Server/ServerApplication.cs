using DeviceAcme.Core.Challenges;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Admin;
using DeviceAcme.Server.Connectors;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Network;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Sync;
using DeviceAcme.Server.Tpm;
using DeviceAcme.Server.Vault;
using DeviceAcme.Server.Webhooks;
using DeviceAcme.Server.Workers;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace DeviceAcme.Server;

/// <summary>Puts the server together: services, listeners, routes. The parts add themselves by one line each.</summary>
internal static class ServerApplication
{
    /// <summary>How long requests and workers may take to end after a stop was asked for.</summary>
    public static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <param name="options">Validated settings; their data directory exists and is locked.</param>
    /// <param name="time">The clock of handlers and workers.</param>
    /// <param name="customize">What a test replaces: services, or Kestrel by a test server.</param>
    /// <param name="installation">Profiles and vendor roots, where they have been read already.</param>
    public static WebApplication Build(ServerOptions options, TimeProvider time, Action<WebApplicationBuilder>? customize = null, Installation? installation = null)
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
        AddServices(builder.Services, options, time, installation);
        customize?.Invoke(builder);

        var app = builder.Build();
        app.UseProxies(options);
#if PLANTED_DEFECTS
        app.UseOn(Listener.Acme, acme => acme.UseMiddleware<Defects.DefectMiddleware>());
#endif
        app.UseOn(Listener.Acme, acme => acme.UseMiddleware<ProblemMiddleware>());
        app.UseOn(Listener.Status, status => status.UsePlainProblems());
        app.UseOn(Listener.Admin, admin =>
        {
            admin.UsePlainProblems();
            admin.UseAdminCaller();
        });
        app.UseListenerPaths();
        app.UseRouting();
        app.UseOn(Listener.Admin, admin =>
        {
            admin.UseAdminRoles();
            admin.UseMiddleware<IdempotencyKeys>();
        });
        app.UseMiddleware<AcmeRefusals>();
        app.UseMiddleware<JwsMiddleware>();
        app.MapAcme();
        app.MapTpm();
        app.MapAdmin();
        app.MapStatus();

        // Now, so that what is wrong with them ends the start and not the first request.
        app.Services.GetRequiredService<AcmeDb>();
        app.Services.GetRequiredService<INonces>();
        app.Services.GetRequiredService<ProfileVersions>();
        if (options.Database is not null)
        {
            app.Services.GetRequiredService<CrlPublisher>().RequireSameKeys(CancellationToken.None).GetAwaiter().GetResult();
        }

        app.Services.GetRequiredService<AnchorVersions>();
        app.Services.GetRequiredService<LocalToken>();
        app.Services.GetRequiredService<ClientCertificates>();
        app.Services.GetRequiredService<Issuers>();
        return app;
    }

    /// <summary>Opens the database; SQLite gives the files beside its own the same rights.</summary>
    public static AcmeDb OpenDatabase(ServerOptions options) => OpenDatabase(options, Databases.Of(options));

    /// <summary>The same, with the database that the settings name.</summary>
    public static AcmeDb OpenDatabase(ServerOptions options, IDatabase database)
    {
        var file = Path.Combine(options.DataDirectory, Databases.FileName);
        if (options.Database is null)
        {
            OwnerFile.Make(file);
        }

        try
        {
            return AcmeDb.Open(database, progress => new Talk(Console.Error).Progress(progress));
        }
        catch (Exception exception) when (exception is NewerSchemaException or InvalidDataException)
        {
            throw new StartFailure(exception.Message);
        }
        catch (SqliteException exception)
        {
            throw new StartFailure($"the database {file} cannot be opened: {Outages.Explain(exception)?.Message ?? exception.Message}", Outages.Explain(exception)?.Hint);
        }
        catch (NpgsqlException exception)
        {
            throw new StartFailure($"the database {((PostgresDatabase)database).Name} cannot be opened: {exception.Message}", "is PostgreSQL running there, and do user, password and name of the database in --database fit? docs/operations.md");
        }
    }

    private static void AddServices(IServiceCollection services, ServerOptions options, TimeProvider time, Installation? installation)
    {
        services.AddRouting();
        services.AddSingleton(provider => new Capacity(options.MostRequests, time, provider.GetRequiredService<ILogger<Capacity>>()));
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.AddSingleton(_ => installation ?? Installation.Load(options));
        services.AddProfiles(options);
        services.AddSingleton(provider => provider.GetRequiredService<Installation>().Trust);
        services.AddStore(options);
        services.AddAnchors();
        services.AddSingleton<DeviceImport>();
        services.AddSingleton<DeviceExport>();
        services.AddSingleton<DeviceRecords>();
        services.AddSingleton<DeviceLedger>();
        services.AddVault();
        services.AddWebhooks();
        services.AddSync();
        services.AddAcme();
        services.AddIssuance(options);
        services.AddSingleton<CredentialActivation>();
        services.AddSingleton<AttestationKeyLedger>();
        services.AddSingleton<IFormatPolicySource>(provider => provider.GetRequiredService<AttestationKeyLedger>());
        services.AddNetworkValidation(options);
        services.AddAdmin(options);
#if PLANTED_DEFECTS
        services.AddSingleton(Defects.DefectSwitch.Off);
#endif
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
    }
}
