using DeviceAcme.Cli;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme audit list --follow</c>: what happened, and then each event as it happens, until Ctrl+C.</summary>
public sealed class AuditFollowTests
{
    [Fact]
    public async Task What_happens_is_shown_oldest_first_each_once_until_somebody_ends_it()
    {
        await using var server = await RunningServerOnLoopback.Start();
        await Terminal.Run(server, "device", "add", "--identifier", "serial=A1");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var output = new StringWriter();
        var shown = TextWriter.Synchronized(output);
        var following = CommandLine.Tree(shown, new Talk(TextWriter.Null), TimeProvider.System, AnchorFolders.Read, TextReader.Null)
            .Parse(["audit", "list", "--follow", "--kind", "device.added", "--data", server.DataDirectory]).InvokeAsync(null, end.Token);
        await Until("serial A1");

        await Terminal.Run(server, "device", "add", "--identifier", "serial=A2");
        await Terminal.Run(server, "device", "block", "A1");
        await Terminal.Run(server, "device", "add", "--identifier", "serial=A3");
        await Until("serial A3");
        await end.CancelAsync();

        (await following).Should().Be(0);
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Select(line => line.Contains("device.added", StringComparison.Ordinal)).Should().Equal(true, true, true);
        string.Join(' ', lines.Select(line => line[line.IndexOf("serial A", StringComparison.Ordinal)..][..9])).Should().Be("serial A1 serial A2 serial A3");

        async Task Until(string text)
        {
            for (var tries = 0; !output.ToString().Contains(text, StringComparison.Ordinal); tries++)
            {
                tries.Should().BeLessThan(600, $"{text} should be shown; there was {output}");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }
}
