using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Workers;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>
/// A POST with an <c>Idempotency-Key</c> happens once: asked again with the same key and body within a day, the first answer is given again.
/// </summary>
/// <remarks>
/// An answer may hold a secret that is told once, so it is stored encrypted under a key that comes from the client's own key; of that the store
/// has only a hash. A server that dies between a change and its answer keeps no answer: the change may then happen again.
/// </remarks>
internal sealed class IdempotencyKeys(RequestDelegate next, AcmeDb db, ILeases leases, TimeProvider time)
{
    public const string Header = "Idempotency-Key";

    /// <summary>Bodies and answers that are larger are not for this.</summary>
    private const int LargestBody = 64 * 1024;
    private const int LongestKey = 128;
    private const int ShortestKey = 16;
    private const int MostRows = 10_000;
    private const int TagLength = 16;
    private const int NonceLength = 12;
    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>How long the request of a node that died in it keeps others out.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, bool> _running = new(StringComparer.Ordinal);

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || context.Request.Headers[Header] is not { Count: > 0 } given || context.GetEndpoint() is not RouteEndpoint)
        {
            await next(context);
            return;
        }

        var key = given.ToString();
        if (key.Length is < ShortestKey or > LongestKey || !key.All(letter => letter is > ' ' and < '\x7f'))
        {
            throw Problems.Malformed("idempotency-key-malformed", $"{Header}: expected {ShortestKey} to {LongestKey} visible characters that nobody guesses, a UUID for example");
        }

        var body = await Body(context.Request);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{context.Caller().Name}\n{context.Request.Path}\n{key}")));
        if (!_running.TryAdd(name, true))
        {
            throw UnderWay();
        }

        var lease = $"request:{name}";
        try
        {
            // also where it is under way on another node
            if ((await leases.Take([lease], 1, Lease, context.RequestAborted)).Count == 0)
            {
                throw UnderWay();
            }

            await Run(context, name, key, Convert.ToHexStringLower(SHA256.HashData(body)));
        }
        finally
        {
            _running.TryRemove(name, out _);
            await leases.Release(lease);
        }
    }

    private static ProblemException UnderWay() =>
        Problems.Malformed("idempotency-key-in-use", $"{Header}: the request with this key is still under way", StatusCodes.Status409Conflict);

    private async Task Run(HttpContext context, string name, string key, string request)
    {
        if (await Find(name, context.RequestAborted) is { } stored)
        {
            if (stored.RequestHash != request)
            {
                throw Problems.Malformed("idempotency-key-reused", $"{Header}: this key was used with another body", StatusCodes.Status422UnprocessableEntity);
            }

            context.Response.Headers["Idempotency-Replayed"] = "true";
            await Answer(context, stored.Status, stored.ContentType, Open(stored.Answer, name, key));
            return;
        }

        var outside = context.Response.Body;
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = outside;
        }

        // what was refused did not happen and can be asked for again
        if (context.Response.StatusCode is >= 200 and < 300 && answer.Length <= LargestBody)
        {
            await Keep(new StoredAnswer
            {
                KeyHash = name,
                RequestHash = request,
                Status = context.Response.StatusCode,
                ContentType = context.Response.ContentType,
                Answer = Seal(answer.ToArray(), name, key),
                ExpiresAt = time.GetUtcNow() + Life,
            });
        }

        await answer.FlushAsync();
        await outside.WriteAsync(answer.ToArray(), context.RequestAborted);
    }

    private static async Task<byte[]> Body(HttpRequest request)
    {
        if (request.ContentLength is null or > LargestBody)
        {
            throw Problems.Malformed("body-too-large", $"body: with {Header} a Content-Length of at most {LargestBody} bytes is expected", StatusCodes.Status413PayloadTooLarge);
        }

        var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        body.Position = 0;
        request.Body = body;
        return body.ToArray();
    }

    private async Task<StoredAnswer?> Find(string name, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var context = db.Read();
        return await context.AdminAnswers.FirstOrDefaultAsync(row => row.KeyHash == name && row.ExpiresAt > now, cancellation);
    }

    private Task Keep(StoredAnswer answer)
    {
        var now = time.GetUtcNow();
        return db.Commit(context =>
        {
            context.RemoveAtOnce(context.AdminAnswers.Where(row => row.ExpiresAt <= now || row.KeyHash == answer.KeyHash));
            if (context.AdminAnswers.Count() >= MostRows)
            {
                var oldest = context.AdminAnswers.OrderBy(row => row.ExpiresAt).Take(MostRows / 10).Select(row => row.KeyHash);
                context.RemoveAtOnce(context.AdminAnswers.Where(row => oldest.Contains(row.KeyHash)));
            }

            context.AdminAnswers.Add(answer);
        }, CancellationToken.None);
    }

    private static Task Answer(HttpContext context, int status, string? contentType, byte[] body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static byte[] Seal(byte[] answer, string name, string key)
    {
        var sealedAnswer = new byte[NonceLength + TagLength + answer.Length];
        RandomNumberGenerator.Fill(sealedAnswer.AsSpan(0, NonceLength));
        using var cipher = Cipher(key);
        cipher.Encrypt(sealedAnswer.AsSpan(0, NonceLength), answer, sealedAnswer.AsSpan(NonceLength + TagLength), sealedAnswer.AsSpan(NonceLength, TagLength), Encoding.UTF8.GetBytes(name));
        return sealedAnswer;
    }

    private static byte[] Open(byte[] sealedAnswer, string name, string key)
    {
        var answer = new byte[sealedAnswer.Length - NonceLength - TagLength];
        using var cipher = Cipher(key);
        cipher.Decrypt(sealedAnswer.AsSpan(0, NonceLength), sealedAnswer.AsSpan(NonceLength + TagLength), sealedAnswer.AsSpan(NonceLength, TagLength), answer, Encoding.UTF8.GetBytes(name));
        return answer;
    }

    private static AesGcm Cipher(string key) =>
        new(HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(key), 32, info: "deviceacme idempotency answer"u8.ToArray()), TagLength);
}
