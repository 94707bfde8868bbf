using System.Diagnostics;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

/// <summary>Servers that are none of ours: one clear line, exit code 2, within the time limit, never a stack trace.</summary>
public sealed class BadServerTests : IDisposable
{
    private const string Nonce = "Replay-Nonce: AAAAAAAAAAAAAAAAAAAAAA";
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly string _folder = Directory.CreateTempSubdirectory("device-sim-bad-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>What goes wrong at which request, and the words that say so.</summary>
    public static TheoryData<string, string?, string> Cases => new()
    {
        { "GET /directory", BadServer.Answer("200 OK", "text/html", "<html>It works!</html>"), "application/json was expected" },
        { "GET /directory", BadServer.Json("200 OK", "{"), "JSON that is not the expected object" },
        { "GET /directory", BadServer.Json("200 OK", "[]"), "JSON that is not the expected object" },
        { "GET /directory", BadServer.Json("200 OK", """{"newNonce":"https://localhost/x"}"""), "JSON that is not the expected object" },
        { "GET /directory", BadServer.Json("302 Found", "", "Location: https://elsewhere.example/directory"), "HTTP status 302" },
        { "GET /directory", BadServer.Answer("404 Not Found", "text/html", "<html>no</html>"), "HTTP status 404" },
        { "GET /directory", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n" + new string(' ', 2_000_000), "more than 1048576 bytes" },
        { "GET /directory", "SSH-2.0-OpenSSH_9.2\r\n", "directory: GET" },
        { "HEAD /nonce", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "without a Replay-Nonce" },
        { "POST /account", BadServer.Json("201 Created", """{"status":"valid"}"""), "without the account's Location" },
        { "POST /account", BadServer.Answer("502 Bad Gateway", "text/html", "<html>proxy</html>"), "HTTP status 502" },
        { "POST /order", BadServer.Json("201 Created", "{}", "Location: /o"), "JSON that is not the expected object" },
        { "POST /authz", BadServer.Json("200 OK", """{"status":"pending","identifier":{"type":"permanent-identifier","value":"x"},"challenges":[{"type":"http-01","url":"https://localhost/c","status":"pending","token":"t"}]}"""), "can only answer device-attest-01" },
        { "POST /authz", BadServer.Json("200 OK", """{"status":"pending","identifier":{"type":"permanent-identifier","value":"x"},"challenges":[]}"""), "can only answer device-attest-01" },
        { "GET /directory", null, "not done within" },
    };

    [Theory, MemberData(nameof(Cases))]
    public async Task A_clear_line_and_2(string request, string? answer, string words)
    {
        BadServer? server = null;
        server = new BadServer(asked => asked == request ? answer : Good(server!.Url, asked), Now);
        using (server)
        {
            var watch = Stopwatch.StartNew();

            var (code, talk) = await Run(server, "enroll", "--kind", "mac", "--seed", "tests", "--out", Path.Combine(_folder, "out"), "--directory", $"{server.Url}/directory", "--timeout", answer is null ? "3" : "90");

            code.Should().Be(2, talk);
            talk.Should().Contain(words);
            // a busy machine needs its time too; a server that never answers gets no more than it was given
            watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(120));
        }
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_fleet_says_once_what_is_wrong_with_all(bool hangs)
    {
        using var server = new BadServer(_ => hangs ? null : BadServer.Answer("200 OK", "text/html", "<html></html>"), Now);
        await Run(server, "vendor", "init", Path.Combine(_folder, "vendors"), "--seed", "tests");

        var (code, talk) = await Run(server, "fleet", "--devices", "50", "--mix", "mac=1", "--server", server.Url, "--vendors", Path.Combine(_folder, "vendors"), "--out", Path.Combine(_folder, "fleet"), "--timeout", hangs ? "3" : "90");

        code.Should().Be(2, talk);
        talk.Split('\n').Count(line => line.Contains("error:", StringComparison.Ordinal)).Should().Be(1);
    }

    /// <summary>Where a server turns out to be none of ACME, and the words that say so; no answer: it hangs.</summary>
    public static TheoryData<string, string?, string> Wholes => new()
    {
        { "GET /directory", BadServer.Answer("200 OK", "text/html", "<html>It works!</html>"), "hint: is --directory the URL of an ACME directory?" },
        { "GET /directory", null, "not done within" },
        { "POST /account", BadServer.Answer("502 Bad Gateway", "text/html", "<html>proxy</html>"), "no account can be made at" },
        { "POST /account", null, "no account can be made at" },
        { "POST /order", BadServer.Answer("502 Bad Gateway", "text/html", "<html>proxy</html>"), "no device-attest-01 at" },
        { "POST /order", null, "does not answer newOrder" },
        { "POST /authz", BadServer.Json("200 OK", """{"status":"pending","identifier":{"type":"permanent-identifier","value":"x"},"challenges":[{"type":"http-01","url":"https://localhost/c","status":"pending","token":"t"}]}""", Nonce), "no device-attest-01 at" },
    };

    [Theory, MemberData(nameof(Wholes))]
    public async Task Conformance_says_once_what_is_wrong_with_all(string request, string? answer, string words)
    {
        BadServer? server = null;
        server = new BadServer(asked => asked == request ? answer : Good(server!.Url, asked), Now);
        using (server)
        {
            await Run(server, "vendor", "init", Path.Combine(_folder, "vendors"), "--seed", "tests");

            var (code, talk) = await Run(
                server, "conformance", "--directory", $"{server.Url}/directory", "--vendor-roots", Path.Combine(_folder, "vendors"), "--case-timeout", answer is null && request != "GET /directory" ? "3" : "60", "--timeout", answer is null && request == "GET /directory" ? "3" : "120");

            code.Should().Be(2, talk);
            talk.Should().Contain(words);
            talk.Split('\n').Count(line => line.Contains("error:", StringComparison.Ordinal)).Should().Be(1);
        }
    }

    [Theory]
    [InlineData("enroll", "--kind", "mac", "--seed", "tests", "--directory", "URL/directory", "--timeout", "60")]
    [InlineData("fleet", "--devices", "5", "--mix", "mac=1", "--server", "URL", "--vendors", "VENDORS", "--timeout", "60")]
    [InlineData("conformance", "--directory", "URL/directory", "--vendors", "VENDORS", "--timeout", "60")]
    public async Task Nobody_there_and_another_CA_are_a_line_and_2(params string[] command)
    {
        using var stranger = new BadServer(_ => null, Now);
        await Run(stranger, "vendor", "init", Path.Combine(_folder, "vendors"), "--seed", "tests");
        string[] Filled(string url) => [.. command.Select(word => word.Replace("URL", url, StringComparison.Ordinal).Replace("VENDORS", Path.Combine(_folder, "vendors"), StringComparison.Ordinal)), .. command[0] == "conformance" ? Array.Empty<string>() : ["--out", Path.Combine(_folder, "out")]];

        string url;
        using (var server = new BadServer(asked => Good("https://localhost", asked), Now))
        {
            url = server.Url;
            var (other, otherTalk) = await Run(stranger, Filled(url));
            other.Should().Be(2, otherTalk);
            otherTalk.Should().Contain("device-sim: error:");
        }

        var (nobody, nobodyTalk) = await Run(stranger, Filled(url));
        nobody.Should().Be(2, nobodyTalk);
        nobodyTalk.Should().Contain("device-sim: error:");
    }

    [Fact]
    public async Task A_fault_against_such_a_server_is_no_refusal()
    {
        using var server = new BadServer(_ => BadServer.Answer("200 OK", "text/html", "<html></html>"), Now);

        var (code, talk) = await Run(server, "enroll", "--kind", "mac", "--seed", "tests", "--directory", $"{server.Url}/directory", "--fault", "reused-nonce", "--timeout", "90");

        code.Should().Be(2, talk);
    }

    private static string Good(string url, string request) => request switch
    {
        "GET /directory" => BadServer.Json("200 OK", $$"""{"newNonce":"{{url}}/nonce","newAccount":"{{url}}/account","newOrder":"{{url}}/order","revokeCert":"{{url}}/r","keyChange":"{{url}}/k"}"""),
        "HEAD /nonce" => $"HTTP/1.1 200 OK\r\n{Nonce}\r\nContent-Length: 0\r\n\r\n",
        "POST /account" => BadServer.Json("201 Created", """{"status":"valid"}""", $"Location: {url}/account/1", Nonce),
        "POST /order" => BadServer.Json(
            "201 Created", $$"""{"status":"pending","identifiers":[{"type":"permanent-identifier","value":"x"}],"authorizations":["{{url}}/authz"],"finalize":"{{url}}/finalize"}""", $"Location: {url}/order/1", Nonce),
        _ => BadServer.Answer("404 Not Found", "text/plain", "no"),
    };

    private async Task<(int Code, string Talk)> Run(BadServer server, params string[] arguments)
    {
        var root = Path.Combine(_folder, "root.pem");
        await File.WriteAllTextAsync(root, server.Root);
        using var talk = new StringWriter();
        using var data = new StringWriter();
        var code = await CommandLine.Run(arguments[0] == "vendor" ? arguments : [.. arguments, "--ca", root], new Terminal(data, talk), TimeProvider.System);
        talk.ToString().Should().NotContain("   at ", "nobody wants a stack trace");
        return (code, talk.ToString());
    }
}
