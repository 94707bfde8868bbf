using System.Text.Json;
using DeviceAcme.Cli;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Tests.Hosting;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme token</c>, <c>init</c> and <c>completion</c>.</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task Tokens_are_made_used_listed_and_revoked()
    {
        await using var server = await RunningServerOnLoopback.Start();

        var made = await Terminal.Run(server, "token", "add", "olga", "--role", "officer", "--profile", "tls-server", "--expires", "30d");
        made.Code.Should().Be(0);
        made.Talk.Should().Contain("not shown again");
        var token = made.Output.Trim();
        using var self = await server.Send(HttpMethod.Get, new Uri(server.Admin, "/admin/v1/self"), token);
        self.IsSuccessStatusCode.Should().BeTrue();

        (await Terminal.Run(server, "token", "list")).Output.Should().MatchRegex(@"olga +officer +tls-server .* good ").And.NotContain(token);
        (await Terminal.Run(server, "token", "revoke", "olga")).Code.Should().Be(0);
        JsonSerializer.Deserialize((await Terminal.Run(server, "token", "list", "--json")).Output, AdminJson.Default.AdminTokenList)!.Tokens.Single().RevokedAt.Should().NotBeNull();
        using var over = await server.Send(HttpMethod.Get, new Uri(server.Admin, "/admin/v1/self"), token);
        over.StatusCode.Should().Be(System.Net.HttpStatusCode.Unauthorized);

        (await Terminal.Run(server, "token", "self")).Output.Should().Be($"local: administrator{Environment.NewLine}");
        (await Terminal.Run(server, "token", "add", "olga", "--role", "officer")).Should().Match<(int Code, string Output, string Talk)>(run => run.Code == 1 && run.Talk.Contains("another name"));
        (await Terminal.Run(server, "token", "add", "x", "--role", "boss")).Code.Should().Be(1);
    }

    [Fact]
    public async Task What_init_writes_starts()
    {
        var ports = FreePorts.Take(3);
        var port = ports[0];

        var run = await Terminal.Run($"http://wrong.example\nhttps://localhost:{port}\nmaybe\n\nExample \"Devices\"\nExample Devices\n\n", "init", "--folder", _folder);

        run.Code.Should().Be(0, run.Talk);
        run.Talk.Should().Contain("What will clients see as its URL? [https://localhost:14000] ").And.Contain("expected https://HOST").And.Contain("expected new or existing").And.Contain("without quotes");
        var loaded = new SettingsLoader(new Dictionary<string, string>(), _folder).Load(new Dictionary<string, IReadOnlyList<string>>(), null);
        loaded.Mistakes.Should().BeEmpty();
        Installation.Load(loaded.Options).Mistakes.Should().BeEmpty();
        loaded.Options.Should().BeEquivalentTo(new { Url = new Uri($"https://localhost:{port}"), CaName = "Example Devices", DefaultProfile = "tls-server", DataDirectory = Path.Combine(_folder, "data") });

        Directory.CreateDirectory(loaded.Options.DataDirectory);
        await using var app = ServerApplication.Build(loaded.Options with { StatusListen = new Uri($"http://localhost:{ports[1]}"), AdminUrl = new Uri($"http://localhost:{ports[2]}") }, TimeProvider.System);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
        (await client.GetStringAsync(new Uri($"https://localhost:{port}/directory"), TestContext.Current.CancellationToken)).Should().Contain("/acme/tls-server/new-order");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("--yes --url https://acme.example --ca-name Example --profile apple-device", 0)]
    [InlineData("--yes", 0)]
    [InlineData("--yes --profile nowhere", 2)]
    [InlineData("--yes --url acme.example", 2)]
    [InlineData("--yes --root none", 2)]
    [InlineData("--yes --profile apple-device --unknown-devices register", 0)]
    [InlineData("--yes --profile apple-device --unknown-devices trust", 2)]
    [InlineData("--yes --profile apple-device --devices /nowhere.csv", 2)]
    [InlineData("--yes --unknown-devices register", 2)]
    [InlineData("--profile tls-server", 1)]
    public async Task Init_runs_without_questions(string arguments, int code)
    {
        (await Terminal.Run("", ["init", "--folder", _folder, .. arguments.Split(' ')])).Code.Should().Be(code);

        File.Exists(Path.Combine(_folder, "deviceacme.yaml")).Should().Be(code == 0);
        if (code == 0)
        {
            (await Terminal.Run("", "init", "--folder", _folder, "--yes")).Code.Should().Be(1, "a configuration is not written over");
            new SettingsLoader(new Dictionary<string, string>(), _folder).Load(new Dictionary<string, IReadOnlyList<string>>(), null).Mistakes.Should().BeEmpty();
        }
    }

    [Theory]
    [InlineData("\n", "refuse")]
    [InlineData("perhaps\nregister\n", "register")]
    [InlineData("refuse\n/nowhere.csv\nINVENTORY\n", "refuse")]
    public async Task Init_asks_about_devices_where_the_profile_has_them(string answers, string unknown)
    {
        var inventory = Path.Combine(_folder, "inventory.csv");
        await File.WriteAllTextAsync(inventory, "serial\nC02SIM000001\n", TestContext.Current.CancellationToken);
        var typed = $"\n\n\napple-device\n{answers.Replace("INVENTORY", inventory, StringComparison.Ordinal)}\n";

        var run = await Terminal.Run(typed, "init", "--folder", _folder);

        run.Code.Should().Be(0, run.Talk);
        run.Talk.Should().Contain("that is not in the ledger");
        var loaded = new SettingsLoader(new Dictionary<string, string>(), _folder).Load(new Dictionary<string, IReadOnlyList<string>>(), null);
        loaded.Mistakes.Should().BeEmpty();
        loaded.Options.DeviceInventories.Should().BeEquivalentTo(answers.Contains("INVENTORY", StringComparison.Ordinal) ? [inventory] : Array.Empty<string>());
        var installation = Installation.Load(loaded.Options);
        installation.Mistakes.Should().BeEmpty();
        (await File.ReadAllTextAsync(Path.Combine(_folder, "profiles", "apple-device.yaml"), TestContext.Current.CancellationToken)).Should().MatchRegex($@"\n  unknown: {unknown} +# register: ");
    }

    [Theory]
    [InlineData("bash", "complete ")]
    [InlineData("zsh", "compdef ")]
    [InlineData("fish", "complete ")]
    public async Task Completion_is_a_script_for_the_shell(string shell, string word) =>
        (await Terminal.Run("", "completion", shell)).Output.Should().Contain(word).And.Contain("[suggest:");

    [Theory]
    [InlineData("token ", "revoke")]
    [InlineData("audit ver", "verify")]
    [InlineData("token add x --ro", "--role")]
    [InlineData("token add x --role ", "officer")]
    public async Task The_program_says_what_could_follow(string line, string expected) =>
        (await Terminal.Run("", $"[suggest:{line.Length}]", line)).Output.Split('\n', StringSplitOptions.TrimEntries).Should().Contain(expected);

    [Theory]
    [InlineData("http://acme.example:14002", "t", null)]
    [InlineData("https://acme.example:14002", null, null)]
    [InlineData("https://acme.example:14002", "t", "/nowhere/ca.pem")]
    public void A_server_elsewhere_needs_https_a_credential_and_a_root_that_is_there(string url, string? token, string? ca)
    {
        var given = new Dictionary<AdminSetting, string?> { [AdminSetting.Url] = url, [AdminSetting.Token] = token, [AdminSetting.Ca] = ca };
        var find = () => RemoteServer.Find(setting => given.GetValueOrDefault(setting) is { } text ? new GivenValue(text, setting.Variable) : null);

        find.Should().Throw<WrongUse>();
    }
}
