using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DeviceAcme.Server.Tests;

/// <summary>The real server over a test transport: real pipeline, a real SQLite file, the shipped profiles and those of the test.</summary>
/// <remarks>Only the network (what validation would fetch) and the clock are made up.</remarks>
internal sealed class TestServer : IAsyncDisposable
{
    public const string BaseUrl = "https://acme.test";

    private readonly string _folder;
    private readonly WebApplication _app;

    private TestServer(string folder, WebApplication app, ManualClock clock, FakeNetwork network)
    {
        _folder = folder;
        _app = app;
        Clock = clock;
        Network = network;
        Http = app.GetTestClient();
        Http.BaseAddress = new Uri(BaseUrl);
    }

    public HttpClient Http { get; }

    public ManualClock Clock { get; }

    /// <summary>What http-01, dns-01 and tls-alpn-01 find.</summary>
    public FakeNetwork Network { get; }

    public AcmeDb Db => _app.Services.GetRequiredService<AcmeDb>();

    public IServiceProvider Services => _app.Services;

    public string DataDirectory => Path.Combine(_folder, "data");

    /// <param name="profiles">Profile files beside the shipped ones: name without extension, text.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <param name="anchors">Vendor roots: <c>format/name.pem</c> and text.</param>
    public static async Task<TestServer> Start(
        IReadOnlyDictionary<string, string>? profiles = null, Func<ServerOptions, ServerOptions>? configure = null, IReadOnlyDictionary<string, string>? anchors = null, Action<IServiceCollection>? services = null)
    {
        var folder = Directory.CreateTempSubdirectory("deviceacme-test-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        var profileFolder = Path.Combine(folder, "profiles");
        Directory.CreateDirectory(profileFolder);
        foreach (var shipped in Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "profiles"), "*.yaml"))
        {
            File.Copy(shipped, Path.Combine(profileFolder, Path.GetFileName(shipped)));
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
            Url = new Uri(BaseUrl),
            StatusUrl = new Uri("http://status.test"),
            ProfilesDirectory = profileFolder,
            AnchorDirectories = [anchorFolder],
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        };
        var clock = new ManualClock(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        var network = new FakeNetwork();
        var app = ServerApplication.Build(configure?.Invoke(options) ?? options, clock, builder =>
        {
            builder.WebHost.UseTestServer();
            builder.Services.RemoveAll<IChallengeValidator>();
            foreach (var type in ChallengeTypes.All.Where(type => type != ChallengeTypes.DeviceAttest01))
            {
                builder.Services.AddSingleton<IChallengeValidator>(new FakeValidator(type, network));
            }

            services?.Invoke(builder.Services);
        });
        await app.StartAsync();
        return new TestServer(folder, app, clock, network);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, true);
    }

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
