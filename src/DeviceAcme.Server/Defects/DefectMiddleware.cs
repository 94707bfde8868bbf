using System.Collections.Concurrent;
using DeviceAcme.Attestation;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Defects;

/// <summary>Stands before everything else and makes the server wrong in one way: see <see cref="PlantedDefects"/>.</summary>
internal sealed class DefectMiddleware(RequestDelegate next, DefectSwitch planted, INonces nonces, AcmeDb db, ServerOptions options, TimeProvider time)
{
    private const int LargestBody = 2 << 20;

    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);

    public async Task InvokeAsync(HttpContext context)
    {
        if (planted.For(context.Request) is not { } defect)
        {
            await next(context);
            return;
        }

        Planted.Plant(defect.Name, defect.Overlooks);
        if (defect.Request is { } change)
        {
            await Change(context, change);
        }

        if (defect.Headers is { } headers)
        {
            // the first that is registered is the last that runs
            context.Response.OnStarting(() =>
            {
                headers(context.Response);
                return Task.CompletedTask;
            });
        }

        if (defect.Answer is { } answer)
        {
            await Answer(context, answer);
        }
        else
        {
            await next(context);
        }
    }

    private async Task Change(HttpContext context, Func<DefectRequest, Task> change)
    {
        var (http, body) = (context.Request, new MemoryStream());
        await http.Body.CopyToAsync(body, context.RequestAborted);
        if (body.Length <= LargestBody)
        {
            var request = new DefectRequest(http, body.ToArray(), options.BaseUrl, db, _seen, () => nonces.Issue(time.GetUtcNow()));
            await change(request);
            body = new MemoryStream(request.Write());
        }

        body.Position = 0;
        http.Body = body;
        http.ContentLength = body.Length;
    }

    private async Task Answer(HttpContext context, Action<DefectAnswer> change)
    {
        var (response, wire) = (context.Response, context.Response.Body);
        using var body = new MemoryStream();
        response.Body = body;
        try
        {
            await next(context);
        }
        finally
        {
            response.Body = wire;
        }

        var answer = new DefectAnswer(context, body.ToArray());
        change(answer);
        response.ContentLength = null;
        await wire.WriteAsync(answer.Body, context.RequestAborted);
    }
}
