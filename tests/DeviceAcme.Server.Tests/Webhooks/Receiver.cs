using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>What somebody runs who is asked by webhooks: a real listener on loopback, with signatures of its own making.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    public const string Secret = "a secret of the tests, long enough";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Asked> _asked = new();

    private Receiver(WebApplication app) => _app = app;

    /// <summary>How it answers; allows by default.</summary>
    public Func<Asked, HttpContext, Task> Answer { get; set; } = (asked, context) => Say(asked, context, """{"decision":"allow"}""");

    public IReadOnlyList<Asked> All => [.. _asked];

    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/hooks/device");

    public static async Task<Receiver> Start(X509Certificate2? certificate = null, Action<HttpsConnectionAdapterOptions>? tls = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate, options => tls?.Invoke(options));
            }
        }));
        var receiver = new Receiver(builder.Build());
        receiver._app.Run(receiver.Handle);
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Answers with a body that is signed as it should be.</summary>
    public static Task Say(Asked asked, HttpContext context, string body) => Say(context, asked.Delivery, body, Secret);

    /// <summary>Answers as if it were the answer to this delivery.</summary>
    public static Task Say(HttpContext context, string delivery, string body, string secret)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers["DeviceAcme-Delivery"] = delivery;
        context.Response.Headers["DeviceAcme-Signature"] = "v1=" + Mac(secret, $"{delivery}.{body}");
        return context.Response.WriteAsync(body);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Handle(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var headers = context.Request.Headers;
        var timestamp = headers["DeviceAcme-Timestamp"].ToString();
        var asked = new Asked(
            headers["DeviceAcme-Delivery"].ToString(),
            DateTimeOffset.FromUnixTimeSeconds(long.Parse(timestamp, CultureInfo.InvariantCulture)),
            headers["DeviceAcme-Signature"].ToString().Split(',').Contains("v1=" + Mac(Secret, $"{timestamp}.{body}")),
            body,
            context.Connection.ClientCertificate?.Subject);
        _asked.Enqueue(asked);
        await Answer(asked, context);
    }

    private static string Mac(string secret, string text) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(text)));
}

/// <summary>One request to a webhook, as its receiver sees it.</summary>
internal sealed record Asked(string Delivery, DateTimeOffset At, bool Signed, string Body, string? Client)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}
