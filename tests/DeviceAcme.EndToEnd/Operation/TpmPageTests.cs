using System.Text.RegularExpressions;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>docs/tpm.md: its commands do what it says, and say what it shows.</summary>
[Needs("swtpm")]
public sealed partial class TpmPageTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    [Fact]
    public async Task The_commands_of_the_page_do_what_it_shows()
    {
        var page = await CommandPage.Read("tpm.md", Cancellation);
        page.Commands.Should().HaveCountGreaterThan(5).And.Subject.First().Line.Should().Be("./dev run");
        var run = await PageRun.Prepare(Server, new Dictionary<string, Regex> { ["EVIDENCE"] = Evidence(), ["ORDER"] = Order() }, Cancellation);

        await run.Run(page);
    }

    [GeneratedRegex("evidence/(?<it>[A-Za-z0-9_-]{22})")]
    private static partial Regex Evidence();

    [GeneratedRegex("(?<it>https://[^ ]*/order/[A-Za-z0-9_-]{22})")]
    private static partial Regex Order();
}
