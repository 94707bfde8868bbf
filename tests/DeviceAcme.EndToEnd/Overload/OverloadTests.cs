using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Overload;

/// <summary>More than a small server can do, and clients that hold connections and do nothing with them: the others are served.</summary>
public sealed class OverloadTests(OverloadTests.SmallServer server) : TestsOnServer(server.Server), IClassFixture<OverloadTests.SmallServer>
{
    private const int MostRequests = 2;
    private const int MostConnections = 400;
    private const int Storm = 150;
    private const int MostStorms = 10;

    [Fact]
    public async Task A_storm_is_answered_503_with_Retry_After_and_a_nonce_and_the_next_request_is_served()
    {
        using var http = Server.Client();
        List<byte[]> signed;
        HttpResponseMessage[] answers;
        var storms = 0;
        do
        {
            // who sends shares the processors with the server: signatures and connections are made before, and a storm that came too slowly is made again
            signed = await SignNewAccounts(http);
            answers = await Task.WhenAll(signed.Select(request => Post(http, request)));
        }
        while (++storms < MostStorms && !answers.Any(answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable));

        var refused = answers.Where(answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable).ToList();
        refused.Should().NotBeEmpty("two are worked on and eight wait");
        refused.Should().OnlyContain(answer => answer.Headers.RetryAfter!.Delta > TimeSpan.Zero && answer.Headers.Contains("Replay-Nonce"));
        Server.Log.Split("were told to come again").Should().HaveCountLessThan(5, "a storm is not a storm of log lines");
        (await refused[0].Content.ReadAsStringAsync(Cancellation)).Should().Contain("server-busy").And.Contain("rateLimited");
        answers.Except(refused).Should().NotBeEmpty().And.OnlyContain(answer => answer.IsSuccessStatusCode);

        // nothing of what was refused is done: its nonce is good still
        using var again = await Post(http, signed[Array.IndexOf(answers, refused[0])]);
        again.IsSuccessStatusCode.Should().BeTrue();
    }

    [Fact]
    public async Task Slow_and_silent_clients_hold_nobody_up_and_are_sent_away()
    {
        var slow = new List<Stream>();
        try
        {
            // bodies that do not come, more than requests are worked on and wait
            for (var number = 0; number < 30; number++)
            {
                slow.Add(await Tls("POST /acme/tls-server/new-account HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jose+json\r\nContent-Length: 20000\r\n\r\n{"));
            }

            // headers that do not end, handshakes that do not begin or go on
            for (var number = 0; number < 30; number++)
            {
                slow.Add(await Tls("GET /directory HTTP/1.1\r\nHost: localhost\r\nX-Slow: a"));
                slow.Add(await Plain([]));
                slow.Add(await Plain([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]));
            }

            using var http = Server.Client();
            var since = Stopwatch.GetTimestamp();
            await Register(http);
            Stopwatch.GetElapsedTime(since).Should().BeLessThan(TimeSpan.FromSeconds(8), "they would be gone after ten");

            // handshakes are given up after 10 seconds, headers too, bodies after five without enough octets
            foreach (var stream in slow)
            {
                await Ends(stream);
            }
        }
        finally
        {
            slow.ForEach(stream => stream.Dispose());
        }
    }

    [Fact]
    public async Task Huge_headers_are_refused()
    {
        await using var stream = await Tls($"GET /directory HTTP/1.1\r\nHost: localhost\r\nX-Huge: {new string('a', 40_000)}\r\n\r\n");
        using var reader = new StreamReader(stream, Encoding.ASCII);

        (await reader.ReadLineAsync(Cancellation)).Should().Contain("431");
    }

    [Fact]
    public async Task One_address_does_not_get_all_connections_and_other_listeners_have_their_own()
    {
        var held = new List<Stream>();
        try
        {
            var closed = 0;
            for (var number = 0; number < MostConnections; number++)
            {
                try
                {
                    held.Add(await Plain([]));
                }
                catch (Exception away) when (away is SocketException or IOException)
                {
                    // sent away before it was quite there
                    closed++;
                }
            }

            foreach (var stream in held)
            {
                closed += await IsClosed(stream) ? 1 : 0;
            }

            // connections of earlier tests may still be on their way out
            closed.Should().BeInRange((MostConnections / 2) - 20, MostConnections - 50);
            using var plain = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            using var admin = await plain.GetAsync(new Uri($"{Server.AdminUrl}/admin/v1/devices"), Cancellation);
            admin.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        }
        finally
        {
            held.ForEach(stream => stream.Dispose());
        }

        using var http = Server.Client();
        await Eventually(() => Register(http));
    }

    [Fact]
    public async Task A_flood_of_handshakes_leaves_time_for_the_others()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var flood = Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    try
                    {
                        await (await Tls("")).DisposeAsync();
                    }
                    catch (Exception full) when (full is IOException or SocketException)
                    {
                        // sent away: the next one
                        await Task.Yield();
                    }
                }
            },
            CancellationToken.None)).ToList();

        using var http = Server.Client();
        for (var number = 0; number < 10; number++)
        {
            await Register(http);
        }

        await stop.CancelAsync();
        await Task.WhenAll(flood);
    }

    /// <summary>Requests for new accounts, each of its own key; asking for all nonces at once leaves a connection for each behind, and a refusal has a nonce too.</summary>
    private async Task<List<byte[]>> SignNewAccounts(HttpClient http)
    {
        var heads = await Task.WhenAll(Enumerable.Range(0, Storm).Select(_ => http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"{Server.Url}/acme/tls-server/new-nonce"), Cancellation)));
        return [.. heads.Select(head =>
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return JwsSigner.For(key).Sign(NewAccountUrl, """{"termsOfServiceAgreed":true}"""u8, head.Headers.GetValues("Replay-Nonce").Single(), kid: null);
        })];
    }

    private string NewAccountUrl => $"{Server.Url}/acme/tls-server/new-account";

    private async Task<HttpResponseMessage> Post(HttpClient http, byte[] signed)
    {
        using var content = new ByteArrayContent(signed);
        content.Headers.ContentType = new("application/jose+json");
        return await http.PostAsync(new Uri(NewAccountUrl), content, Cancellation);
    }

    private async Task Register(HttpClient http)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await new AcmeClient(http, Server.DirectoryUrl, JwsSigner.For(key), new AcmeClientOptions { Time = TimeProvider.System }).Register(new AccountRegistration { TermsOfServiceAgreed = true }, Cancellation);
    }

    private static async Task Eventually(Func<Task> action)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await action();
                return;
            }
            catch (AcmeClientException) when (attempt < 50)
            {
                await Task.Delay(100, Cancellation);
            }
        }
    }

    private async Task<Stream> Plain(byte[] first)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("localhost", new Uri(Server.Url).Port, Cancellation);
            var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(first, Cancellation);
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Stream> Tls(string first)
    {
        var tls = new SslStream(await Plain([]), false, (_, _, _, _) => true);
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, Cancellation);
            await tls.WriteAsync(Encoding.ASCII.GetBytes(first), Cancellation);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static async Task Ends(Stream stream)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(40));
        var buffer = new byte[1024];
        try
        {
            while (await stream.ReadAsync(buffer, patience.Token) > 0)
            {
                // an answer may come before the end
            }
        }
        catch (IOException)
        {
            // reset is an end too
            return;
        }
    }

    private static async Task<bool> IsClosed(Stream stream)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        moment.CancelAfter(TimeSpan.FromMilliseconds(20));
        try
        {
            return await stream.ReadAsync(new byte[1], moment.Token) == 0;
        }
        catch (IOException)
        {
            return true;
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>A server that little is too much for.</summary>
    public sealed class SmallServer : IAsyncLifetime
    {
        public RunningServer Server { get; } = new() { Options = ["--max-requests", $"{MostRequests}", "--max-connections", $"{MostConnections}"] };

        public ValueTask InitializeAsync() => Server.InitializeAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
