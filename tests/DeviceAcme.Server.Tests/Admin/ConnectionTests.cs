using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Cli;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme</c> and a server elsewhere: how it is named, what is trusted, and what is said where that fails.</summary>
public sealed class ConnectionTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;
    private RunningServerOnLoopback _server = null!;

    private string Root => Path.Combine(_server.DataDirectory, "ca", "root.pem");

    public async ValueTask InitializeAsync() =>
        _server = await RunningServerOnLoopback.Start(options => options with { Url = new Uri("https://localhost"), AdminUrl = new Uri($"https://{IPAddress.Loopback}:0") });

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task A_server_elsewhere_is_named_by_options()
    {
        var file = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(file, _server.Token + "\n", TestContext.Current.CancellationToken);

        (await Self("--url", $"{_server.Admin}", "--ca", Root, "--token", _server.Token)).Should().Be((0, $"local: administrator{Environment.NewLine}", ""));
        (await Self("--url", $"{_server.Admin}", "--ca", Root, "--token-file", file)).Code.Should().Be(0);
        (await Self("--url", $"{_server.Admin}", "--ca", Root, "--token", _server.Token, "--token-file", file)).Code.Should().Be(0);
    }

    [Theory]
    [InlineData("--url https://localhost:1", 2, "no credential is named", "--token-file")]
    [InlineData("--url http://acme.example --token t", 2, "--url: expected an https URL", null)]
    [InlineData("--url https://localhost:1 --token t --ca /nowhere", 2, "--ca: no file", null)]
    [InlineData("--url https://localhost:1 --token-file /nowhere", 2, "--token-file: no file", null)]
    [InlineData("--url https://localhost:1 --client-certificate a.pem", 2, "belong together", null)]
    [InlineData("--url https://localhost:1 --token t --pin 00", 2, "--pin: expected 64 hex digits", "openssl x509")]
    [InlineData("--url https://localhost:1 --token t", 1, "cannot be reached", "--admin-url")]
    [InlineData("--data /nowhere --token t", 1, "--token is of no use", "--url")]
    [InlineData("--data /nowhere", 1, "no server runs on the data directory '/nowhere'", "--url")]
    public async Task What_cannot_work_is_said_with_what_would_help(string options, int code, string error, string? hint)
    {
        var run = await Self(options.Split(' '));

        run.Code.Should().Be(code);
        run.Talk.Should().StartWith("deviceacme: error: ").And.Contain(error);
        run.Talk.Should().Contain(hint is null ? error : "deviceacme: hint: ").And.Contain(hint ?? error);
    }

    [Fact]
    public async Task A_refused_credential_is_said_with_what_would_help()
    {
        var auditor = (await Terminal.Run("", "token", "add", "eve", "--role", "auditor", "--url", $"{_server.Admin}", "--ca", Root, "--token", _server.Token)).Output.Trim();

        (await Self("--url", $"{_server.Admin}", "--ca", Root, "--token", "wrong")).Should().Match<(int Code, string Output, string Talk)>(
            run => run.Code == 1 && run.Talk.Contains("this token is none of this server") && run.Talk.Contains("hint: is it the token of this server?"));
        (await Terminal.Run("", "token", "add", "olga", "--role", "officer", "--url", $"{_server.Admin}", "--ca", Root, "--token", auditor)).Should().Match<(int Code, string Output, string Talk)>(
            run => run.Code == 1 && run.Talk.Contains("token:eve is auditor") && run.Talk.Contains("hint: 'deviceacme token self'"));
        (await Self("--url", $"{_server.Acme}", "--token", _server.Token)).Should().Match<(int Code, string Output, string Talk)>(
            run => run.Code == 1 && run.Talk.Contains("hint: is it the admin listener"));
    }

    [Fact]
    public async Task A_root_that_is_not_the_servers_is_not_trusted()
    {
        var foreign = Path.Combine(_folder, "foreign.pem");
        using (var ca = Certificates.Authority("CN=DeviceAcme Root CA"))
        {
            await File.WriteAllTextAsync(foreign, ca.ExportCertificatePem(), TestContext.Current.CancellationToken);
        }

        foreach (var trust in (string[][])[["--ca", foreign], []])
        {
            var run = await Self(["--url", $"{_server.Admin}", "--token", _server.Token, .. trust]);
            run.Code.Should().Be(1);
            run.Talk.Should().Contain("is not trusted").And.Contain("hint: --ca names the root");
        }
    }

    [Fact]
    public async Task A_fingerprint_of_the_server_or_of_a_CA_above_it_is_trusted_and_no_other()
    {
        var (own, issuer) = await Shown();

        (await Self("--url", $"{_server.Admin}", "--token", _server.Token, "--pin", own)).Code.Should().Be(0);
        (await Self("--url", $"{_server.Admin}", "--token", _server.Token, "--pin", issuer.ToUpperInvariant())).Code.Should().Be(0);
        var wrong = await Self("--url", $"{_server.Admin}", "--token", _server.Token, "--pin", new string('0', 64));
        wrong.Code.Should().Be(1);
        wrong.Talk.Should().Contain("no certificate that the server shows has the fingerprint 0000").And.Contain(own).And.Contain(issuer);
        (await Self("--url", $"{_server.Admin}", "--token", _server.Token, "--pin", own, "--ca", Root)).Code.Should().Be(2);
    }

    [Fact]
    public async Task A_pinned_CA_does_not_vouch_for_other_names_or_for_what_it_did_not_sign()
    {
        using var root = Certificates.Authority("CN=Root");
        using var ca = Certificates.Below(root, "CN=Pinned");
        using var otherKey = Certificates.Below(root, "CN=Pinned");
        using var good = Certificates.Leaf(ca, "localhost");
        using var otherName = Certificates.Leaf(ca, "elsewhere.example");
        using var forged = Certificates.Leaf(otherKey, "localhost");
        using var expired = Certificates.Leaf(ca, "localhost", days: -1);

        (await Answer(good, ca)).Should().NotContain("is not trusted");
        (await Answer(otherName, ca)).Should().Contain("is not trusted").And.Contain("is for another name");
        (await Answer(forged, ca)).Should().Contain("is not trusted");
        (await Answer(expired, ca)).Should().Contain("is not trusted");
    }

    /// <summary>What is said of a server that shows a certificate and, as the one above it, the pinned CA.</summary>
    private static async Task<string> Answer(X509Certificate2 own, X509Certificate2 ca)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(client.GetStream());
            try
            {
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = SslStreamCertificateContext.Create(own, [ca], offline: true) });
                await tls.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"u8.ToArray());
            }
            catch (Exception refused) when (refused is IOException or System.Security.Authentication.AuthenticationException)
            {
                return false;
            }

            return true;
        });
        var run = await Self("--url", $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}", "--token", "t", "--pin", Convert.ToHexString(SHA256.HashData(ca.RawData)));
        await serving;
        run.Code.Should().Be(1);
        return run.Talk;
    }

    private static Task<(int Code, string Output, string Talk)> Self(params IReadOnlyList<string> options) => Terminal.Run("", ["token", "self", .. options]);

    /// <summary>Fingerprints of what the server shows: its own certificate and the one above it.</summary>
    private async Task<(string Own, string Issuer)> Shown()
    {
        var shown = new List<string>();
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions =
            {
                RemoteCertificateValidationCallback = (_, _, chain, _) =>
                {
                    shown.AddRange(chain!.ChainElements.Select(element => Convert.ToHexStringLower(SHA256.HashData(element.Certificate.RawData))));
                    return true;
                },
            },
        });
        using var answer = await client.GetAsync(_server.Admin, TestContext.Current.CancellationToken);
        return (shown[0], shown[1]);
    }

    private static class Certificates
    {
        public static X509Certificate2 Authority(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 1, true));
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
            var now = TimeProvider.System.GetUtcNow();
            return request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
        }

        public static X509Certificate2 Below(X509Certificate2 root, string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            var now = TimeProvider.System.GetUtcNow();
            using var certificate = request.Create(root, now.AddDays(-29), now.AddDays(29), RandomNumberGenerator.GetBytes(16));
            return certificate.CopyWithPrivateKey(key);
        }

        public static X509Certificate2 Leaf(X509Certificate2 ca, string host, int days = 1)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            request.CertificateExtensions.Add(names.Build());
            var now = TimeProvider.System.GetUtcNow();
            using var certificate = request.Create(ca, now.AddDays(-10), now.AddDays(days), RandomNumberGenerator.GetBytes(16));
            return certificate.CopyWithPrivateKey(key);
        }
    }
}
