using System.Net;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace DeviceAcme.Server.Tests.Hosting;

/// <summary>A server with its real listeners on ports that the system chooses; plain HTTP, as behind a proxy.</summary>
internal sealed class RunningServerOnLoopback : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private readonly string[] _addresses;

    private RunningServerOnLoopback(WebApplication app, DirectoryInfo folder)
    {
        _app = app;
        _folder = folder;
        // In the order in which the listeners are opened.
        _addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
    }

    public Uri Acme => new(_addresses[0]);

    public Uri Status => new(_addresses[1]);

    public Uri Admin => new(_addresses[2]);

    public string DataDirectory => _folder.FullName;

    public string Token => File.ReadAllText(Path.Combine(_folder.FullName, RunningServer.TokenFileName)).Trim();

    public HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false });

    public static async Task<RunningServerOnLoopback> Start(
        Func<ServerOptions, ServerOptions>? configure = null, Action<WebApplication>? map = null, Action<WebApplicationBuilder>? customize = null)
    {
        var folder = Directory.CreateTempSubdirectory("deviceacme-hosting-");
        var anyPort = new Uri($"http://{IPAddress.Loopback}:0");
        var options = new ServerOptions
        {
            DataDirectory = folder.FullName,
            Url = new Uri("https://acme.example"),
            Listen = [anyPort],
            StatusUrl = new Uri("http://status.example"),
            StatusListen = anyPort,
            AdminUrl = anyPort,
            ProfilesDirectory = Settings.ShippedProfiles,
            LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
        };
        var app = ServerApplication.Build(configure?.Invoke(options) ?? options, TimeProvider.System, customize);
        map?.Invoke(app);
        await app.StartAsync();
        return new RunningServerOnLoopback(app, folder);
    }

    public async Task<HttpResponseMessage> Send(HttpMethod method, Uri url, string? token = null, string? json = null)
    {
        using var request = new HttpRequestMessage(method, url);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        if (json is not null)
        {
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        }

        return await Http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
