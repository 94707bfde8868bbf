using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace DeviceAcme.Server.Revocation;

/// <summary>The status listener, plain HTTP: what it serves is signed, and a client that checks TLS certificates cannot need TLS for it.</summary>
internal static class StatusEndpoints
{
    // a cache may not keep a revocation from anybody for longer than this
    private static readonly TimeSpan LongestCaching = TimeSpan.FromHours(1);

    /// <summary>RFC 5280 §4.2.1.13, §4.2.2.1: the places that certificates name.</summary>
    public static void MapStatus(this IEndpointRouteBuilder routes)
    {
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/crl/{keyId}.crl", reading, Crl);
        routes.MapMethods("/ca/{keyId}.cer", reading, Certificate);
    }

    private static async Task<IResult> Crl(string keyId, HttpContext context, CrlPublisher publisher, TimeProvider time)
    {
        if (await publisher.Current(keyId) is not { } crl)
        {
            return Results.NotFound();
        }

        var now = time.GetUtcNow();
        var left = crl.NextUpdate - now;
        var age = left < LongestCaching ? left : LongestCaching;
        Caching(context, age > TimeSpan.Zero ? age : TimeSpan.Zero, now);
        return Results.Bytes(crl.Der, "application/pkix-crl", lastModified: crl.ThisUpdate, entityTag: Tag(crl.Der));
    }

    private static IResult Certificate(string keyId, HttpContext context, CrlPublisher publisher, TimeProvider time)
    {
        if (publisher.Issuer(keyId) is not { } issuer)
        {
            return Results.NotFound();
        }

        var der = issuer.Current.Chain[0];
        Caching(context, LongestCaching, time.GetUtcNow());
        return Results.Bytes(der, "application/pkix-cert", entityTag: Tag(der));
    }

    private static void Caching(HttpContext context, TimeSpan age, DateTimeOffset now)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = string.Create(CultureInfo.InvariantCulture, $"max-age={(long)age.TotalSeconds}, public, no-transform, must-revalidate");
        headers.Expires = (now + age).ToString("R", CultureInfo.InvariantCulture);
    }

    private static EntityTagHeaderValue Tag(ReadOnlyMemory<byte> content) => new($"\"{Convert.ToHexStringLower(SHA256.HashData(content.Span))}\"");
}
