using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Hosting;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>The receiver of docs/webhooks.md does what the page says.</summary>
[Needs("python3")]
public sealed class WebhookPageTests : IAsyncLifetime
{
    private readonly int _port = FreePorts.Take(1)[0];
    private ProfilesWithWebhook? _profiles;
    private Process? _receiver;

    private Uri Url => new($"http://127.0.0.1:{_port}/");

    public async ValueTask InitializeAsync()
    {
        _profiles = new ProfilesWithWebhook(Url);
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "docs", "webhooks.md"));
        var program = Path.Combine(_profiles.Folder, "receiver.py");
        await File.WriteAllTextAsync(program, page.Split("```python\n")[1].Split("```")[0]);
        _receiver = Process.Start(new ProcessStartInfo("python3", [program, _port.ToString(CultureInfo.InvariantCulture), _profiles.SecretFile]) { RedirectStandardError = true })!;
        for (var tries = 0; !await Listens(); tries++)
        {
            tries.Should().BeLessThan(600, "the receiver starts");
            await Task.Delay(50);
        }
    }

    public ValueTask DisposeAsync()
    {
        _receiver?.Kill(entireProcessTree: true);
        _receiver?.Dispose();
        _profiles?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_receiver_of_the_page_is_understood_and_refuses_what_is_old_repeated_or_not_signed()
    {
        await using var server = await RunningServerOnLoopback.Start(_profiles!.Configure);
        var tried = await Terminal.Run(server, "webhook", "test", "apple-device", "cmdb");
        tried.Code.Should().Be(0, tried.Output + tried.Talk);
        tried.Output.Should().Contain("webhook.cmdb.department = unknown");

        const string Body = """{"delivery":"d","attempt":1,"verdict":{"facts":[{"name":"device.serial","value":"C02SIM000666","proven":true}]}}""";
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        (await Send(Body, now)).Should().Match<(HttpStatusCode Status, string Text)>(answer => answer.Status == HttpStatusCode.OK && answer.Text.Contains("reported stolen"));
        (await Send(Body, now)).Should().Be((HttpStatusCode.Conflict, """{"reason": "webhook-replayed"}"""));
        (await Send(Body.Replace("\"d\"", "\"e\"", StringComparison.Ordinal), now.AddMinutes(-6))).Should().Be((HttpStatusCode.Unauthorized, """{"reason": "webhook-timestamp"}"""));
        (await Send(Body, now, "another secret")).Should().Be((HttpStatusCode.Unauthorized, """{"reason": "webhook-signature"}"""));
    }

    private async Task<(HttpStatusCode Status, string Text)> Send(string body, DateTimeOffset at, string secret = Receiver.Secret)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, Url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var timestamp = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("DeviceAcme-Timestamp", timestamp);
        request.Headers.Add("DeviceAcme-Signature", "v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}"))));
        using var answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<bool> Listens()
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
