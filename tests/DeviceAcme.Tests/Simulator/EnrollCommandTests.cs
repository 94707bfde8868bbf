using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class EnrollCommandTests : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly string _folder = Directory.CreateTempSubdirectory("device-sim-test-").FullName;
    private readonly X509Certificate2 _certificate;

    public EnrollCommandTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(Now.AddHours(-1), Now.AddHours(1));
        _certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        File.WriteAllText(Path.Combine(_folder, "root.pem"), _certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "other.pem"), X509CertificateLoader.LoadCertificate(new DeviceAcme.Simulator.Vendors.FakeVendors("x").Apple.Root.Certificate).ExportCertificatePem());
    }

    public void Dispose()
    {
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Where_nobody_listens_it_says_so_and_ends_with_2()
    {
        var (code, talk) = await Enroll("root.pem", port: 1);

        code.Should().Be(2);
        talk.Should().Contain("error: directory: GET https://localhost:1/directory:").And.Contain("hint:");
    }

    [Fact]
    public async Task A_server_of_another_CA_is_2_and_never_spoken_to()
    {
        using var server = Serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");

        var (code, talk) = await Enroll("other.pem", Port(server));

        code.Should().Be(2);
        talk.Should().Contain("not trusted");
    }

    [Fact]
    public async Task A_page_for_people_is_no_directory_and_ends_with_2()
    {
        using var server = Serve("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>");

        var (code, talk) = await Enroll("root.pem", Port(server));

        code.Should().Be(2);
        talk.Should().Contain("<html>").And.Contain("application/json was expected");
    }

    [Fact]
    public async Task A_problem_of_the_server_is_a_refusal_and_ends_with_1()
    {
        const string Body = """{"type":"urn:ietf:params:acme:error:serverInternal","detail":"not today","reason":"closed"}""";
        using var server = Serve($"HTTP/1.1 503 Busy\r\nContent-Type: application/problem+json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");

        var (code, talk) = await Enroll("root.pem", Port(server));

        code.Should().Be(1);
        talk.Should().Contain("not today").And.Contain("reason code is closed");
    }

    [Fact]
    public async Task A_silent_server_ends_within_the_time_limit()
    {
        using var server = Serve(null);
        var watch = Stopwatch.StartNew();

        var (code, talk) = await Enroll("root.pem", Port(server), "--timeout", "2");

        code.Should().Be(2);
        talk.Should().Contain("not done within 2 s");
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(15));
    }

    [Theory, Spec("RFC 7518 §3.4"), InlineData(0, 0, 62), InlineData(0, 9, 63), InlineData(9, 0, 63), InlineData(9, 9, 64)]
    public void A_Mac_leaves_leading_zeros_of_its_signatures_out(byte r, byte s, int length)
    {
        byte[] signature = [r, .. new byte[31], s, .. new byte[31]];

        AttestingDevice.ShortSignature(signature).Should().HaveCount(length);
    }

    private async Task<(int Code, string Talk)> Enroll(string ca, int port, params string[] more)
    {
        using var talk = new StringWriter();
        using var data = new StringWriter();
        var code = await CommandLine.Run(
            ["enroll", "--kind", "mac", "--seed", "tests", "--ca", Path.Combine(_folder, ca), "--out", Path.Combine(_folder, "out"), "--directory", $"https://localhost:{port}/directory", .. more],
            new Terminal(data, talk), TimeProvider.System);
        talk.ToString().Should().NotContain("   at ", "nobody wants a stack trace");
        data.ToString().Should().BeEmpty("stdout is data");
        return (code, talk.ToString());
    }

    private static int Port(TcpListener server) => ((IPEndPoint)server.LocalEndpoint).Port;

    /// <summary>Speaks TLS and answers each request with the same octets; with null, never.</summary>
    private TcpListener Serve(string? answer)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    _ = Answer(await listener.AcceptTcpClientAsync(), answer);
                }
            }
            catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
            {
                return;
            }
        });
        return listener;
    }

    private async Task Answer(TcpClient client, string? answer)
    {
        using (client)
        {
            try
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(_certificate);
                var request = new byte[4096];
                while (await tls.ReadAsync(request) > 0)
                {
                    if (answer is not null)
                    {
                        await tls.WriteAsync(Encoding.ASCII.GetBytes(answer));
                    }
                }
            }
            catch (Exception gone) when (gone is IOException or System.Security.Authentication.AuthenticationException)
            {
                // the client did not like us: that is what some tests are about
                return;
            }
        }
    }
}
