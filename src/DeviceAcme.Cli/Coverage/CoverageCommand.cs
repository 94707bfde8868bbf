using System.CommandLine;
using DeviceAcme.Cli.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Coverage;

/// <summary><c>deviceacme coverage</c>: how many of the devices that were seen a changed profile would refuse, by model and system.</summary>
internal static class CoverageCommand
{
    /// <summary>Exit code where somebody would be refused: 1 is a failure of the run itself.</summary>
    private const int SomebodyRefused = 3;

    private const int TellEvery = 500;

    public static Command Make(TextWriter output, Talk talk, AdminServerChoice choice)
    {
        var file = new Argument<string>("file") { HelpName = "FILE", Description = "the profile as it would be" };
        var since = new Option<string?>("--since") { HelpName = "TIME", Description = "devices seen from then on: 2026-01-31T12:00:00Z, or how long ago: 36h, 30d [default: all that is kept]" };
        var of = new Option<string?>("--of") { HelpName = "NAME", Description = "evidence of another profile [default: the one that the file names]" };
        var json = CommandLine.ForMachines();
        var command = new CommandWithExamples(
            "coverage",
            "who of the devices that were seen a changed profile would refuse, by model and system: its rules about facts (also those on trial), patterns and formats "
            + "are held against each device's latest good evidence. Nothing is changed. Exit code 0: nobody, 3: somebody, 1: it failed, 2: wrong use",
            """
            deviceacme coverage changed/apple-device.yaml --since 90d
            deviceacme coverage changed/apple-device.yaml --json
            """)
        {
            file, since, of, choice, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var profile = ProfileText.Parse(parsed.GetRequiredValue(file));
            var server = await choice.Open(parsed, cancellation);
            var filter = ListReading.Query(("kind", EvidenceKinds.Challenge), ("profile", parsed.GetValue(of) ?? profile.Name), ("since", parsed.GetValue(since)));
            var count = new CoverageCount(profile);
            var seen = 0;
            await foreach (var entry in EvidenceCommands.All(server, filter, cancellation))
            {
                if (++seen % TellEvery == 0)
                {
                    talk.Progress($"{seen} pieces of evidence");
                }

                if (count.Wants(entry))
                {
                    count.Add(await server.Get($"admin/v1/evidence/{Uri.EscapeDataString(entry.Id)}", AdminJson.Default.EvidenceRecord, cancellation));
                }
            }

            var report = count.Report;
            output.Write(parsed.GetValue(json) ? report.ToJson() : report.ToText());
            return report.Refused + report.Observed > 0 ? SomebodyRefused : 0;
        });
        return command;
    }
}
