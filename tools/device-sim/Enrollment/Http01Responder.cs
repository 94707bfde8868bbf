using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>The web server that http-01 asks (RFC 8555 §8.3), on the loopback addresses.</summary>
internal sealed class Http01Responder : IAsyncDisposable
{
    private const string Prefix = "/.well-known/acme-challenge/";

    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<string, string> _answers;

    private Http01Responder(WebApplication application, ConcurrentDictionary<string, string> answers)
    {
        _application = application;
        _answers = answers;
    }

    /// <param name="addresses">Where to answer.</param>
    /// <param name="port">On which port.</param>
    /// <param name="cancellation">Ends the start.</param>
    /// <param name="served">Told of each token whose key authorization was fetched.</param>
    public static async Task<Http01Responder> Start(IReadOnlyList<IPAddress> addresses, int port, CancellationToken cancellation, Action<string>? served = null)
    {
        var answers = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            foreach (var address in addresses)
            {
                kestrel.Listen(address, port);
            }
        });
        var application = builder.Build();
        application.Run(context => Answer(context, answers, served));
        try
        {
            await application.StartAsync(cancellation);
        }
        catch (IOException failure)
        {
            await application.DisposeAsync();
            throw new SimulatorException($"cannot answer http-01 on port {port}: {failure.Message}", "--http-port chooses another one; the server must be given it as --http-01-port");
        }

        return new Http01Responder(application, answers);
    }

    public void Serve(string token, string keyAuthorization) => _answers[token] = keyAuthorization;

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static async Task Answer(HttpContext context, ConcurrentDictionary<string, string> answers, Action<string>? served)
    {
        var path = context.Request.Path.Value ?? "";
        if (path.StartsWith(Prefix, StringComparison.Ordinal) && answers.TryGetValue(path[Prefix.Length..], out var keyAuthorization))
        {
            context.Response.ContentType = "application/octet-stream";
            await context.Response.WriteAsync(keyAuthorization);
            served?.Invoke(path[Prefix.Length..]);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
    }
}
