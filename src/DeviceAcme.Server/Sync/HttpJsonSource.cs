using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Network;

namespace DeviceAcme.Server.Sync;

/// <summary>A list of devices as JSON over HTTP, page by page. Everything is bounded: octets of a page, devices, pages, time; pages lead to the same host alone.</summary>
internal sealed class HttpJsonSource(SourceSettings settings, SecretFolder secrets) : IInventorySource
{
    private const int MostPages = 10_000;
    private const int MaxDepth = 32;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    private readonly TrustedHttp _http = new(secrets, settings.ClientCertificate, settings.Ca, 1);

    public SourceSettings Settings => settings;

    public async Task<SourceAnswer> Ask(string? etag, Action<int> progress, CancellationToken cancellation)
    {
        using var whole = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        whole.CancelAfter(Longest);
        var devices = new List<SourceDevice>();
        var seen = new HashSet<Uri>();
        string? first = null;
        for (Uri? url = settings.Url; url is not null;)
        {
            if (!seen.Add(url) || seen.Count > MostPages)
            {
                throw new SourceFailedException(seen.Count > MostPages ? $"more than {MostPages} pages" : $"page {seen.Count} leads back to {url}");
            }

            var page = await Read(url, seen.Count == 1 ? etag : null, whole.Token, cancellation);
            if (page.Body is null)
            {
                return new SourceAnswer(null, etag);
            }

            first ??= page.ETag;
            using (page.Body)
            {
                Take(page.Body.RootElement, seen.Count, devices);
                url = Next(page, url);
            }

            progress(devices.Count);
        }

        // of several pages the first one's ETag says nothing about the others, unless somebody knows better
        return new SourceAnswer(devices, seen.Count == 1 || settings.ETagOfAll ? first : null);
    }

    private void Take(JsonElement page, int number, List<SourceDevice> devices)
    {
        var lists = settings.Devices is { } path ? path.Of(page).ToList() : [page];
        if (lists is not [{ ValueKind: JsonValueKind.Array } list])
        {
            throw new SourceFailedException($"page {number}: {settings.Devices?.Text ?? "the body"}: expected a list of devices, found {(lists is [var other] ? other.ValueKind.ToString() : "nothing")}");
        }

        if (devices.Count + list.GetArrayLength() > settings.MostDevices)
        {
            throw new SourceFailedException($"more than {settings.MostDevices} devices (most-devices)");
        }

        devices.AddRange(list.EnumerateArray().Select(settings.Map.Read));
    }

    private Uri? Next(Page page, Uri url)
    {
        var next = settings.Next is { } path
            ? path.Of(page.Body!.RootElement).Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!).FirstOrDefault(text => text.Length > 0)
            : page.NextLink;
        if (next is null)
        {
            return null;
        }

        // the secret goes along: to nobody else
        return Uri.TryCreate(url, next, out var following) && following.Scheme == url.Scheme && following.Authority == url.Authority && following.UserInfo.Length == 0
            ? following
            : throw new SourceFailedException($"the next page is said to be at {Excerpt.Of(next)}, which is not {url.Scheme}://{url.Authority}");
    }

    private async Task<Page> Read(Uri url, string? etag, CancellationToken whole, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(whole);
        bound.CancelAfter(settings.Timeout);
        try
        {
            using var request = Request(url, etag);
            using var response = await _http.Client().SendAsync(request, bound.Token);
            if (etag is not null && response.StatusCode == HttpStatusCode.NotModified)
            {
                return new Page(null, null, null);
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new SourceFailedException($"{url.AbsolutePath} answered with status {(int)response.StatusCode}{((int)response.StatusCode is >= 300 and < 400 ? "; redirects are not followed" : "")}");
            }

            return new Page(await Body(response, bound.Token), response.Headers.ETag?.ToString(), LinkOf(response));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new SourceFailedException(whole.IsCancellationRequested ? $"the whole list took longer than {Longest.TotalMinutes:0} minutes" : $"{url.AbsolutePath} gave no whole answer within {settings.Timeout.TotalSeconds:0} s (timeout)");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SecretMissingException)
        {
            throw new SourceFailedException(failure is HttpRequestException ? $"{failure.Message} {failure.GetBaseException().Message}" : failure.Message);
        }
    }

    private HttpRequestMessage Request(Uri url, string? etag)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        request.Headers.TryAddWithoutValidation("User-Agent", "DeviceAcme (inventory)");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        if (settings.Secret is { } name)
        {
            var secret = secrets.Read(name)[0];
            var sent = settings.Header is { } header ? request.Headers.TryAddWithoutValidation(header, secret) : request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {secret}");
            _ = sent ? true : throw new SourceFailedException($"header: {settings.Header} cannot carry the secret");
        }

        if (etag is not null && EntityTagHeaderValue.TryParse(etag, out var tag))
        {
            request.Headers.IfNoneMatch.Add(tag);
        }

        return request;
    }

    private async Task<JsonDocument> Body(HttpResponseMessage response, CancellationToken cancellation)
    {
        var most = settings.MostPageBytes;
        var body = new ArrayBufferWriter<byte>(64 * 1024);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        while (true)
        {
            var read = await stream.ReadAsync(body.GetMemory(64 * 1024), cancellation);
            if (read == 0)
            {
                break;
            }

            body.Advance(read);
            if (body.WrittenCount > most)
            {
                throw new SourceFailedException($"a page has more than {most / (1024 * 1024)} MiB (most-page-mebibytes)");
            }
        }

        try
        {
            return JsonDocument.Parse(body.WrittenMemory, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException malformed)
        {
            throw new SourceFailedException($"a page is not JSON: {malformed.Message}");
        }
    }

    // RFC 8288, as far as lists of pages use it
    private static string? LinkOf(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out var values))
        {
            return null;
        }

        foreach (var link in values.SelectMany(value => value.Split(',')))
        {
            var (open, close) = (link.IndexOf('<', StringComparison.Ordinal), link.IndexOf('>', StringComparison.Ordinal));
            if (open >= 0 && close > open && link[close..].Replace("\"", "", StringComparison.Ordinal).Split(';', StringSplitOptions.TrimEntries).Contains("rel=next"))
            {
                return link[(open + 1)..close];
            }
        }

        return null;
    }

    private sealed record Page(JsonDocument? Body, string? ETag, string? NextLink);
}
