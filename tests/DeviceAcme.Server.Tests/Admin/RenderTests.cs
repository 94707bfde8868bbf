using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using DeviceAcme.Cli;
using DeviceAcme.Cli.Profiles;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme profile render</c> of what a running server has stored.</summary>
public sealed class RenderTests : IAsyncLifetime
{
    private const string Profile = """
        name: office
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation: { mode: required, formats: [apple], anchors: [apple] }
        devices: { unknown: refuse }
        certificate:
          subject: CN={{device.serial}}, O={{ledger.owner}}
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-render-");
    private AdminServer? _server;
    private DeviceOrder? _order;

    private AdminServer Server => _server!;

    public async ValueTask InitializeAsync()
    {
        _server = await AdminServer.Start(new Dictionary<string, string> { ["office"] = Profile });
        var result = await Server.Server.Services.GetRequiredService<DeviceImport>().Run(
            Inventory.Read(Encoding.UTF8.GetBytes($$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"owner":"Ada"}]""")), "test", "test", false, null, TestContext.Current.CancellationToken);
        result.Mistakes.Should().BeEmpty();
        var account = await Server.Account("office");
        _order = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(_order.Material, Simulated.NewKey());
        (await _order.Send(evidence)).State.Should().Be("valid");
        (await _order.Finalize(evidence.Key)).State.Should().Be("valid");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(true);
        return _server?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    [Fact]
    public async Task An_order_is_rendered_with_the_version_that_it_was_made_under_and_what_the_ledger_says()
    {
        await ProfileRouteTests.Activate(Server, [new ProfileFileText { File = "office.yaml", Text = Profile.Replace("90d", "30d", StringComparison.Ordinal) }], "shorter");

        var (code, text) = await Render("--order", _order!.Url);

        code.Should().Be(0, text);
        text.Should().MatchRegex($"(?m)^subject +CN={Simulated.Serial}, O=Ada$").And.MatchRegex("(?m)^valid from +2026-11-22T").And.MatchRegex("(?m)^valid to +2027-02-20T")
            .And.Contain("CN=preview: not issued by any CA").And.MatchRegex("(?m)^key +ec-p256$");
        (await Render("--order", _order.Url, "office")).Text.Should().MatchRegex("(?m)^valid to +2026-12-22T", "the one in force");
    }

    [Fact]
    public async Task A_changed_file_shows_what_would_become_of_an_order_and_of_evidence()
    {
        var file = Write(Profile.Replace("O={{ledger.owner}}", "O={{ledger.owner}}, OU={{ticket.team|none}}", StringComparison.Ordinal));
        (await Render("--order", _order!.Url, "--profile-file", file)).Text.Should().MatchRegex("(?m)^subject +CN=.*, O=Ada, OU=none$");
        (await Render("--order", _order.Url, "--profile-file", file, "--fact", "ticket.team=field")).Text.Should().MatchRegex("(?m)^subject +CN=.*, O=Ada, OU=field$");

        var evidence = (await Server.All("order=newest")).First(entry => entry.Kind == EvidenceKinds.Challenge);
        (await Render("--evidence", evidence.Id)).Text.Should().MatchRegex($"(?m)^subject +CN={Simulated.Serial}, O=Ada$");

        var strict = Write(Profile.Replace("anchors: [apple] }", "anchors: [apple], facts: { os.version: '>= 99' } }", StringComparison.Ordinal));
        var refused = await Render("--order", _order.Url, "--profile-file", strict);
        refused.Code.Should().Be(1);
        refused.Text.Should().Contain("would be refused (fact-different)");
    }

    [Fact]
    public async Task The_lint_speaks_of_what_would_be_wrong()
    {
        var odd = Write(Profile.Replace("extended-key-usage: [client-auth]", "key-usage: [digital-signature]\n  extended-key-usage: [server-auth]", StringComparison.Ordinal));
        var (code, text) = await Render("--order", _order!.Url, "--profile-file", odd);

        text.Should().MatchRegex("(?m)^(error|warning): [a-z-]+: .*\\(.+\\)$", "a server's certificate without a dns name is worth a word");
        code.Should().Be(text.Contains("\nerror: ", StringComparison.Ordinal) ? 1 : 0);
    }

    [Theory]
    [InlineData]
    [InlineData("office", "--profile-file", "office.yaml")]
    [InlineData("--order", "x", "--evidence", "y")]
    public async Task Wrong_use_is_told(params string[] arguments) => (await Render(arguments)).Code.Should().NotBe(0);

    private string Write(string text)
    {
        var file = Path.Combine(_folder.FullName, "office.yaml");
        File.WriteAllText(file, text);
        return file;
    }

    private async Task<(int Code, string Text)> Render(params string[] arguments)
    {
        Server.Server.Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Server.Token);
        var output = new StringWriter();
        var command = RenderCommand.Make(output, Server.Clock, new AdminServerChoice(() => new AdminConnection(Server.Server.Admin)));
        try
        {
            var parsed = command.Parse(arguments);
            return parsed.Errors.Count > 0 ? (2, parsed.Errors[0].Message) : (await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }, TestContext.Current.CancellationToken), output.ToString());
        }
        catch (CommandFailure failure)
        {
            return (1, failure.Message);
        }
    }
}
