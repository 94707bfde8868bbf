using System.Net;
using System.Text;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Network;

/// <summary>http-01 (RFC 8555 §8.3, RFC 8738 §4): fetches the key authorization from the well-known path.</summary>
/// <param name="port">80, or what the operator chose for a trial.</param>
internal sealed class Http01Validator(OutboundConnector connector, ValidationRun run, int port) : IChallengeValidator
{
    private const int MaxRedirects = 10;
    private const int MaxSurplusOctets = 1024;

    public string Type => "http-01";

    public Task<Problem?> Validate(ValidationTarget target, CancellationToken cancellation) =>
        run.Run(target, Type, attempt => Fetch(target, attempt), cancellation);

    private async Task Fetch(ValidationTarget target, ValidationAttempt attempt)
    {
        var first = FirstUrl(target);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var url = first; ;)
        {
            if (seen.Count > MaxRedirects)
            {
                throw Problems.Connection("http-too-many-redirects", $"more than {MaxRedirects} redirects from {first}; the last one leads to {Shown(url)}");
            }

            if (!seen.Add(url.AbsoluteUri))
            {
                throw Problems.Connection("http-redirect-loop", $"the redirects from {first} lead to {Shown(url)} twice");
            }

            using var connection = await connector.Connect(Host(url), url.Port, attempt);
            attempt.Step = $"waiting for the answer of {Shown(url)} at {connection.Peer}";
            using var client = new HttpMessageInvoker(CheckedHttp.Handler(connection.Socket));
            using var response = await Send(client, url, connection.Peer, attempt.Cancellation);
            if (IsRedirect(response.StatusCode))
            {
                url = RedirectTarget(url, response, connection.Peer);
                continue;
            }

            // Another host did not ask to have its pages shown to whoever redirected here.
            var mayQuote = Host(url).Equals(Host(first), StringComparison.OrdinalIgnoreCase) && url.Port == first.Port;
            await CheckAnswer(target, url, response, connection.Peer, mayQuote, attempt.Cancellation);
            return;
        }
    }

    private Uri FirstUrl(ValidationTarget target)
    {
        var value = target.Identifier.Value;
        var host = target.Identifier.Type == AcmeIdentifier.Ip && value.Contains(':') ? $"[{value}]" : value;
        return Uri.TryCreate($"http://{host}:{port}/.well-known/acme-challenge/{target.Token}", UriKind.Absolute, out var url)
            ? url
            : throw Problems.RejectedIdentifier("identifier-not-fetchable", $"{Excerpt.Of(value)} cannot stand in an http URL");
    }

    private static async Task<HttpResponseMessage> Send(HttpMessageInvoker client, Uri url, IPEndPoint peer, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.TryAddWithoutValidation("User-Agent", "DeviceAcme (http-01 validation)");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        request.Headers.ConnectionClose = true;
        try
        {
            return await client.SendAsync(request, cancellation);
        }
        catch (HttpRequestException failed)
        {
            throw Failed(failed.HttpRequestError, failed, url, peer);
        }
    }

    private Uri RedirectTarget(Uri from, HttpResponseMessage response, IPEndPoint peer)
    {
        var locations = response.Headers.NonValidated.TryGetValues("Location", out var values) ? values.ToArray() : [];
        var at = $"{Shown(from)} at {peer} answered with status {(int)response.StatusCode}";
        if (locations.Length != 1 || !Uri.TryCreate(from, locations[0], out var target))
        {
            throw Problems.IncorrectResponse("http-redirect-invalid", $"{at}, but not with exactly one Location that is a URL");
        }

        if (target.Scheme != Uri.UriSchemeHttp && target.Scheme != Uri.UriSchemeHttps)
        {
            throw Problems.IncorrectResponse("http-redirect-scheme", $"{at} and leads to {Excerpt.Of(locations[0])}; only http and https are followed");
        }

        if (target.Port != 80 && target.Port != 443 && target.Port != port)
        {
            throw Problems.IncorrectResponse("http-redirect-port", $"{at} and leads to {Excerpt.Of(locations[0])}; only ports 80 and 443 are followed");
        }

        return target.UserInfo.Length == 0
            ? target
            : throw Problems.IncorrectResponse("http-redirect-invalid", $"{at} and leads to a URL with a user name, which is not followed");
    }

    private static async Task CheckAnswer(
        ValidationTarget target, Uri url, HttpResponseMessage response, IPEndPoint peer, bool mayQuote, CancellationToken cancellation)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw Problems.IncorrectResponse("http-status", $"{Shown(url)} at {peer} answered with status {(int)response.StatusCode}, expected was 200");
        }

        var expected = Encoding.ASCII.GetBytes(target.KeyAuthorization);
        var body = new byte[expected.Length + MaxSurplusOctets + 1];
        var length = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellation);
        }
        catch (HttpIOException failed)
        {
            throw Failed(failed.HttpRequestError, failed, url, peer);
        }
        catch (IOException failed)
        {
            throw Failed(HttpRequestError.Unknown, failed, url, peer);
        }

        // RFC 8555 §8.3: whitespace at the end is ignored.
        var answer = body.AsMemory(0, length).TrimEnd(" \t\r\n"u8);
        if (length == body.Length)
        {
            throw Problems.IncorrectResponse(
                "http-body-too-long", $"{Shown(url)} at {peer} answered with more than {length - 1} octets, expected was the key authorization of {expected.Length}");
        }

        if (!answer.Span.SequenceEqual(expected))
        {
            var found = mayQuote ? Excerpt.Of(answer.Span) : $"{answer.Length} other octets";
            throw Problems.IncorrectResponse("http-key-authorization", $"{Shown(url)} at {peer} answered {found}, expected was {Excerpt.Of(expected)}");
        }
    }

    private static ProblemException Failed(HttpRequestError error, Exception cause, Uri url, IPEndPoint peer)
    {
        var at = $"{Shown(url)} at {peer}";
        var why = Excerpt.Of(cause.GetBaseException().Message);
        return error switch
        {
            HttpRequestError.SecureConnectionError => Problems.Tls("tls-handshake", $"the TLS handshake for {at} failed: {why}"),
            HttpRequestError.ConfigurationLimitExceeded => Problems.IncorrectResponse("http-header-too-long", $"the header of {at} is longer than {CheckedHttp.MaxHeaderKibibytes} KiB"),
            HttpRequestError.InvalidResponse => Problems.IncorrectResponse("http-malformed", $"the answer of {at} is not HTTP/1.1: {why}"),
            _ => Problems.Connection("connection-broken", $"the connection for {at} broke before the whole answer: {why}"),
        };
    }

    private static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    private static string Host(Uri url) => url.HostNameType == UriHostNameType.IPv6 ? url.Host[1..^1] : url.IdnHost;

    private static string Shown(Uri url) => Excerpt.Of(url.AbsoluteUri);
}
