using System.Net;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Network;

/// <summary>What came of a download: the octets, or why there are none.</summary>
internal sealed record Downloaded(byte[]? Content, string? Failure);

/// <summary>
/// Fetches one issuer certificate (RFC 5280 §4.2.2.1) over plain HTTP: no redirects, no proxy, a bounded answer in bounded time, and only from
/// addresses that validation may reach. Which hosts are asked at all is the caller's to know.
/// </summary>
/// <param name="port">80, or what a test chose; the URL's own port is always 80.</param>
internal sealed class IssuerDownload(OutboundConnector connector, TimeSpan longest, int port = 80)
{
    /// <summary>No CA certificate comes near this.</summary>
    public const int MaxOctets = 32 * 1024;

    public async Task<Downloaded> Get(Uri url, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(longest);
        var attempt = new ValidationAttempt(bound.Token);
        try
        {
            using var connection = await connector.Connect(url.IdnHost, port, attempt);
            attempt.Step = $"waiting for the answer at {connection.Peer}";
            using var client = new HttpMessageInvoker(CheckedHttp.Handler(connection.Socket));
            using var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            request.Headers.TryAddWithoutValidation("User-Agent", "DeviceAcme (issuer certificates)");
            request.Headers.ConnectionClose = true;
            using var response = await client.SendAsync(request, bound.Token);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return new Downloaded(null, $"status {(int)response.StatusCode}; redirects are not followed");
            }

            var content = new byte[MaxOctets + 1];
            await using var stream = await response.Content.ReadAsStreamAsync(bound.Token);
            var length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, bound.Token);
            return length > MaxOctets ? new Downloaded(null, $"more than {MaxOctets} octets") : new Downloaded(content[..length], null);
        }
        catch (ProblemException refusal)
        {
            return new Downloaded(null, refusal.Problem.Detail);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return new Downloaded(null, failure.GetBaseException().Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Downloaded(null, $"no answer within {longest.TotalSeconds:0.#} s; it was {attempt.Step}");
        }
    }
}
