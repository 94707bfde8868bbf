using System.Net;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd;

/// <summary>The program from outside: exit codes, what it says, that it ends when asked to.</summary>
public sealed class ServerProcessTests : IDisposable
{
    private static readonly Dictionary<string, string> NoVariables = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-process-");
    private readonly int[] _ports = FreePorts.Take(3);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task It_serves_says_where_and_ends_when_it_is_asked_to()
    {
        await using var server = Start();
        await server.Ready();

        server.Output.Should().Contain($"https://localhost:{_ports[0]}/directory")
            .And.Contain($"https://localhost:{_ports[0]}/acme/apple-device/directory")
            .And.Contain(Path.Combine("data", "ca", "root.pem"))
            .And.NotContain("any genuine one of an accepted vendor", "the shipped profiles ask the ledger");
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        });
        using var answer = await http.GetAsync(new Uri($"https://localhost:{_ports[0]}/directory"));
        answer.StatusCode.Should().Be(HttpStatusCode.OK);

        if (!OperatingSystem.IsWindows())
        {
            (await server.Terminate()).Should().Be(0);
        }
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_is_refused_and_the_first_goes_on()
    {
        await using var first = Start();
        await first.Ready();
        var others = FreePorts.Take(3);

        await using var second = Start(others);

        (await second.Exited()).Should().Be(1);
        second.Error.Should().Contain("deviceacme: error:").And.Contain($"pid {first.ProcessId}").And.Contain("deviceacme: hint:");
        second.Output.Should().BeNullOrWhiteSpace();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var answer = await http.GetAsync(new Uri($"http://localhost:{_ports[2]}/admin/v1/external-account-keys"));
        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task After_a_kill_the_next_server_starts_on_the_same_data()
    {
        await using (var first = Start())
        {
            await first.Ready();
            await first.Kill();
        }

        await using var second = Start();

        await second.Ready();
    }

    [Fact]
    public async Task A_taken_port_is_a_clear_failure()
    {
        await using var first = Start();
        await first.Ready();

        await using var second = Start(_ports, "--data", "other");

        (await second.Exited()).Should().Be(1);
        second.Error.Should().Contain("deviceacme: error:").And.Contain("in use").And.NotContain("   at ").And.NotContain("critical");
    }

    [Fact]
    public async Task A_database_that_is_none_is_a_clear_failure()
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder.FullName, "data"));
        await File.WriteAllTextAsync(Path.Combine(data.FullName, "acme.db"), "this is no database, whatever its name says; and it is long enough to be read as one");

        await using var server = Start();

        (await server.Exited()).Should().Be(1);
        server.Error.Should().Contain("deviceacme: error: the database ").And.NotContain("   at ");
    }

    [Fact]
    public async Task Mistakes_of_all_sources_end_it_with_2_and_are_told_together()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "deviceacme.yaml"), "adminurl: x\n");
        var environment = new Dictionary<string, string> { ["DEVICEACME_DNS_RESOLVER"] = "nowhere" };

        await using var server = ServerProcess.Start(_folder.FullName, environment, "--http-01-port", "0", "--dns-resolve", "x");

        (await server.Exited()).Should().Be(2);
        server.Error.Split('\n').Where(line => line.StartsWith("deviceacme: error: ", StringComparison.Ordinal)).Should().HaveCount(4);
        server.Error.Should().Contain("--dns-resolver").And.Contain("deviceacme.yaml:1").And.Contain("DEVICEACME_DNS_RESOLVER").And.Contain("--http-01-port");
        server.Output.Should().BeNullOrWhiteSpace();
    }

    [Fact]
    public async Task Help_is_data_and_names_every_option()
    {
        await using var server = ServerProcess.Start(_folder.FullName, NoVariables, "--help");

        (await server.Exited()).Should().Be(0);
        server.Output.Should().Contain("--validation-networks").And.Contain("--trusted-proxies").And.Contain("--tls-alpn-01-port");
        server.Error.Should().BeNullOrWhiteSpace();
    }

    private ServerProcess Start(int[]? ports = null, params string[] more)
    {
        ports ??= _ports;
        return ServerProcess.Start(
            _folder.FullName, NoVariables,
            ["--url", $"https://localhost:{ports[0]}", "--status-url", $"http://localhost:{ports[1]}", "--admin-url", $"http://localhost:{ports[2]}", .. more]);
    }
}
