using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;

namespace DeviceAcme.Bench.Nodes;

/// <summary>Stands below one device's client and writes down what the server acknowledged, before the client knows of it.</summary>
internal sealed class NotingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private readonly ConcurrentDictionary<string, byte[]> _certificates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _orders = new(StringComparer.Ordinal);

    public string? Account { get; private set; }

    /// <summary>Orders whose creation was acknowledged.</summary>
    public IReadOnlyCollection<string> Orders => [.. _orders.Keys];

    /// <summary>Certificates that were downloaded, and the hash of their chain.</summary>
    public IReadOnlyDictionary<string, byte[]> Certificates => _certificates;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        var path = request.RequestUri!.AbsolutePath;
        if (answer.StatusCode == HttpStatusCode.Created && answer.Headers.Location?.OriginalString is { } location)
        {
            if (path.EndsWith("/new-account", StringComparison.Ordinal))
            {
                Account = location;
            }
            else if (path.EndsWith("/new-order", StringComparison.Ordinal))
            {
                _orders[location] = true;
            }
        }
        else if (answer.IsSuccessStatusCode && path.Contains("/cert/", StringComparison.Ordinal))
        {
            await answer.Content.LoadIntoBufferAsync(cancellationToken);
            _certificates[request.RequestUri.OriginalString] = SHA256.HashData(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
        }

        return answer;
    }
}
