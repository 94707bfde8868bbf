using System.Text.Json;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>A plain listener behind a proxy that ends TLS: public URLs come from <c>--url</c> and from nothing that a request says.</summary>
public sealed class ProxyTests : IAsyncLifetime
{
    private const string PublicUrl = "https://acme.example";

    private static readonly Dictionary<string, string> Spoofed = new()
    {
        ["X-Forwarded-Host"] = "evil.example",
        ["X-Forwarded-Proto"] = "http",
        ["X-Forwarded-For"] = "198.51.100.7",
        ["X-Forwarded-Prefix"] = "/evil",
        ["X-Original-Host"] = "evil.example",
        ["Forwarded"] = "for=198.51.100.7;host=evil.example;proto=http",
    };

    private readonly int _port = FreePorts.Take(1)[0];
    private RunningServer? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            ServerLog.ShowIfFailed(_server);
            await _server.DisposeAsync();
        }
    }

    [Theory, Spec("RFC 8555 §6.4"), InlineData(false), InlineData(true)]
    public async Task Forwarded_headers_change_neither_URLs_nor_what_signatures_are_checked_against(bool trusted)
    {
        var server = await Start(trusted ? ["--trusted-proxies", "127.0.0.0/8"] : []);
        using var http = new HttpClient(new ToListener(_port) { Headers = Spoofed });

        using var enrollee = await Enrollee.Register(server, "apple-device", http);
        var (order, chain) = await enrollee.EnrollMac("C02PROXY0001", Cancellation);

        string[] urls = [enrollee.Client.AccountUrl!, order.Url, order.Value.Finalize, order.Value.Certificate!, .. order.Value.Authorizations];
        urls.Should().OnlyContain(url => url.StartsWith(PublicUrl + "/acme/apple-device/", StringComparison.Ordinal));
        chain.Certificates.Should().HaveCountGreaterThan(1);
    }

    [Fact, Spec("RFC 8555 §7.1.1")]
    public async Task The_directory_names_the_public_URL_whatever_Host_says()
    {
        await Start([]);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{_port}/directory") { Headers = { Host = "evil.example" } };
        foreach (var (name, value) in Spoofed)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var answer = await http.SendAsync(request, Cancellation);

        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        text.Should().NotContain("evil").And.NotContain("http://");
        JsonElement.Parse(text).GetProperty("newNonce").GetString().Should().StartWith(PublicUrl + "/acme/");
    }

    private async Task<RunningServer> Start(IReadOnlyList<string> more)
    {
        _server = new RunningServer { Url = PublicUrl, Options = ["--listen", $"http://127.0.0.1:{_port}", .. more] };
        await _server.InitializeAsync();
        return _server;
    }
}
