using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DeviceAcme.Tests.Simulator;

/// <summary>A small server on loopback that speaks TLS and answers each path as a test wants: with octets, or never.</summary>
internal sealed class BadServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, string?> _answer;
    private readonly X509Certificate2 _certificate;
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _serving = [];

    /// <param name="answer">Given <c>METHOD /path</c>, the whole answer; null never answers.</param>
    /// <param name="now">When its certificate is valid.</param>
    public BadServer(Func<string, string?> answer, DateTimeOffset now)
    {
        _answer = answer;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        _certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        _listener.Start();
        _ = Task.Run(Accept);
    }

    public string Url => $"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>PEM of the root to trust.</summary>
    public string Root => _certificate.ExportCertificatePem();

    public static string Json(string status, string body, params string[] headers) => Answer(status, "application/json", body, headers);

    public static string Answer(string status, string mediaType, string body, params string[] headers) =>
        $"HTTP/1.1 {status}\r\nContent-Type: {mediaType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{string.Concat(headers.Select(header => header + "\r\n"))}\r\n{body}";

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        _listener.Dispose();
        _certificate.Dispose();
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                // kept, or a connection that waits for ever is collected and ends
                _serving.Add(Serve(await _listener.AcceptTcpClientAsync()));
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(_certificate);
                while (await ReadRequest(tls) is { } request)
                {
                    if (_answer(request) is { } answer)
                    {
                        await tls.WriteAsync(Encoding.UTF8.GetBytes(answer));
                        continue;
                    }

                    await Task.Delay(Timeout.Infinite, _end.Token);
                }
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
            {
                // the client did not like what it got: that is what these tests are about
                return;
            }
        }
    }

    // the first line's method and path; the body is read and forgotten
    private static async Task<string?> ReadRequest(SslStream tls)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await tls.ReadAsync(one) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var lines = head.ToString().Split("\r\n");
        var length = lines.FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } header ? int.Parse(header.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture) : 0;
        await tls.ReadExactlyAsync(new byte[length]);
        return string.Join(' ', lines[0].Split(' ')[..2]);
    }
}
