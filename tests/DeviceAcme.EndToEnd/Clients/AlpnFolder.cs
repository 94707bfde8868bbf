using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>A TLS server for acme-tls/1 (RFC 8737), for clients that write their certificates as <c>NAME.crt.pem</c> and <c>NAME.key.pem</c> into a folder.</summary>
internal sealed class AlpnFolder : IAsyncDisposable
{
    private static readonly SslApplicationProtocol AcmeTls = new("acme-tls/1");

    private readonly string _folder;
    private readonly TcpListener _listener;
    private readonly Task _running;

    public AlpnFolder(string folder, int port)
    {
        _folder = folder;
        // both families on one socket
        _listener = TcpListener.Create(port);
        _listener.Start();
        _running = Accept();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _running;
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                await Answer(client);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task Answer(TcpClient client)
    {
        try
        {
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync((_, hello, _, _) => ValueTask.FromResult(Options(hello.ServerName)), null);
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException or CryptographicException or DirectoryNotFoundException)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"acme-tls/1: {refused.Message}");
        }
    }

    private SslServerAuthenticationOptions Options(string name)
    {
        using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(_folder, name + ".crt.pem"), Path.Combine(_folder, name + ".key.pem"));
        return new SslServerAuthenticationOptions
        {
            ServerCertificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null),
            ApplicationProtocols = [AcmeTls],
        };
    }
}
