using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Security.Authentication;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Protocol.Client;

/// <summary>Signed requests to one server: nonces, retries after <c>badNonce</c>, bounds, and faults that say what was being done.</summary>
internal sealed class AcmeConnection(HttpClient http, AcmeClientOptions options)
{
    private const string JoseJson = "application/jose+json";
    private const int MaxAnswerBytes = 1024 * 1024;
    private const int FirstBuffer = 8 * 1024;
    private const int MaxNonceRetries = 4;
    private const int MaxNonces = 32;

    private readonly ConcurrentStack<string> _nonces = new();

    public Task<AcmeAnswer> Get(string step, string url, CancellationToken cancellation) =>
        Exchange(step, new HttpRequestMessage(HttpMethod.Get, Absolute(step, url)), cancellation);

    /// <summary>Signs and posts; the answer is not judged, but <c>badNonce</c> is tried again with the nonce that came with it (RFC 8555 §6.5).</summary>
    public async Task<AcmeAnswer> Post(string step, string url, byte[] payload, JwsSigner signer, string? kid, string newNonceUrl, CancellationToken cancellation)
    {
        payload = options.PayloadTransform?.Invoke(step, payload) ?? payload;
        for (var attempt = 0; ; attempt++)
        {
            var nonce = await TakeNonce(newNonceUrl, cancellation);
            var request = new HttpRequestMessage(HttpMethod.Post, Absolute(step, url))
            {
                Content = new ByteArrayContent(signer.Sign(url, payload, nonce, kid)),
            };
            // RFC 8555 §6.2: exactly this media type, without parameters
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(JoseJson);
            var answer = await Exchange(step, request, cancellation);
            if (answer.Problem?.Type != Problems.Namespace + "badNonce" || attempt == MaxNonceRetries)
            {
                return answer;
            }
        }
    }

    /// <summary>Sends a request as it is; nothing is signed and nothing is tried again.</summary>
    public Task<AcmeAnswer> Send(string step, HttpRequestMessage request, CancellationToken cancellation) => Exchange(step, request, cancellation);

    /// <summary>A nonce that was not used yet (RFC 8555 §7.2).</summary>
    public Task<string> NewNonce(string newNonceUrl, CancellationToken cancellation) => TakeNonce(newNonceUrl, cancellation);

    /// <summary>Posts JSON that nobody signs, as the attestation CA takes it.</summary>
    public Task<AcmeAnswer> PostJson(string step, string url, byte[] json, CancellationToken cancellation)
    {
        json = options.PayloadTransform?.Invoke(step, json) ?? json;
        var request = new HttpRequestMessage(HttpMethod.Post, Absolute(step, url)) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return Exchange(step, request, cancellation);
    }

    private async Task<string> TakeNonce(string newNonceUrl, CancellationToken cancellation)
    {
        if (_nonces.TryPop(out var kept))
        {
            return kept;
        }

        const string Step = "newNonce";
        var answer = await Exchange(Step, new HttpRequestMessage(HttpMethod.Head, Absolute(Step, newNonceUrl)), cancellation);
        answer.RequireSuccess();
        return _nonces.TryPop(out var fresh)
            ? fresh
            : throw new AcmeClientException(Step, $"{newNonceUrl} answered without a Replay-Nonce header (RFC 8555 §7.2)", status: answer.Status);
    }

    private async Task<AcmeAnswer> Exchange(string step, HttpRequestMessage request, CancellationToken cancellation)
    {
        var url = request.RequestUri!.OriginalString;
        var start = options.Time.GetTimestamp();
        AcmeAnswer? answer = null;
        using var patience = new CancellationTokenSource(options.RequestTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            // RFC 8555 §6.1: both, the one a MUST and the other a SHOULD
            request.Headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
            request.Headers.TryAddWithoutValidation("Accept-Language", "en");
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            answer = new AcmeAnswer(step, response, await ReadBounded(step, url, response, either.Token));
            Keep(answer.ReplayNonce);
            return answer;
        }
        catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
        {
            throw new AcmeClientException(step, $"{request.Method} {url}: no answer within {options.RequestTimeout.TotalSeconds:0.#} s", inner: fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new AcmeClientException(step, $"{request.Method} {url}: {Cause(fault)}", inner: fault);
        }
        finally
        {
            options.OnStep?.Invoke(new AcmeStep(step, request.Method.Method, url, answer?.Status, options.Time.GetElapsedTime(start)) { Answer = answer });
            request.Dispose();
        }
    }

    private static async Task<byte[]> ReadBounded(string step, string url, HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBuffer);
        try
        {
            var length = 0;
            int read;
            while ((read = await body.ReadAsync(buffer.AsMemory(length), cancellation)) > 0)
            {
                length += read;
                if (length > MaxAnswerBytes)
                {
                    throw new AcmeClientException(step, $"{url} answered more than {MaxAnswerBytes} bytes", status: (int)response.StatusCode);
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(2 * length);
                    buffer.AsSpan().CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return buffer.AsSpan(0, length).ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Keep(string? nonce)
    {
        if (nonce is { Length: > 0 } && Base64Url.IsValid(nonce) && _nonces.Count < MaxNonces)
        {
            _nonces.Push(nonce);
        }
    }

    private static Uri Absolute(string step, string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
            ? uri
            : throw new AcmeClientException(step, $"expected an https URL, found '{url}'");

    private static string Cause(Exception fault) => fault switch
    {
        { InnerException: AuthenticationException } => "the server's TLS certificate is not trusted here; name the CA's root",
        { InnerException: { } inner } => inner.Message,
        _ => fault.Message,
    };
}
