using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Bench.Enrollments;

/// <summary>One exchange with the server and the sizes of its bodies.</summary>
internal sealed record Exchange(string Name, int RequestBytes, int ReplyBytes);

/// <summary>
/// One account on one kept connection, which enrolls again and again with the seven exchanges that an enrollment cannot do without: newNonce,
/// newOrder, authorization, challenge, order, finalize, certificate. It does nothing else, so that the machine's time is the server's.
/// </summary>
internal sealed class EnrollmentClient : IDisposable
{
    private static readonly MediaTypeHeaderValue JoseJson = new("application/jose+json");
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly IEnrollmentKind _kind;
    private readonly TimeProvider _time;
    private readonly ECDsa _accountKey;
    private readonly JwsSigner _signer;
    private readonly DirectoryObject _directory;
    private readonly string _kid;
    private string? _nonce;

    private EnrollmentClient(HttpClient http, IEnrollmentKind kind, TimeProvider time, ECDsa accountKey, JwsSigner signer, DirectoryObject directory, string kid)
    {
        _http = http;
        _kind = kind;
        _time = time;
        _accountKey = accountKey;
        _signer = signer;
        _directory = directory;
        _kid = kid;
    }

    /// <summary>Told of each exchange.</summary>
    public Action<Exchange>? Seen { get; set; }

    /// <summary>Exchanges so far.</summary>
    public int Exchanges { get; private set; }

    /// <summary>Opens the connection and registers the account.</summary>
    public static async Task<EnrollmentClient> Open(HttpClient http, string directory, IEnrollmentKind kind, TimeProvider time, CancellationToken cancellation)
    {
        var accountKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            var signer = JwsSigner.For(accountKey);
            var client = new AcmeClient(http, directory, signer, new AcmeClientOptions { Time = time, UserAgent = "deviceacme-bench" });
            var account = await client.Register(new AccountRegistration { TermsOfServiceAgreed = true }, cancellation);
            return new EnrollmentClient(http, kind, time, accountKey, signer, await client.Directory(cancellation), account.Url);
        }
        catch (Exception failure)
        {
            http.Dispose();
            accountKey.Dispose();
            throw failure is AcmeClientException ? new BenchFailure($"{kind.Name}: no account: {failure.Message}") : failure;
        }
    }

    /// <summary>From newNonce to the certificate.</summary>
    public async Task Enroll(Candidate candidate, CancellationToken cancellation)
    {
        await NewNonce(cancellation);
        var (order, orderUrl) = await Post("newOrder", _directory.NewOrder, candidate.Order, AcmeJson.Default.OrderObject, cancellation);
        var (authorization, _) = await Post("authorization", order.Authorizations[0], [], AcmeJson.Default.AuthorizationObject, cancellation);
        var challenge = authorization.Challenges.FirstOrDefault(challenge => challenge.Type == _kind.ChallengeType)
            ?? throw new BenchFailure($"authorization: no {_kind.ChallengeType} is offered");
        var payload = _kind.Answer(candidate, challenge.Token!, KeyAuthorization.Of(challenge.Token!, _signer.Jwk!));
        await Post("challenge", challenge.Url, payload, AcmeJson.Default.ChallengeObject, cancellation);
        await _kind.Validated(challenge.Token!, cancellation);
        await UntilReady(orderUrl!, cancellation);
        var (finished, _) = await Post("finalize", order.Finalize, candidate.Finalize, AcmeJson.Default.OrderObject, cancellation);
        var certificate = finished.Certificate ?? throw new BenchFailure($"finalize: expected a valid order with a certificate, found {finished.Status}");
        var chain = await Send("certificate", certificate, [], cancellation);
        if (!chain.Body.AsSpan().StartsWith("-----BEGIN CERTIFICATE-----"u8))
        {
            throw new BenchFailure("certificate: the answer is no PEM chain");
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _accountKey.Dispose();
    }

    private async Task NewNonce(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, _directory.NewNonce);
        using var reply = await _http.SendAsync(request, cancellation);
        Count("newNonce", 0, 0);
        Keep(reply, "newNonce");
    }

    // the first look comes when the validation has all it needs; it is repeated where the server is not that far
    private async Task UntilReady(string orderUrl, CancellationToken cancellation)
    {
        var begin = _time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var (order, _) = await Post("order", orderUrl, [], AcmeJson.Default.OrderObject, cancellation);
            if (order.Status == "ready")
            {
                return;
            }

            if (order.Status != "pending" || _time.GetElapsedTime(begin) > Patience)
            {
                throw new BenchFailure($"order: expected ready, found {order.Status} {order.Error?.Detail}");
            }

            await Task.Delay(pause, _time, cancellation);
        }
    }

    private async Task<(T Value, string? Location)> Post<T>(string step, string url, byte[] payload, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var (body, location) = await Send(step, url, payload, cancellation);
        return (JsonSerializer.Deserialize(body, type) ?? throw new BenchFailure($"{step}: the answer is null"), location);
    }

    private async Task<(byte[] Body, string? Location)> Send(string step, string url, byte[] payload, CancellationToken cancellation)
    {
        var jws = _signer.Sign(url, payload, _nonce, _kid);
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(jws) };
        request.Content.Headers.ContentType = JoseJson;
        using var reply = await _http.SendAsync(request, cancellation);
        var body = await reply.Content.ReadAsByteArrayAsync(cancellation);
        Count(step, jws.Length, body.Length);
        Keep(reply, step);
        return reply.IsSuccessStatusCode
            ? (body, reply.Headers.Location?.OriginalString)
            : throw new BenchFailure($"{step}: HTTP {(int)reply.StatusCode} {Encoding.UTF8.GetString(body)}");
    }

    private void Keep(HttpResponseMessage reply, string step) =>
        _nonce = reply.Headers.TryGetValues("Replay-Nonce", out var values) ? values.First() : throw new BenchFailure($"{step}: HTTP {(int)reply.StatusCode} without a Replay-Nonce");

    private void Count(string step, int requestBytes, int replyBytes)
    {
        Exchanges++;
        Seen?.Invoke(new Exchange(step, requestBytes, replyBytes));
    }
}
