using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.EndToEnd.Processes;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

public sealed class TlsCertificateFileTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-tls-").FullName;
    private readonly RunningServer _server;
    private readonly string _first;

    public TlsCertificateFileTests()
    {
        _first = Write("first");
        _server = new RunningServer { Options = ["--tls-certificate", CertificateFile, "--tls-key", KeyFile] };
    }

    private string CertificateFile => Path.Combine(_folder, "tls.pem");

    private string KeyFile => Path.Combine(_folder, "tls.key");

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        ServerLog.ShowIfFailed(_server);
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Replaced_files_are_served_without_a_restart_and_broken_ones_are_not()
    {
        (await Served()).Should().Be(_first);

        var second = Write("second");
        (await Served()).Should().Be(second);

        await File.WriteAllTextAsync(CertificateFile, "not a certificate", TestContext.Current.CancellationToken);
        (await Served()).Should().Be(second, "the last good pair serves on");

        var third = Write("third");
        (await Served()).Should().Be(third);
    }

    /// <summary>The thumbprint of what a new connection is shown.</summary>
    private async Task<string> Served()
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync("localhost", new Uri(_server.Url).Port);
        await using var tls = new SslStream(connection.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.GetCertHashString(HashAlgorithmName.SHA256);
    }

    private string Write(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        return certificate.GetCertHashString(HashAlgorithmName.SHA256);
    }
}
