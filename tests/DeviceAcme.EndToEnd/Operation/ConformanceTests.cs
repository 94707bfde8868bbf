using System.Text.Json;
using System.Xml.Linq;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>The simulator's conformance suite against the server's own program: all of it passes, and it can fail.</summary>
public sealed class ConformanceTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>, IAsyncLifetime
{
    // the simulator answers the server's questions itself
    public async ValueTask InitializeAsync() => await Server.StopAnsweringDns();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory, InlineData("mac", "acme/apple-device/directory"), InlineData("server", "directory")]
    public async Task This_server_passes_all_of_it(string kind, string directory)
    {
        var folder = Server.NewFolder("conformance-" + kind);

        var (code, data, talk) = await Conformance("--kind", kind, "--directory", $"{Server.Url}/{directory}", "--deviceacme", "--json", "--junit", Path.Combine(folder, "junit.xml"), "--html", Path.Combine(folder, "report.html"));

        var report = JsonElement.Parse(data);
        report.GetProperty("results").EnumerateArray().Where(result => result.GetProperty("result").GetString() == "fail").Select(result => result.ToString()).Should().BeEmpty(talk);
        code.Should().Be(0);
        report.GetProperty("pass").GetInt32().Should().BeGreaterThan(80);
        XDocument.Load(Path.Combine(folder, "junit.xml")).Descendants("testcase").Should().HaveCount(report.GetProperty("results").GetArrayLength());
        (await File.ReadAllTextAsync(Path.Combine(folder, "report.html"), Cancellation)).Should().Contain("&gt; POST").And.NotContain("<script");
    }

    [Fact]
    public async Task A_directory_that_takes_other_devices_fails_and_says_why()
    {
        var (code, data, talk) = await Conformance("--kind", "mac", "--directory", $"{Server.Url}/acme/linux-tpm/directory", "--only", "enrollment", "--only", "wrong-nonce", "--only", "reused-nonce", "--exchanges");

        code.Should().Be(1, talk);
        data.Should().Contain("fail enrollment").And.Contain("badAttestationStatement (format-not-allowed)").And.Contain("pass reused-nonce").And.Contain("> POST ");
    }

    private async Task<(int Code, string Data, string Talk)> Conformance(params string[] arguments)
    {
        using var data = new StringWriter();
        using var talk = new StringWriter();
        var code = await CommandLine.Run(
            ["conformance", .. arguments, "--ca", Server.Root, "--vendors", Server.Vendors, "--dns-listen", $"127.0.0.1:{Server.DnsPort}", "--http-port", $"{Server.Http01Port}"], new Terminal(data, talk), TimeProvider.System);
        return (code, data.ToString(), talk + Server.Log);
    }
}
