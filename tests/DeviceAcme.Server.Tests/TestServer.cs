using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Storage;
using DeviceAcme.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DeviceAcme.Server.Tests;

/// <summary>The real server over a test transport: real pipeline, a real SQLite file or PostgreSQL database, the shipped profiles and those of the test.</summary>
/// <remarks>Only the network (what validation would fetch) and the clock are made up.</remarks>
internal sealed class TestServer : IAsyncDisposable
{
    public const string BaseUrl = "https://acme.test";

    private readonly Setup _setup;
    private readonly WebApplication _app;
    private bool _stopped;

    private TestServer(Setup setup, WebApplication app)
    {
        _setup = setup;
        _app = app;
        Http = app.GetTestClient();
        Http.BaseAddress = new Uri(BaseUrl);
        Admin = new HttpClient(app.GetTestServer().CreateHandler(context => context.Features.Set(new ListenerFeature(Listener.Admin)))) { BaseAddress = new Uri("http://admin.test") };
    }

    public HttpClient Http { get; }

    /// <summary>The admin listener; without its token.</summary>
    public HttpClient Admin { get; }

    /// <summary>Every route of every listener.</summary>
    public IEnumerable<RouteEndpoint> Routes => ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    public ProfileCatalog Profiles => _app.Services.GetRequiredService<ProfileCatalog>();

    public ManualClock Clock => _setup.Clock;

    /// <summary>What http-01, dns-01 and tls-alpn-01 find.</summary>
    public FakeNetwork Network => _setup.Network;

    public AcmeDb Db => _app.Services.GetRequiredService<AcmeDb>();

    public IServiceProvider Services => _app.Services;

    public string DataDirectory => _setup.Options.DataDirectory;

    /// <param name="profiles">Profile files beside the shipped ones: name without extension, text.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="anchors">Vendor roots: <c>format/name.pem</c> and text.</param>
    /// <param name="ledger">The shipped profiles refuse devices that the ledger does not have, as they do where they are shipped; else they register them.</param>
    /// <param name="services">Changes the services.</param>
    public static async Task<TestServer> Start(
        IReadOnlyDictionary<string, string>? profiles = null, Func<ServerOptions, ServerOptions>? configure = null, IReadOnlyDictionary<string, string>? anchors = null, Action<IServiceCollection>? services = null, bool ledger = false)
    {
        var folder = Directory.CreateTempSubdirectory("deviceacme-test-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        var profileFolder = Path.Combine(folder, "profiles");
        Directory.CreateDirectory(profileFolder);
        foreach (var shipped in Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "profiles"), "*.yaml"))
        {
            // most tests are about other things than the ledger
            var text = await File.ReadAllTextAsync(shipped);
            await File.WriteAllTextAsync(Path.Combine(profileFolder, Path.GetFileName(shipped)), ledger ? text : text.Replace("unknown: refuse", "unknown: register", StringComparison.Ordinal));
        }

        foreach (var (name, text) in profiles ?? new Dictionary<string, string>())
        {
            await File.WriteAllTextAsync(Path.Combine(profileFolder, name + ".yaml"), text);
        }

        var anchorFolder = Path.Combine(folder, "anchors");
        Directory.CreateDirectory(anchorFolder);
        foreach (var (name, pem) in anchors ?? new Dictionary<string, string>())
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(anchorFolder, name))!);
            await File.WriteAllTextAsync(Path.Combine(anchorFolder, name), pem);
        }

        var options = new ServerOptions
        {
            DataDirectory = Path.Combine(folder, "data"),
            Database = TestStore.IsPostgres ? await PostgresCluster.NewDatabase() : null,
            Url = new Uri(BaseUrl),
            StatusUrl = new Uri("http://status.test"),
            ProfilesDirectory = profileFolder,
            AnchorDirectories = [anchorFolder],
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        };
        var clock = new ManualClock(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        return await Start(new Setup(folder, configure?.Invoke(options) ?? options, clock, new FakeNetwork(), services));
    }

    /// <summary>The file of one of the profiles; a restart reads it again.</summary>
    public string ProfileFile(string name) => Path.Combine(_setup.Options.ProfilesDirectory, name + ".yaml");

    /// <summary>Another node on the same database, with the same clock, network, profiles and CA keys. It must be disposed first.</summary>
    public async Task<TestServer> StartNode()
    {
        var data = Directory.CreateTempSubdirectory("deviceacme-test-node-").FullName;
        foreach (var file in Directory.EnumerateFiles(DataDirectory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(data, Path.GetRelativePath(DataDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return await Start(_setup with { Folder = data, Options = _setup.Options with { DataDirectory = data }, IsFirst = false });
    }

    /// <summary>Ends this process's work and starts the next one on the same data, with the same clock and network.</summary>
    public async Task<TestServer> Restart(Func<ServerOptions, ServerOptions>? configure = null)
    {
        await Stop();
        return await Start(_setup with { Options = configure?.Invoke(_setup.Options) ?? _setup.Options });
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        if (_setup.IsFirst && _setup.Options.Database is { } database)
        {
            await PostgresCluster.Drop(database);
        }

        if (Directory.Exists(_setup.Folder))
        {
            Directory.Delete(_setup.Folder, true);
        }
    }

    private static async Task<TestServer> Start(Setup setup)
    {
        var app = ServerApplication.Build(setup.Options, setup.Clock, builder =>
        {
            builder.WebHost.UseTestServer();
            builder.Services.RemoveAll<IChallengeValidator>();
            foreach (var type in ChallengeTypes.All.Where(type => type is not (ChallengeTypes.DeviceAttest01 or ChallengeTypes.Ledger01)))
            {
                builder.Services.AddSingleton<IChallengeValidator>(new FakeValidator(type, setup.Network));
            }

            setup.Services?.Invoke(builder.Services);
        });
        await app.StartAsync();
        return new TestServer(setup, app);
    }

    private async Task Stop()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        Http.Dispose();
        Admin.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private sealed record Setup(string Folder, ServerOptions Options, ManualClock Clock, FakeNetwork Network, Action<IServiceCollection>? Services, bool IsFirst = true);

    private sealed class FakeValidator(string type, FakeNetwork network) : IChallengeValidator
    {
        public string Type => type;

        public Task<Problem?> Validate(ValidationTarget target, CancellationToken cancellation) => network.Answer(type, target, cancellation);
    }
}

/// <summary>What the network would say to a validation. By default every challenge is fulfilled.</summary>
internal sealed class FakeNetwork
{
    public Func<string, ValidationTarget, CancellationToken, Task<Problem?>> Answer { get; set; } = (_, _, _) => Task.FromResult<Problem?>(null);

    public void Refuse(Problem problem) => Answer = (_, _, _) => Task.FromResult<Problem?>(problem);
}
