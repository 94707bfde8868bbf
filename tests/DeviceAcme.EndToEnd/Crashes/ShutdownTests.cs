using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Crashes;

public sealed class ShutdownTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    [Fact]
    public async Task A_request_that_was_accepted_before_the_signal_is_answered_after_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGTERM");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var http = Server.Client();
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"{Server.Url}/acme/tls-server/new-nonce"), Cancellation);
        var url = $"{Server.Url}/acme/tls-server/new-account";
        var body = JwsSigner.For(key).Sign(url, """{"termsOfServiceAgreed":true}"""u8, head.Headers.GetValues("Replay-Nonce").Single(), kid: null);
        using var connection = await Connect();
        await using var tls = new SslStream(connection.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /acme/tls-server/new-account HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jose+json\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\n\r\n"), Cancellation);
        // the server asks for the body when a handler wants it: then the request is accepted
        var answer = new StreamReader(tls, Encoding.ASCII);
        (await answer.ReadLineAsync(Cancellation)).Should().Be("HTTP/1.1 100 Continue");
        (await answer.ReadLineAsync(Cancellation)).Should().BeEmpty();

        var ended = Server.Process.Terminate();
        await UntilNobodyListens();
        await tls.WriteAsync(body, Cancellation);

        (await answer.ReadLineAsync(Cancellation)).Should().Be("HTTP/1.1 201 Created");
        (await ended).Should().Be(0);
        Server.Process.Error.Should().NotContain("error", "a stop that was asked for is no failure");

        await Server.Start();
        using var again = Server.Client();
        var client = new AcmeClient(again, Server.DirectoryUrl, JwsSigner.For(key), new AcmeClientOptions { Time = TimeProvider.System });
        var account = await client.Register(new AccountRegistration { OnlyReturnExisting = true }, Cancellation);
        account.Value.Status.Should().Be("valid");
    }

    private async Task<TcpClient> Connect()
    {
        var connection = new TcpClient();
        await connection.ConnectAsync("localhost", new Uri(Server.Url).Port, Cancellation);
        return connection;
    }

    private async Task UntilNobodyListens()
    {
        while (true)
        {
            try
            {
                using var connection = await Connect();
            }
            catch (SocketException)
            {
                return;
            }

            await Task.Delay(20, Cancellation);
        }
    }
}
