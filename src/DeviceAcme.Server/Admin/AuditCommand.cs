using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Admin;

/// <summary><c>audit export | head</c> on a data directory that no server runs on; what it prints is what the admin listener answers.</summary>
internal static class AuditCommand
{
    /// <param name="commandLine">Adds the settings to the actions.</param>
    /// <param name="open">Opens the log of a data directory for one action.</param>
    public static Command Make(CommandLine commandLine, Func<ServerOptions, Func<AuditLog, Task>, Task> open)
    {
        var since = new Option<string?>("--since") { HelpName = "TIME", Description = "from this time on, RFC 3339" };
        var until = new Option<string?>("--until") { HelpName = "TIME", Description = "before this time, RFC 3339" };
        var export = new Command("export", "the events as JSON lines") { since, until };
        commandLine.SetAction(export, async (parsed, options, cancellation) =>
        {
            var (from, to) = (Time("--since", parsed.GetValue(since)), Time("--until", parsed.GetValue(until)));
            await open(options, async log =>
            {
                await foreach (var row in log.Export(from, to, cancellation))
                {
                    Console.Out.Write(row + "\n");
                }
            });
            return ExitCode.Success;
        });

        var head = new Command("head", "where the log ends");
        commandLine.SetAction(head, async (_, options, _) =>
        {
            await open(options, log =>
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(log.Head, AdminJson.Default.AuditHead));
                return Task.CompletedTask;
            });
            return ExitCode.Success;
        });
        return new Command("audit", "the audit log, while no server runs on the data directory") { export, head };
    }

    private static DateTimeOffset? Time(string option, string? text) =>
        text is null ? null : Rfc3339.TryParse(text, out var time) ? time : throw new StartFailure($"{option}: expected a time such as 2026-01-31T12:00:00Z, found '{text}'");
}
