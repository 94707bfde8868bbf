using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>A web server of files, for clients that write their http-01 answers into a folder.</summary>
internal sealed class WebRoot : IAsyncDisposable
{
    private const string Prefix = "/.well-known/acme-challenge/";

    private readonly WebApplication _application;

    private WebRoot(WebApplication application) => _application = application;

    public static async Task<WebRoot> Start(string folder, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            if (Socket.OSSupportsIPv6)
            {
                kestrel.Listen(IPAddress.IPv6Loopback, port);
            }
        });
        var application = builder.Build();
        application.Run(context => Answer(context, folder));
        await application.StartAsync();
        return new WebRoot(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static Task Answer(HttpContext context, string folder)
    {
        var path = context.Request.Path.Value ?? "";
        var file = Path.Combine(folder, Path.GetFileName(path));
        if (path.StartsWith(Prefix, StringComparison.Ordinal) && File.Exists(file))
        {
            return context.Response.SendFileAsync(file);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
