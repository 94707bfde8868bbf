using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary><c>deviceacme init</c> at a terminal, and the server that its configuration starts.</summary>
public sealed class InitTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-init-").FullName;
    private readonly int[] _ports = FreePorts.Take(3);

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact, Needs("script")]
    public async Task The_questions_at_a_terminal_lead_to_a_server_that_starts()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "inventory.csv"), "serial\nC02INIT00001\n", TestContext.Current.CancellationToken);
        string[] answers = [$"https://localhost:{_ports[0]}", "new", "Example Devices", "apple-device", "refuse", $"{_folder}/inventory.csv"];
        var program = Path.Combine(AppContext.BaseDirectory, "deviceacme.dll");

        // script gives it a terminal of its own, to which the answers are typed
        var run = await Programs.Run("bash", ["-c", $"printf '{string.Join("\\n", answers)}\\n' | script --quiet --return --command 'dotnet {program} init --folder {_folder}' /dev/null"], folder: _folder);

        run.ShouldExit(0).Output.Should().Contain("What will clients see as its URL? [https://localhost:14000]").And.Contain("that is not in the ledger").And.Contain("hint: start it");
        await using var server = ServerProcess.Start(_folder, new Dictionary<string, string>(), [.. Options]);
        await server.Ready();
        server.Output.Should().Contain($"https://localhost:{_ports[0]}/acme/apple-device/directory").And.Contain("1 of ").And.Contain("inventory.csv (1 new)");
    }

    [Fact]
    public async Task An_existing_root_signs_the_issuing_CA_as_init_says()
    {
        var run = await DeviceAcmeProgram.Run("init", "--yes", "--root", "existing", "--ca-name", "Example Issuing", "--url", $"https://localhost:{_ports[0]}", "--folder", _folder);

        run.ShouldExit(0).Error.Should().Contain("signed as a subordinate CA");
        await using (var server = ServerProcess.Start(_folder, new Dictionary<string, string>(), [.. Options]))
        {
            await server.Ready();
        }

        var wanted = await DeviceAcmeProgram.Run("ca", "csr", "--config", Path.Combine(_folder, "deviceacme.yaml"));
        var request = CertificateRequest.LoadSigningRequestPem(wanted.ShouldExit(0).Output, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        request.SubjectName.Name.Should().Contain("Example Issuing");
        var signed = Path.Combine(_folder, "signed.pem");
        await File.WriteAllTextAsync(signed, Sign(request), TestContext.Current.CancellationToken);
        (await DeviceAcmeProgram.Run("ca", "import", signed, "--config", Path.Combine(_folder, "deviceacme.yaml"))).ShouldExit(0).Output.Should().Contain("CN=Example Root");
    }

    // the ports beside that of the URL may be another test's
    private IReadOnlyList<string> Options =>
        ["--config", Path.Combine(_folder, "deviceacme.yaml"), "--status-url", $"http://localhost:{_ports[1]}", "--admin-url", $"http://127.0.0.1:{_ports[2]}"];

    /// <summary>What an organisation's own root makes of it; the root stands behind.</summary>
    private static string Sign(CertificateRequest wanted)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var own = new CertificateRequest("CN=Example Root", key, HashAlgorithmName.SHA384);
        own.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        own.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        own.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(own.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        using var root = own.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        wanted.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(root, true, false));
        using var signed = wanted.Create(root, now.AddHours(-1), now.AddYears(5), RandomNumberGenerator.GetBytes(16));
        return signed.ExportCertificatePem() + "\n" + root.ExportCertificatePem() + "\n";
    }
}
