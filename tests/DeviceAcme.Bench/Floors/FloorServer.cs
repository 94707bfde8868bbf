using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Dns;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DeviceAcme.Bench.Floors;

/// <summary>
/// The other side of the floor, a process of its own: the smallest HTTPS server that this platform has, which reads a body and answers one of
/// the size that is asked for; and the name server and web server that a validation asks.
/// </summary>
internal static class FloorServer
{
    public const string Name = "floor-server";
    public const string Ready = "ready ";
    public const string ProcessorTimePath = "/processor-time";

    /// <summary>As long as a key authorization.</summary>
    private const int ValidationReply = 87;

    public static Command Command()
    {
        var command = new Command(Name) { Hidden = true };
        command.SetAction((_, cancellation) => Serve(cancellation));
        return command;
    }

    private static async Task<int> Serve(CancellationToken cancellation)
    {
        using var certificate = Certificate();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, https => https.UseHttps(certificate));
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        await using var application = builder.Build();
        application.Run(Answer);
        await application.StartAsync(cancellation);
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address)).ToList();
        await using var dns = DnsAnswerer.Start(
            new IPEndPoint(IPAddress.Loopback, 0), [IPAddress.Loopback], new TxtRecords(Path.Combine(Path.GetTempPath(), "deviceacme-bench-without-records")));
        Console.Out.WriteLine($"{Ready}{addresses[0].Port} {addresses[1].Port} {dns.EndPoint.Port} {certificate.GetCertHashString(HashAlgorithmName.SHA256)}");

        // stdin ends with whoever started this process, however that one ends
        await Console.In.ReadToEndAsync(cancellation);
        return 0;
    }

    private static async Task Answer(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var response = context.Response;
        if (path == ProcessorTimePath)
        {
            await response.WriteAsync(Environment.CpuUsage.TotalTime.Ticks.ToString(CultureInfo.InvariantCulture));
            return;
        }

        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(64 * 1024);
        while (await context.Request.Body.ReadAsync(buffer) > 0)
        {
            // read and dropped, as the exchange asks for no more
        }

        var size = int.TryParse(path.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Min(asked, buffer.Length) : ValidationReply;
        response.Headers["Replay-Nonce"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        response.Headers.CacheControl = "no-store";
        response.ContentType = "application/json";
        response.ContentLength = size;
        if (size > 0)
        {
            await response.Body.WriteAsync(buffer.AsMemory(0, size));
        }

        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));
    }
}
