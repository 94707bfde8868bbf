using Microsoft.AspNetCore.HttpOverrides;

namespace DeviceAcme.Server.Hosting;

/// <summary>What stands before the routes on every listener.</summary>
internal static class Pipeline
{
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

    /// <summary>Steps that only requests of one listener go through, before the routes.</summary>
    public static void UseOn(this IApplicationBuilder app, Listener listener, Action<IApplicationBuilder> steps) =>
        app.UseWhen(context => ListenerPaths.ListenerOf(context) == listener, steps);

    /// <summary>Problem documents of the listeners that do not speak ACME: refusals, unknown paths, wrong methods, our own faults.</summary>
    public static void UsePlainProblems(this IApplicationBuilder app) => app.UseMiddleware<PlainProblems>();

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
