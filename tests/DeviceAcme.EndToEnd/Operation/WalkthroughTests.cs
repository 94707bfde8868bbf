using System.Text.RegularExpressions;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>The walkthroughs: their commands do what they say, and print what they show, on a server whose ledger is empty.</summary>
public sealed partial class WalkthroughTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task With_Apple_devices() => Follow("walkthrough-apple.md");

    [Fact, Needs("lego")]
    public Task With_printers() => Follow("walkthrough-printer.md");

    private static async Task Follow(string name)
    {
        var page = await CommandPage.Read(name, Cancellation);
        page.Commands.Should().HaveCountGreaterThan(15).And.Subject.First().Line.Should().Be("./dev run");
        await using var server = new RunningServer { Options = ["--profiles", Settings.ShippedProfiles] };
        await server.InitializeAsync();
        var run = await PageRun.Prepare(
            server,
            new Dictionary<string, Regex> { ["DIRECTORY"] = TicketDirectory(), ["KEYID"] = KeyId(), ["MACKEY"] = MacKey(), ["ORDER"] = WaitingOrder() },
            Cancellation);

        // the shipped ones, as they stand in the repository
        var profiles = Path.Combine(Path.GetDirectoryName(server.Data)!, "profiles");
        Directory.Delete(profiles, recursive: true);
        Directory.CreateSymbolicLink(profiles, Settings.ShippedProfiles);

        await run.Run(page);
    }

    [GeneratedRegex(@"^directory +(?<it>https://\S+)", RegexOptions.Multiline)]
    private static partial Regex TicketDirectory();

    [GeneratedRegex(@"^key id +(?<it>\S+)", RegexOptions.Multiline)]
    private static partial Regex KeyId();

    [GeneratedRegex(@"^mac key +(?<it>\S+)", RegexOptions.Multiline)]
    private static partial Regex MacKey();

    [GeneratedRegex(@"^(?<it>\S+) .*waits for an officer", RegexOptions.Multiline)]
    private static partial Regex WaitingOrder();
}
