using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DeviceAcme.Server.Tests.Sync;

/// <summary>An MDM as an inventory sees it: a real listener on loopback that lists devices as JSON.</summary>
internal sealed class JsonSource : IAsyncDisposable
{
    public const string Secret = "the token of the MDM, long enough";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, string? IfNoneMatch, string? Authorization)> _asked = new();

    private JsonSource(WebApplication app) => _app = app;

    /// <summary>The list of the one page, unless <see cref="Answer"/> is something else.</summary>
    public string Body { get; set; } = "[]";

    public string? ETag { get; set; }

    /// <summary>How it answers.</summary>
    public Func<HttpContext, Task>? Answer { get; set; }

    public IReadOnlyList<(string Path, string? IfNoneMatch, string? Authorization)> Asked => [.. _asked];

    public Uri Base => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public Uri Url => new(Base, "/devices");

    public static async Task<JsonSource> Start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var source = new JsonSource(builder.Build());
        source._app.Run(source.Handle);
        await source._app.StartAsync();
        return source;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task Handle(HttpContext context)
    {
        var headers = context.Request.Headers;
        _asked.Enqueue((context.Request.Path + context.Request.QueryString, headers.IfNoneMatch.FirstOrDefault(), headers.Authorization.FirstOrDefault()));
        if (Answer is { } answer)
        {
            return answer(context);
        }

        context.Response.Headers.ETag = ETag;
        if (ETag is not null && headers.IfNoneMatch == ETag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        return context.Response.WriteAsync(Body);
    }
}
