using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Hosting;

/// <summary>The edge of the listeners that do not speak ACME: everything that goes wrong is a problem document (RFC 9457).</summary>
internal sealed partial class PlainProblems(RequestDelegate next, ILogger<PlainProblems> log)
{
    private static readonly JsonSerializerOptions Json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && Unrouted(context) is { } problem)
            {
                await Write(context, problem);
            }
        }
        catch (ProblemException refusal) when (!context.Response.HasStarted)
        {
            if (refusal.RetryAfterSeconds is { } seconds)
            {
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            }

            await Write(context, refusal.Problem);
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await Write(context, Problems.Malformed("http-malformed", bad.Message, bad.StatusCode).Problem);
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

    private static Problem? Unrouted(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problems.Malformed("resource-unknown", $"path: there is nothing at {context.Request.Path}", 404).Problem,
        StatusCodes.Status405MethodNotAllowed => Problems.Malformed("method-not-allowed", $"method: {context.Request.Method} is not for this resource; allowed: {context.Response.Headers.Allow}", 405).Problem,
        _ => null,
    };

    private static Task Write(HttpContext context, Problem problem)
    {
        context.Response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        return context.Response.WriteAsJsonAsync(problem, Json, "application/problem+json", context.RequestAborted);
    }

    [LoggerMessage(LogLevel.Debug, "the client left during {Method} {Path}")]
    private static partial void ClientLeft(ILogger log, string method, PathString path);

    [LoggerMessage(LogLevel.Error, "{Method} {Path}: the store cannot be used now: {Cause}")]
    private static partial void Away(ILogger log, string method, PathString path, string cause);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed, trace id {Trace}")]
    private static partial void Failed(ILogger log, Exception failure, string method, PathString path, string trace);
}
