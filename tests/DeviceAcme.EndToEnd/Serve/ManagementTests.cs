using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Serve;

/// <summary>The management endpoint, renewal information, and the program from start to report.</summary>
[Collection(TrialServerCollection.Name)]
public sealed class ManagementTests(TrialServerFixture serve)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Transcript_report_certificates_and_vendors_can_be_fetched()
    {
        serve.Begin(new Switches { AlternateChains = 1 });
        (await serve.Enroll("mac", "apple-device", "--serial", "C02MANAGE001")).Code.Should().Be(0);

        var first = await serve.Get("/transcript?limit=4&client=device-sim");
        first["exchanges"]!.AsArray().Select(exchange => (string)exchange!["resource"]!).Should().Equal("Directory", "NewNonce", "NewAccount", "NewOrder");
        var rest = await serve.Get($"/transcript?after={first["next"]}");
        rest["next"].Should().BeNull();
        rest["exchanges"]!.AsArray().Should().Contain(exchange => (string)exchange!["resource"]! == "Certificate");
        ((string)(await serve.Get("/transcript/4"))["payload"]!["identifiers"]![0]!["value"]!).Should().Be("C02MANAGE001");

        // that one rule a simulated Mac breaks once in 128 signatures, as macOS does
        (await serve.Get("/report?settled=true"))["rules"]!.AsArray().Where(rule => (string)rule!["result"]! == "fail" && (string)rule["name"]! != "signature-length").Should().BeEmpty();
        (await Text("/report.html")).Should().Contain("device-attest §5").And.NotContain("<script").And.NotContain("http-equiv");
        XDocument.Parse(await Text("/report.xml")).Descendants("testcase").Should().HaveCount(DeviceAcme.Simulator.Serve.Judging.RuleTable.All.Count);
        (await Text("/")).Should().Contain("/report.html").And.Contain("nonce-errors");

        using var leaf = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(serve.NewFolder("mac"), "certificate.pem"), Cancellation));
        ((string)(await serve.Get($"/cert-status-by-serial/{leaf.SerialNumber}"))["status"]!).Should().Be("valid");
        foreach (var number in (int[])[0, 1])
        {
            using var root = X509Certificate2.CreateFromPem(await Text($"/roots/{number}"));
            var between = new X509Certificate2Collection();
            between.ImportFromPem(await Text($"/intermediates/{number}"));
            using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
            chain.ChainPolicy.CustomTrustStore.Add(root);
            chain.ChainPolicy.ExtraStore.AddRange(between);
            chain.Build(leaf).Should().BeTrue($"chain {number}");
        }

        (await serve.Get("/vendors")).AsArray().Select(file => (string)file!).Should().Contain("devices.json").And.NotContain("seed");
        (await Status(HttpMethod.Get, "/vendors/seed")).Should().Be(HttpStatusCode.NotFound);
        (await Status(HttpMethod.Get, "/vendors/..%2Fdata%2Fadmin.token")).Should().Be(HttpStatusCode.NotFound);
        (await Status(HttpMethod.Get, "/roots/2")).Should().Be(HttpStatusCode.NotFound);
        var payload = XDocument.Parse(await Text("/apple.mobileconfig"));
        payload.Descendants("string").Select(text => text.Value).Should().Contain(serve.DirectoryOf("apple-device"));

        (await Status(HttpMethod.Post, "/reset")).Should().Be(HttpStatusCode.OK);
        ((int)(await serve.Get("/report"))["exchanges"]!).Should().Be(0);
    }

    [Fact]
    public async Task Switches_change_while_it_runs_and_mistakes_change_nothing()
    {
        serve.Begin(new Switches());

        (await Put("""{"nonce-errors":"35%","strict":true,"large-chains":3}""")).Status.Should().Be(HttpStatusCode.OK);
        (serve.Run.Parts.Switches.NonceErrors, serve.Run.Parts.Switches.Strict, serve.Run.Parts.Switches.LargeChains).Should().Be((0.35, true, 3));

        var (status, body) = await Put("""{"nonce-errors":"200%","strickt":true,"processing":"1s"}""");
        status.Should().Be(HttpStatusCode.BadRequest);
        ((string)body["error"]!).Should().Contain("nonce-errors: expected 0% to 100%").And.Contain("strickt: no such switch");
        serve.Run.Parts.Switches.Processing.Should().Be(TimeSpan.Zero);
        (await Put("[]")).Status.Should().Be(HttpStatusCode.BadRequest);
        ((string)(await serve.Get("/switches"))["nonce-errors"]!).Should().Be("35%");
    }

    [Fact]
    public async Task Pages_of_a_browser_and_other_names_of_this_machine_get_nothing()
    {
        (await Status(HttpMethod.Get, "/switches", ("Host", "rebound.example"))).Should().Be(HttpStatusCode.Forbidden);
        (await Status(HttpMethod.Post, "/reset", ("Origin", "https://page.example"))).Should().Be(HttpStatusCode.Forbidden);
        (await Status(HttpMethod.Get, "/transcript?after=x")).Should().Be(HttpStatusCode.BadRequest);
        (await Status(HttpMethod.Get, "/nothing")).Should().Be(HttpStatusCode.NotFound);
    }

    [Fact, Spec("RFC 9773 §4.1"), Spec("RFC 9773 §5")]
    public async Task Renewal_information_has_a_window_and_an_order_replaces_a_certificate_once()
    {
        serve.Begin(new Switches { AriNow = true });
        (await serve.Enroll("mac", "apple-device", "--serial", "C02RENEW0001")).Code.Should().Be(0);
        using var leaf = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Combine(serve.NewFolder("mac"), "certificate.pem"), Cancellation));
        using var http = TrustedRoot.Client(serve.Root);
        var directory = JsonNode.Parse(await http.GetStringAsync(new Uri(serve.DirectoryOf("apple-device")), Cancellation))!;

        using var answer = await http.GetAsync(new Uri($"{directory["renewalInfo"]}/{RenewalWindows.IdOf(leaf)}"), Cancellation);

        var window = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!["suggestedWindow"]!;
        var (start, end) = ((DateTimeOffset)window["start"]!, (DateTimeOffset)window["end"]!);
        end.Should().BeAfter(start).And.BeBefore(TimeProvider.System.GetUtcNow());
        answer.Headers.RetryAfter!.Delta.Should().BePositive();
        (await http.GetAsync(new Uri($"{directory["renewalInfo"]}/AAAA.AAAA"), Cancellation)).StatusCode.Should().Be(HttpStatusCode.NotFound);
        serve.Run.Parts.Renewals.Wrong(RenewalWindows.IdOf(leaf)!, "another account")!.Value.Status.Should().Be(403);
    }

    [Fact]
    public async Task The_program_tells_where_it_is_and_ends_with_the_report_when_it_is_asked_to()
    {
        var ports = FreePorts.Take(6);
        var (folder, report) = (serve.NewFolder("program"), Path.Combine(serve.NewFolder("program"), "report"));
        await using var program = new BackgroundProgram(Programs.Start(
            Path.Combine(AppContext.BaseDirectory, "device-sim.dll"),
            [
                "serve", "--port", $"{ports[0]}", "--management-port", $"{ports[1]}", "--status-port", $"{ports[2]}", "--http-01-port", $"{ports[3]}", "--tls-alpn-01-port", $"{ports[4]}", "--dns-port", $"{ports[5]}",
                "--state", folder, "--report", report, "--server-program", typeof(ServerOptions).Assembly.Location, "--strict",
            ]));
        await program.UntilItSays("ready; Ctrl+C ends it with the report");

        using var http = TrustedRoot.Client(Path.Combine(folder, "tls-root.pem"));
        (await http.GetAsync(new Uri($"https://localhost:{ports[0]}/acme/apple-device/directory"), Cancellation)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await program.Terminate()).Should().Be(1, "a client without User-Agent is wrong");

        program.Output.Should().Contain("fail must   user-agent").And.Contain("1 exchanges");
        File.Exists(Path.Combine(report, "report.html")).Should().BeTrue();
        Directory.Exists(Path.Combine(folder, "data")).Should().BeTrue("it was named");
    }

    [Fact]
    public async Task The_server_behind_ends_with_the_program_even_where_that_is_killed()
    {
        var ports = FreePorts.Take(6);
        var folder = serve.NewFolder("killed");
        await using var program = new BackgroundProgram(Programs.Start(
            Path.Combine(AppContext.BaseDirectory, "device-sim.dll"),
            [
                "serve", "--port", $"{ports[0]}", "--management-port", $"{ports[1]}", "--status-port", $"{ports[2]}", "--http-01-port", $"{ports[3]}", "--tls-alpn-01-port", $"{ports[4]}", "--dns-port", $"{ports[5]}",
                "--state", folder, "--server-program", typeof(ServerOptions).Assembly.Location,
            ]));
        await program.UntilItSays("ready; Ctrl+C ends it with the report");
        (await Listens(ports[2])).Should().BeTrue("the server behind has this port");

        await program.Kill();

        while (await Listens(ports[2]))
        {
            await Task.Delay(20, Cancellation);
        }
    }

    [Fact]
    public async Task A_profile_with_external_accounts_gives_out_keys()
    {
        serve.Begin(new Switches());

        var (status, ticket) = await Post("/tickets?profile=printer");
        status.Should().Be(HttpStatusCode.OK);
        ((string)ticket["directory"]!).Should().Be(serve.DirectoryOf("printer"));
        foreach (var name in (string[])["one.printer.example", "two.printer.example"])
        {
            var (code, said) = await serve.Enroll("server", "printer", "--name", name, "--eab-key-id", (string)ticket["keyId"]!, "--eab-key", (string)ticket["macKey"]!);
            code.Should().Be(0, said);
        }

        serve.MarkOf("external-account").Should().Be(DeviceAcme.Simulator.Serve.Judging.Mark.Pass);
        (await serve.Enroll("server", "printer", "--name", "three.printer.example")).Said.Should().Contain("externalAccountRequired");
        ((string)(await Post("/tickets?profile=apple-user-enrollment")).Body["clientIdentifier"]!).Should().StartWith("tkt_");
        ((string)(await Post("/tickets?profile=nothing")).Body["error"]!).Should().StartWith("profile: expected one of").And.Contain("printer");
        (await Post("/tickets")).Status.Should().Be(HttpStatusCode.BadRequest);
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> Post(string path)
    {
        using var http = new HttpClient();
        using var answer = await http.PostAsync(new Uri(serve.Management + path), null, Cancellation);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }

    private static async Task<bool> Listens(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, Cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<string> Text(string path)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(serve.Management + path), Cancellation);
    }

    private async Task<HttpStatusCode> Status(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method, new Uri(serve.Management + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return (await http.SendAsync(request, Cancellation)).StatusCode;
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> Put(string body)
    {
        using var http = new HttpClient();
        using var answer = await http.PutAsync(new Uri(serve.Management + "/switches"), new StringContent(body, Encoding.UTF8, "application/json"), Cancellation);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }
}
