using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Protocol.Acme;
using Microsoft.AspNetCore.HttpOverrides;

namespace DeviceAcme.Server.Hosting;

/// <summary>What stands before the routes on every listener.</summary>
internal static class Pipeline
{
    private static readonly JsonSerializerOptions ProblemJson = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Forwarded headers are believed only from <c>--trusted-proxies</c>; the host's name never is.</summary>
    public static void UseProxies(this IApplicationBuilder app, ServerOptions options)
    {
        if (options.TrustedProxies.Count == 0)
        {
            return;
        }

        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            // As many proxies as are trusted: the walk ends at the first address that is not.
            ForwardLimit = null,
        };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.TrustedProxies)
        {
            forwarded.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(forwarded);
    }

    /// <summary>A refusal without a body (no such path, wrong method) becomes a problem document.</summary>
    public static void UsePlainProblems(this IApplicationBuilder app) =>
        app.UseStatusCodePages(async pages =>
        {
            var request = pages.HttpContext.Request;
            var response = pages.HttpContext.Response;
            var (reason, detail) = response.StatusCode switch
            {
                StatusCodes.Status404NotFound => ("not-found", $"there is nothing at {request.Path}"),
                StatusCodes.Status405MethodNotAllowed => ("method-not-allowed", $"{request.Method} is not for {request.Path}; allowed: {response.Headers.Allow}"),
                StatusCodes.Status413PayloadTooLarge => ("body-too-large", $"a request's body has at most {KestrelListeners.MaximumBodyBytes} bytes"),
                StatusCodes.Status415UnsupportedMediaType => ("content-type", $"found Content-Type '{request.ContentType}'"),
                var status => ("refused", $"refused with status {status}"),
            };
            var problem = Problems.Malformed(reason, detail, response.StatusCode).Problem;
            await response.WriteAsJsonAsync(problem, ProblemJson, contentType: "application/problem+json", pages.HttpContext.RequestAborted);
        });

    /// <summary>A path of another listener does not exist on this one.</summary>
    public static void UseListenerPaths(this IApplicationBuilder app) =>
        app.Use((context, next) =>
        {
            if (ListenerPaths.Belongs(context.Request.Path, ListenerPaths.ListenerOf(context)))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
}
