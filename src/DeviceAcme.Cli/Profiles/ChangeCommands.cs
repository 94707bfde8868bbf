using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile activate | rollback | withdraw</c>: changes the set of the running server, after a preview.</summary>
internal sealed class ChangeCommands(TextReader input, TextWriter output, Talk talk)
{
    private const string Versions = "admin/v1/profile-versions";

    public Command Activate()
    {
        var said = new Said();
        var files = new Argument<string[]>("FILE") { Description = "profile files; they come into force together", Arity = ArgumentArity.OneOrMore };
        var dryRun = new Option<bool>("--dry-run") { Description = "the preview alone: mistakes, tests, lint, differences, whom it concerns" };
        var activate = new CommandWithExamples(
            "activate",
            "puts profile files into force on the running server, after a preview. Orders under way keep the version that they were made under. Exit code 0: done, or nothing to do, 1: mistakes, or it was not wanted, 2: wrong use",
            """
            deviceacme profile activate profiles/apple-device.yaml --dry-run
            deviceacme profile activate profiles/apple-device.yaml --reason "macOS 15 at least"
            deviceacme profile activate profiles/*.yaml --reason "release 7" --yes
            """)
        {
            files, dryRun,
        };
        said.AddTo(activate);
        activate.Validators.Add(result =>
        {
            if (!result.GetValue(dryRun) && result.GetResult(said.Reason) is null)
            {
                result.AddError("--reason is needed: the history shows it (--dry-run needs none)");
            }
        });
        activate.SetAction(async (parsed, cancellation) =>
        {
            var server = await said.Server.Open(parsed, cancellation);
            var wanted = new ProfileFiles
            {
                Files = [.. parsed.GetRequiredValue(files).Select(file => new ProfileFileText { File = Path.GetFileName(file), Text = ProfileText.Read(file) })],
                Reason = parsed.GetValue(said.Reason),
            };
            var report = await Preview(server, wanted, parsed, said, parsed.GetValue(dryRun), cancellation);
            if (report.Findings.Any(finding => finding.IsError))
            {
                talk.Error("nothing was activated: the mistakes stand above");
                return 1;
            }

            if (parsed.GetValue(dryRun) || report.Profiles.All(profile => profile.Change == "same"))
            {
                return 0;
            }

            Confirm(parsed, said, "put into force");
            return Tell(
                await server.Post($"{ProfileSource.Route}/activations", wanted, AdminJson.Default.ProfileFiles, AdminJson.Default.ProfileActivationReport, cancellation, ifMatch: report.Version), parsed, said);
        });
        return activate;
    }

    public Command RollBack()
    {
        var said = new Said();
        var name = new Argument<string?>("NAME") { Description = "the profile; without it --set", Arity = ArgumentArity.ZeroOrOne };
        var to = new Option<string?>("--to") { HelpName = "VERSION", Description = "the beginning of its hash, or the number of a version of the set [default: the text before the one in force]" };
        var set = new Option<int?>("--set") { HelpName = "NUMBER", Description = "all profiles, as they were in this version of the set" };
        var rollback = new CommandWithExamples(
            "rollback",
            "puts an earlier text of a profile, or the whole set as it was, into force again; that is a new version",
            """
            deviceacme profile rollback apple-device --reason "phones did not renew"
            deviceacme profile rollback apple-device --to 3 --reason "as in spring"
            deviceacme profile rollback --set 12 --reason "as before the release"
            """)
        {
            name, to, set,
        };
        said.AddTo(rollback);
        rollback.Validators.Add(result =>
        {
            if ((result.GetValue(name) is null) == (result.GetResult(set) is null) || (result.GetResult(set) is not null && result.GetResult(to) is not null))
            {
                result.AddError("expected the name of a profile, or --set");
            }
        });
        rollback.Validators.Add(said.NeedsReason);
        rollback.SetAction(async (parsed, cancellation) =>
        {
            var server = await said.Server.Open(parsed, cancellation);
            var why = parsed.GetRequiredValue(said.Reason)!;
            if (parsed.GetValue(set) is { } number)
            {
                var current = await server.Get(ProfileSource.Route, AdminJson.Default.ProfileListing, cancellation);
                Confirm(parsed, said, $"the whole set as in version {number.ToString(CultureInfo.InvariantCulture)}");
                return Tell(
                    await server.Post($"{Versions}/{number.ToString(CultureInfo.InvariantCulture)}/rollback", new ProfileReason { Reason = why }, AdminJson.Default.ProfileReason, AdminJson.Default.ProfileActivationReport, cancellation, ifMatch: current.Version),
                    parsed, said);
            }

            var profile = parsed.GetValue(name)!;
            var target = await server.Get(
                $"{ProfileSource.Route}/{Uri.EscapeDataString(profile)}?version={Uri.EscapeDataString(parsed.GetValue(to) ?? await Previous(server, profile, cancellation))}", AdminJson.Default.ProfileVersionText, cancellation);
            var report = await Preview(server, new ProfileFiles { Files = [new ProfileFileText { File = $"{profile}.yaml", Text = target.Text }] }, parsed, said, last: false, cancellation);
            Confirm(parsed, said, "put into force again");
            return Tell(
                await server.Post(
                    $"{ProfileSource.Route}/{Uri.EscapeDataString(profile)}/rollback", new ProfileRollback { To = target.Hash, Reason = why }, AdminJson.Default.ProfileRollback, AdminJson.Default.ProfileActivationReport, cancellation, ifMatch: report.Version),
                parsed, said);
        });
        return rollback;
    }

    public Command Withdraw()
    {
        var said = new Said();
        var name = new Argument<string>("NAME") { Description = "the profile" };
        var withdraw = new CommandWithExamples(
            "withdraw",
            "offers a profile no longer: its directory is gone and its orders under way fail; certificates stay good and can be revoked. 'rollback' brings it back",
            "deviceacme profile withdraw lab-tpm --reason \"the laboratory moved out\"")
        {
            name,
        };
        said.AddTo(withdraw);
        withdraw.Validators.Add(said.NeedsReason);
        withdraw.SetAction(async (parsed, cancellation) =>
        {
            var server = await said.Server.Open(parsed, cancellation);
            var profile = parsed.GetRequiredValue(name);
            var current = await server.Get(ProfileSource.Route, AdminJson.Default.ProfileListing, cancellation);
            Confirm(parsed, said, $"withdraw {profile}");
            return Tell(
                await server.Post(
                    $"{ProfileSource.Route}/{Uri.EscapeDataString(profile)}/withdraw", new ProfileReason { Reason = parsed.GetRequiredValue(said.Reason)! }, AdminJson.Default.ProfileReason, AdminJson.Default.ProfileActivationReport, cancellation, ifMatch: current.Version),
                parsed, said);
        });
        return withdraw;
    }

    private async Task<ProfileCheckReport> Preview(AdminConnection server, ProfileFiles wanted, ParseResult parsed, Said said, bool last, CancellationToken cancellation)
    {
        var report = await server.Post($"{ProfileSource.Route}/checks", wanted, AdminJson.Default.ProfileFiles, AdminJson.Default.ProfileCheckReport, cancellation);
        var isForMachines = parsed.GetValue(said.Json);
        if (!isForMachines)
        {
            output.Write(Text(report));
        }
        else if (last || report.Findings.Any(finding => finding.IsError))
        {
            output.WriteLine(JsonSerializer.Serialize(report, AdminJson.Default.ProfileCheckReport));
        }

        return report;
    }

    /// <summary>The text that was in force before, as the server would choose it.</summary>
    private static async Task<string> Previous(AdminConnection server, string profile, CancellationToken cancellation)
    {
        string? current = null;
        await foreach (var version in ListReading.Entries<ProfileVersionList, ProfileVersionEntry>(
            server, Versions + ListReading.Query(("profile", profile)), AdminJson.Default.ProfileVersionList, null, cancellation))
        {
            var hash = version.Changes.Single().Hash;
            current ??= hash ?? "";
            if (hash is not null && hash != current)
            {
                return hash;
            }
        }

        throw new CommandFailure($"{profile} never had another text than the one in force");
    }

    private void Confirm(ParseResult parsed, Said said, string what)
    {
        if (parsed.GetValue(said.Yes))
        {
            return;
        }

        talk.Ask($"{what}? [y/N] ");
        var answer = input.ReadLine() ?? throw new CommandFailure("nobody answered, and nothing was changed", "--yes asks no question");
        if (answer.Trim() is not ("y" or "Y" or "yes"))
        {
            throw new CommandFailure("nothing was changed");
        }
    }

    private int Tell(ProfileActivationReport report, ParseResult parsed, Said said)
    {
        if (parsed.GetValue(said.Json))
        {
            output.WriteLine(JsonSerializer.Serialize(report, AdminJson.Default.ProfileActivationReport));
            return 0;
        }

        output.WriteLine(report.NewVersion
            ? string.Create(CultureInfo.InvariantCulture, $"version {report.Version.Number} of the profiles is in force: {report.Version.Action}")
            : string.Create(CultureInfo.InvariantCulture, $"nothing changed; version {report.Version.Number} stays in force"));
        return 0;
    }

    private static string Text(ProfileCheckReport report)
    {
        var text = new StringBuilder();
        foreach (var finding in report.Findings)
        {
            text.AppendLine(ProfileCheck.Text(finding));
        }

        foreach (var profile in report.Profiles)
        {
            text.Append(profile.Name).Append("  ").Append(profile.Change switch
            {
                "new" => "new",
                "same" => "nothing changes",
                "layout" => "comments or layout alone",
                _ => "changed",
            });
            text.AppendLine(profile.Before is null ? $"  {profile.After[..12]}" : profile.Before == profile.After ? $"  {profile.After[..12]}" : $"  {profile.Before[..12]} → {profile.After[..12]}");
            if (profile.Change == "changed")
            {
                text.Append(string.Concat(DiffCommand.Text(profile.Differences).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"  {line}\n")));
                text.Append(CultureInfo.InvariantCulture, $"  orders under way: {profile.WaitingOrders} (they keep the version that they were made under)\n");
                text.Append(CultureInfo.InvariantCulture, $"  devices: {profile.Refused} of the last {profile.Devices} would be refused");
                text.AppendLine(profile.Refused > 0 ? "; 'deviceacme coverage FILE' looks at all of them" : "");
            }
        }

        return text.Append(CultureInfo.InvariantCulture, $"{Count(report.Profiles.Count, "profile")}, {Count(report.Tests, "test")}, {Count(report.Findings.Count(finding => finding.IsError), "error")}, {Count(report.Findings.Count(finding => !finding.IsError), "warning")}").AppendLine().ToString();
    }

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");

    /// <summary>The options that all of these have.</summary>
    private sealed class Said
    {
        public AdminServerChoice Server { get; } = new();
        public Option<bool> Json { get; } = CommandLine.ForMachines();
        public Option<string?> Reason { get; } = new("--reason") { HelpName = "TEXT", Description = "why; the history shows it" };
        public Option<bool> Yes { get; } = new("--yes") { Description = "ask no question" };

        public void AddTo(Command command)
        {
            command.Options.Add(Reason);
            command.Options.Add(Yes);
            Server.AddTo(command);
            command.Options.Add(Json);
        }

        public void NeedsReason(System.CommandLine.Parsing.CommandResult result)
        {
            if (result.GetResult(Reason) is null)
            {
                result.AddError("--reason is needed: the history shows it");
            }
        }
    }
}
