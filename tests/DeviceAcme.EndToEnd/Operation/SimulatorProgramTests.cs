using System.Text.Json;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>The simulator as a program: what a person at a terminal sees, and what a script gets.</summary>
public sealed class SimulatorProgramTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>, IAsyncLifetime
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "device-sim.dll");

    // the simulator answers the server's questions itself
    public async ValueTask InitializeAsync() => await Server.StopAnsweringDns();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_person_sees_a_line_for_each_step_then_the_certificate_and_where_the_files_are()
    {
        var folder = Server.NewFolder("mac");

        var enrolled = (await Enroll("mac", "acme/apple-device/directory", "--out", folder, "--serial", "C02PERSON001")).ShouldExit(0);

        enrolled.Error.Split('\n').Select(line => line.Split(' ')[0]).Should().ContainInOrder("directory", "newNonce", "newAccount", "newOrder", "authorization", "challenge", "finalize", "certificate");
        enrolled.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]).Where(word => word.Length > 0)
            .Should().ContainInOrder("subject", "names", "key", "valid", "serial", "chain", "certificate");
        enrolled.Output.Should().Contain("C02PERSON001").And.Contain(Path.Combine(folder, "certificate.pem"));
    }

    [Fact]
    public async Task A_script_gets_one_object_and_exit_code_0_or_1()
    {
        var enrolled = (await Enroll("tpm", "acme/linux-tpm/directory", "--out", Server.NewFolder("tpm"), "--key", "rsa-2048", "--json")).ShouldExit(0);
        JsonElement.Parse(enrolled.Output).GetProperty("result").GetString().Should().Be("enrolled");

        var refused = (await Enroll("server", "directory", "--out", Server.NewFolder("server"), "--name", "host.invalid", "--json")).ShouldExit(1);
        JsonElement.Parse(refused.Output).GetProperty("problem").GetProperty("type").GetString().Should().Be("urn:ietf:params:acme:error:dns");
    }

    [Fact]
    public async Task Where_there_is_no_server_no_trust_or_no_ACME_the_exit_code_is_2()
    {
        var nobody = FreePorts.Take(1)[0];
        (await Simulator("enroll", "--kind", "mac", "--directory", $"https://localhost:{nobody}/directory", "--ca", Server.Root, "--vendors", Server.Vendors))
            .ShouldExit(2).Error.Should().Contain("device-sim: hint: does the server run");

        var otherCa = Directory.EnumerateFiles(Server.Vendors, "*.pem", SearchOption.AllDirectories).First();
        (await Simulator("enroll", "--kind", "mac", "--directory", $"{Server.Url}/acme/apple-device/directory", "--ca", otherCa, "--vendors", Server.Vendors))
            .ShouldExit(2).Error.Should().Contain("device-sim: error:").And.NotContain("   at ");

        var site = Server.NewFolder("site");
        await File.WriteAllTextAsync(Path.Combine(site, "page.html"), "<html><body>It works!</body></html>", Cancellation);
        await using var web = await WebRoot.Start(site, Server.Http01Port);
        (await Simulator("enroll", "--kind", "mac", "--directory", $"http://localhost:{Server.Http01Port}/.well-known/acme-challenge/page.html", "--ca", Server.Root, "--vendors", Server.Vendors))
            .ShouldExit(2).Error.Should().Contain("device-sim: hint: is --directory the URL of an ACME directory?");
    }

    [Fact, Needs("certbot"), Spec("RFC 8555 §8.4")]
    public async Task The_simulators_name_server_and_its_commands_are_enough_for_certbots_dns_01()
    {
        var (folder, records) = (Server.NewFolder("certbot"), Path.Combine(Server.NewFolder("dns"), "txt"));
        await using var dns = new BackgroundProgram(Programs.Start(Assembly, ["dns", "--listen", $"127.0.0.1:{Server.DnsPort}", "--records", records]));
        await dns.UntilItSays("answers DNS");
        var hook = $"dotnet {Assembly} dns --records {records}";

        (await Programs.Run(
            "certbot",
            [
                "certonly", "--manual", "--preferred-challenges", "dns", "-d", "*.host.example", "--server", Server.DirectoryUrl, "--agree-tos", "--register-unsafely-without-email", "--non-interactive",
                "--config-dir", folder, "--work-dir", folder, "--logs-dir", folder,
                "--manual-auth-hook", $"{hook} set _acme-challenge.$CERTBOT_DOMAIN $CERTBOT_VALIDATION",
                "--manual-cleanup-hook", $"{hook} clear _acme-challenge.$CERTBOT_DOMAIN $CERTBOT_VALIDATION",
            ],
            new Dictionary<string, string> { ["REQUESTS_CA_BUNDLE"] = Server.Root })).ShouldExit(0);

        (await IssuedCertificate.Read(Path.Combine(folder, "live", "host.example", "fullchain.pem"))).Names.Should().Equal("*.host.example");
        (await File.ReadAllTextAsync(records, Cancellation)).Should().BeEmpty("the second hook takes the record away");
    }

    private Task<ProgramResult> Enroll(string kind, string directory, params string[] more) => Simulator(
    [
        "enroll", "--kind", kind, "--directory", $"{Server.Url}/{directory}", "--ca", Server.Root, "--vendors", Server.Vendors,
        "--dns-listen", $"127.0.0.1:{Server.DnsPort}", "--http-port", $"{Server.Http01Port}", .. more,
    ]);

    private Task<ProgramResult> Simulator(params string[] arguments) => Programs.Run(Assembly, arguments, folder: Server.NewFolder("terminal"));
}
