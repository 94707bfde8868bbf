using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Administrators with client certificates, over real TLS.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuth = "1.3.6.1.5.5.7.3.1";

    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;
    private readonly X509Certificate2 _ca = Authority("CN=Administrators");
    private readonly X509Certificate2 _otherCa = Authority("CN=Administrators");

    public void Dispose()
    {
        _ca.Dispose();
        _otherCa.Dispose();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task A_certificate_of_the_CA_has_the_role_of_its_name()
    {
        await using var server = await Start();
        using var certificate = Leaf(_ca, "CN=olga", ClientAuth);

        using var answer = await Ask(server, certificate);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await answer.Content.ReadFromJsonAsync(AdminJson.Default.AdminSelf)).Should().BeEquivalentTo(new { Name = "certificate:olga", Roles = new[] { "officer" }, Profiles = new[] { "tls-server" } });
    }

    [Fact]
    public async Task Every_other_certificate_and_none_is_refused_with_its_reason()
    {
        await using var server = await Start();
        using var foreign = Leaf(_otherCa, "CN=olga", ClientAuth);
        using var unnamed = Leaf(_ca, "CN=eve", ClientAuth);
        using var ofServer = Leaf(_ca, "CN=olga", ServerAuth);
        using var expired = Leaf(_ca, "CN=olga", ClientAuth, days: -1);

        (await Reason(server, null)).Should().Be("admin-token-missing");
        (await Reason(server, foreign)).Should().Be("admin-certificate-untrusted");
        (await Reason(server, unnamed)).Should().Be("admin-certificate-without-role");
        (await Reason(server, ofServer)).Should().Be("admin-certificate-untrusted");
        (await Reason(server, expired)).Should().Be("admin-certificate-untrusted");
    }

    private Task<RunningServerOnLoopback> Start()
    {
        var file = Path.Combine(_folder, "ca.pem");
        File.WriteAllText(file, _ca.ExportCertificatePem());
        return RunningServerOnLoopback.Start(options => options with
        {
            AdminUrl = new Uri($"https://{IPAddress.Loopback}:0"),
            AdminClientCa = file,
            AdminClientRoles = [AdminGrant.Parse("olga=officer:tls-server")],
        });
    }

    private static async Task<string?> Reason(RunningServerOnLoopback server, X509Certificate2? certificate)
    {
        using var answer = await Ask(server, certificate);
        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        return (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason;
    }

    private static async Task<HttpResponseMessage> Ask(RunningServerOnLoopback server, X509Certificate2? certificate)
    {
        var tls = new SslClientAuthenticationOptions
        {
            // the server's own certificate is another test's matter
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
            ClientCertificates = certificate is null ? null : [certificate],
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
        };
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = tls });
        return await client.GetAsync(new Uri(server.Admin, "/admin/v1/self"));
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
    }

    private static X509Certificate2 Leaf(X509Certificate2 ca, string name, string usage, int days = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(ca, now.AddDays(-10), now.AddDays(days), RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }
}
