using System.Diagnostics;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>
/// The one place where refusals become problem documents (RFC 8555 §6.7), and where every ACME reply gets its fresh nonce and its
/// link to the directory (§6.5, §7.1).
/// </summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, INonces nonces, ServerOptions options, ProfileCatalog profiles, TimeProvider time, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(AddHeaders, context);
        try
        {
            await next(context);
            if (!context.Response.HasStarted && Unrouted(context) is { } problem)
            {
                await Write(context, problem);
            }
        }
        catch (ProblemException refusal)
        {
            // of a storm there is one line every so often, and not one for each request
            Refused(log, refusal.Problem.Status == StatusCodes.Status503ServiceUnavailable ? LogLevel.Debug : LogLevel.Information, context.Request.Method, context.Request.Path, refusal.Problem.Type, refusal.Problem.Reason, refusal.Problem.Detail);
            AddHeaders(context.Response, refusal);
            await Write(context, refusal.Problem);
        }
        catch (BadHttpRequestException bad)
        {
            await Write(context, Problems.Malformed("http-malformed", "request: it is not well-formed HTTP, or its body ended early", bad.StatusCode).Problem);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            ClientLeft(log, context.Request.Method, context.Request.Path);
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            var trace = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
            if (Outages.Is(failure))
            {
                Away(log, context.Request.Method, context.Request.Path, Outages.Explain(failure)?.Message ?? failure.Message);
                context.Response.Headers.RetryAfter = Outages.RetryAfter(failure);
                await Write(context, Problems.StoreAway());
                return;
            }

            Failed(log, failure, context.Request.Method, context.Request.Path, trace);
            await Write(context, Problems.ServerInternal(trace));
        }
    }

    private static void AddHeaders(HttpResponse response, ProblemException refusal)
    {
        foreach (var (relation, target) in refusal.Links)
        {
            response.Headers.Append("Link", $"<{target}>;rel=\"{relation}\"");
        }

        if (refusal.RetryAfterSeconds is { } seconds)
        {
            // in seconds: several clients cannot read a date
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (refusal.Location is { } location)
        {
            response.Headers.Location = location;
        }
    }

    // RFC 8555 §6.3: a GET on a resource is 405 with type malformed
    private static Problem? Unrouted(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problems.Malformed("resource-unknown", "path: there is no such resource; start at a directory", 404).Problem,
        StatusCodes.Status405MethodNotAllowed => Problems.Malformed(
            "method-not-allowed", $"method: {context.Request.Method} is not for this resource; ACME resources take POST, also to read them (POST-as-GET)", 405).Problem,
        _ => null,
    };

    private static Task Write(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status ?? 500;
        return Reply.Json(context.Response, problem, AcmeJson.Default.Problem, "application/problem+json");
    }

    private Task AddHeaders(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        if (DirectoryAbove(context) is { } directory)
        {
            headers.Append("Link", $"<{directory}>;rel=\"index\"");
        }

        // RFC 8555 §6.5; the attestation CA takes no nonces
        if ((HttpMethods.IsPost(context.Request.Method) && !context.Request.Path.StartsWithSegments("/tpm")) || context.Request.Path.Value!.EndsWith("/new-nonce", StringComparison.Ordinal))
        {
            headers["Replay-Nonce"] = nonces.Issue(time.GetUtcNow());
        }

        return Task.CompletedTask;
    }

    // RFC 8555 §7.1: on everything but the directory. From the path, because what no route takes has no route values; and only
    // for directories that exist, because a name that a client made up must not stand in a header.
    private string? DirectoryAbove(HttpContext context) =>
        context.Request.Path.Value!.Split('/') is ["", "acme", var name, .. var resource] && resource is [.., not "directory"] && profiles.Find(name) is { } profile
            ? TicketDirectories.Urls(context, options, profile).Directory
            : null;

    [LoggerMessage("refused {Method} {Path}: {Type} ({Reason}) {Detail}")]
    private static partial void Refused(ILogger log, LogLevel level, string method, PathString path, string type, string? reason, string detail);

    [LoggerMessage(LogLevel.Debug, "the client left during {Method} {Path}")]
    private static partial void ClientLeft(ILogger log, string method, PathString path);

    [LoggerMessage(LogLevel.Error, "{Method} {Path}: the store cannot be used now, the client comes again: {Cause}")]
    private static partial void Away(ILogger log, string method, PathString path, string cause);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed, trace id {Trace}")]
    private static partial void Failed(ILogger log, Exception failure, string method, PathString path, string trace);
}
