using DeviceAcme.EndToEnd.Operation;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Clients;

/// <summary>What <c>deviceacme client-config</c> prints is given to the real clients as it is. The running server's data directory is all that the command is told.</summary>
public sealed class PrintedConfigurationTests : IClassFixture<ExternalAccountTests.ServerThatKnowsItsClients>, IDisposable
{
    private readonly RunningServer _server;

    public PrintedConfigurationTests(ExternalAccountTests.ServerThatKnowsItsClients fixture) => _server = fixture.Server;

    public void Dispose() => ServerLog.ShowIfFailed(_server);

    [Theory, Needs("certbot"), Needs("openssl"), InlineData("tls-server"), InlineData("bound", "--new-eab")]
    public async Task The_command_for_certbot_enrolls(string profile, params string[] options)
    {
        var name = $"certbot.{profile}.example";
        var folder = _server.NewFolder($"printed-certbot-{profile}");
        // where certbot looks for its own folders: only the test must not use those of the machine
        var settings = Directory.CreateDirectory(Path.Combine(folder, "letsencrypt")).FullName;
        await File.WriteAllTextAsync(Path.Combine(settings, "cli.ini"), $"config-dir = {folder}\nwork-dir = {folder}\nlogs-dir = {folder}\n", TestContext.Current.CancellationToken);

        await RunPrinted("certbot", profile, folder, [.. options, "--name", name, "--http-port", $"{_server.Http01Port}"]);

        await ShouldBeCertificate(Path.Combine(folder, "live", name, "fullchain.pem"), name);
    }

    [Theory, Needs("lego"), Needs("openssl"), InlineData("tls-server", "http-01"), InlineData("tls-server", "tls-alpn-01"), InlineData("bound", "http-01", "--new-eab")]
    public async Task The_command_for_lego_enrolls(string profile, string challenge, params string[] options)
    {
        var name = $"{challenge}.lego.{profile}.example";
        var folder = _server.NewFolder($"printed-lego-{profile}-{challenge}");

        await RunPrinted(
            "lego", profile, folder, [.. options, "--name", name, "--challenge", challenge, "--http-port", $"{_server.Http01Port}", "--tls-port", $"{_server.TlsAlpn01Port}"]);

        await ShouldBeCertificate(Path.Combine(folder, ".lego", "certificates", name + ".crt"), name);
    }

    [Fact, Needs("dehydrated"), Needs("openssl")]
    public async Task The_commands_for_dehydrated_enroll()
    {
        var folder = _server.NewFolder("printed-dehydrated");
        await using var web = await WebRoot.Start(Directory.CreateDirectory(Path.Combine(folder, ".well-known", "acme-challenge")).FullName, _server.Http01Port);

        await RunPrinted("dehydrated", "bound", folder, ["--new-eab", "--name", "dehydrated.example", "--webroot", folder]);

        await ShouldBeCertificate(Path.Combine(folder, "certs", "dehydrated.example", "fullchain.pem"), "dehydrated.example");
    }

    [Theory, Needs("caddy"), InlineData("tls-server", "http-01"), InlineData("tls-server", "tls-alpn-01"), InlineData("bound", "http-01", "--new-eab")]
    public async Task Caddy_takes_the_site(string profile, string challenge, params string[] options)
    {
        var folder = _server.NewFolder($"printed-caddy-{profile}-{challenge}");
        var file = Path.Combine(folder, "Caddyfile");
        var printed = await Printed("caddy", profile, [.. options, "--name", "caddy.example", "--name", "www.caddy.example", "--challenge", challenge]);
        await File.WriteAllTextAsync(file, printed, TestContext.Current.CancellationToken);

        var home = new Dictionary<string, string> { ["HOME"] = folder, ["XDG_DATA_HOME"] = folder, ["XDG_CONFIG_HOME"] = folder };
        (await Programs.Run("caddy", ["validate", "--config", file, "--adapter", "caddyfile"], home, folder)).ShouldExit(0);

        // the adapter shows what Caddy understood
        (await Programs.Run("caddy", ["adapt", "--config", file, "--adapter", "caddyfile"], home, folder)).ShouldExit(0).Output
            .Should().Contain($"\"ca\":\"{_server.Url}/acme/{profile}/directory\"").And.Contain("\"trusted_roots_pem_files\":[").And.Contain("www.caddy.example");
    }

    [Theory, Needs("apache2"), InlineData("tls-server", "http-01"), InlineData("tls-server", "tls-alpn-01"), InlineData("bound", "http-01", "--new-eab")]
    public async Task Apache_takes_the_managed_domain(string profile, string challenge, params string[] options)
    {
        var folder = _server.NewFolder($"printed-apache-{profile}-{challenge}");
        var printed = Path.Combine(folder, "md.conf");
        await File.WriteAllTextAsync(
            printed, await Printed("mod_md", profile, [.. options, "--name", "apache.example", "--name", "www.apache.example", "--challenge", challenge]), TestContext.Current.CancellationToken);
        var file = Path.Combine(folder, "apache.conf");
        string[] modules = ["mpm_event", "authz_core", "socache_shmcb", "ssl", "md"];
        await File.WriteAllLinesAsync(
            file,
            [
                $"ServerRoot {folder}", "ServerName apache.example", $"PidFile {folder}/pid", $"ErrorLog {folder}/error.log", "Listen 443",
                .. modules.Select(module => $"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so"),
                $"Include {printed}",
            ],
            TestContext.Current.CancellationToken);

        // Debian keeps it in sbin
        (await Programs.Run("/usr/sbin/apache2", ["-t", "-f", file], folder: folder)).ShouldExit(0).Error.Should().Contain("Syntax OK");
    }

    private async Task<string> Printed(string client, string profile, IReadOnlyList<string> options) =>
        (await DeviceAcmeProgram.Run(["client-config", "--client", client, "--profile", profile, "--data", _server.Data, .. options])).ShouldExit(0).Output;

    private async Task RunPrinted(string client, string profile, string folder, IReadOnlyList<string> options) => (await Programs.Run(
        "sh", ["-e", "-c", await Printed(client, profile, options)], new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = folder, ["HOME"] = folder }, folder)).ShouldExit(0);

    private async Task ShouldBeCertificate(string file, string name)
    {
        var certificate = await IssuedCertificate.Read(file);
        certificate.Names.Should().Equal(name);
        (await certificate.VerifyAgainst(_server.Root)).Should().BeTrue("the chain leads to the root");
    }
}
