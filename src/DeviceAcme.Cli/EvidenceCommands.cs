using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary><c>evidence list | show | export | acknowledge</c>: the vault of the running server.</summary>
internal static class EvidenceCommands
{
    private const string Route = "admin/v1/evidence";
    private const int Success = 0;
    private const int TellEvery = 200;

    public static Command Make(TextWriter output, Talk talk)
    {
        var choice = new AdminServerChoice();
        var json = CommandLine.ForMachines();
        var filter = new FilterOptions();
        return new Command("evidence", "stored evidence and verdicts")
        {
            choice, json, List(choice, json, filter, output, talk), Show(choice, json, output), Export(choice, filter, output, talk), Acknowledge(choice, output),
        };
    }

    /// <summary>Everything that a filter finds.</summary>
    internal static IAsyncEnumerable<EvidenceEntry> All(AdminConnection server, string query, CancellationToken cancellation) =>
        ListReading.Entries<EvidenceList, EvidenceEntry>(server, Route + query, AdminJson.Default.EvidenceList, null, cancellation);

    private static Command List(AdminServerChoice choice, Option<bool> json, FilterOptions filter, TextWriter output, Talk talk)
    {
        var reading = new ListReading();
        var list = new Command("list", "stored verdicts, newest first");
        reading.AddTo(list);
        filter.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var entries = await reading.Read<EvidenceList, EvidenceEntry>(server, Route + filter.Query(parsed), AdminJson.Default.EvidenceList, parsed, talk, cancellation);
            output.Write(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new EvidenceList { Evidence = entries }, AdminJson.Default.EvidenceList) + Environment.NewLine
                : EvidenceText.Table(entries));
            return Success;
        });
        return list;
    }

    private static Command Show(AdminServerChoice choice, Option<bool> json, TextWriter output)
    {
        var id = new Argument<string>("ID") { Description = "as list and explain print it" };
        var show = new Command("show", "one stored verdict: what was in force, the checks, the facts") { id };
        show.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var record = await Find(server, parsed.GetRequiredValue(id), cancellation);
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(record, AdminJson.Default.EvidenceRecord) + Environment.NewLine : EvidenceText.One(record));
            return Success;
        });
        return show;
    }

    private static Command Export(AdminServerChoice choice, FilterOptions filter, TextWriter output, Talk talk)
    {
        var ids = new Argument<string[]>("ID") { Description = "as list prints them [default: all that the filters find]", Arity = ArgumentArity.ZeroOrMore };
        var folder = new Option<string>("--out") { HelpName = "DIR", Description = "where the files go; what is there already is left alone, so a run that was stopped can go on", Required = true };
        var export = new Command("export", "writes ID.json with the verdict, and the bytes beside it (ID.cbor an attestation object, ID.csr a CSR, ID.bin anything else)") { ids, folder };
        filter.AddTo(export);
        export.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var target = new EvidenceFolder(parsed.GetRequiredValue(folder));
            var (written, present) = (0, 0);
            await foreach (var id in Wanted(server, parsed.GetValue(ids) ?? [], filter.Query(parsed), cancellation))
            {
                if (target.Has(id))
                {
                    present++;
                }
                else
                {
                    target.Write(await Find(server, id, cancellation));
                    written++;
                    if (written % TellEvery == 0)
                    {
                        talk.Progress($"{written} written");
                    }
                }
            }

            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{written} written, {present} there already"));
            return Success;
        });
        return export;
    }

    private static Command Acknowledge(AdminServerChoice choice, TextWriter output)
    {
        var id = new Argument<string>("ID") { Description = "the evidence that showed the anomaly, the newest if there are several" };
        var acknowledge = new Command("acknowledge", "an anomaly is in order: what this evidence showed is not refused or reported again") { id };
        acknowledge.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var done = await server.Post($"{Route}/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/acknowledge", AdminJson.Default.AcknowledgedAnomalies, cancellation);
            output.WriteLine($"acknowledged {string.Join(", ", done.Names)}");
            return Success;
        });
        return acknowledge;
    }

    private static async IAsyncEnumerable<string> Wanted(
        AdminConnection server, IReadOnlyList<string> ids, string filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var id in ids)
        {
            yield return id;
        }

        if (ids.Count == 0)
        {
            await foreach (var entry in All(server, filter, cancellation))
            {
                yield return entry.Id;
            }
        }
    }

    private static async Task<EvidenceRecord> Find(AdminConnection server, string id, CancellationToken cancellation)
    {
        try
        {
            return await server.Get($"{Route}/{Uri.EscapeDataString(id)}", AdminJson.Default.EvidenceRecord, cancellation);
        }
        catch (CommandFailure unknown) when (unknown.Reason == "evidence-unknown")
        {
            throw new CommandFailure($"there is no evidence '{id}'", "deviceacme evidence list shows the ids; an order's evidence is named by: deviceacme explain ORDER");
        }
    }

    /// <summary>The filters of list and export.</summary>
    private sealed class FilterOptions
    {
        private readonly Option<string?> _since = new("--since") { HelpName = "TIME", Description = "from then on: 2026-01-31T12:00:00Z, or how long ago: 36h, 7d" };
        private readonly Option<string?> _until = new("--until") { HelpName = "TIME", Description = "before then" };
        private readonly Option<string?> _profile = new("--profile") { HelpName = "NAME", Description = "of one profile" };
        private readonly Option<string?> _kind = new("--kind") { HelpName = "KIND", Description = string.Join(", ", EvidenceKinds.All) };
        private readonly Option<string?> _format = new("--format") { HelpName = "FORMAT", Description = "of one statement format" };
        private readonly Option<string?> _reason = new("--reason") { HelpName = "CODE", Description = "refused for one reason" };
        private readonly Option<string?> _device = new("--device") { HelpName = "DEVICE", Description = "a device's identifier, for example its serial number, or its id" };
        private readonly Option<bool> _accepted = new("--accepted") { Description = "only what was accepted" };
        private readonly Option<bool> _refused = new("--refused") { Description = "only what was refused" };

        public void AddTo(Command command)
        {
            foreach (var option in (Option[])[_since, _until, _profile, _kind, _format, _reason, _device, _accepted, _refused])
            {
                command.Options.Add(option);
            }

            command.Validators.Add(result =>
            {
                if (result.GetValue(_accepted) && result.GetValue(_refused))
                {
                    result.AddError("--accepted and --refused exclude each other");
                }
            });
        }

        public string Query(ParseResult parsed) => ListReading.Query(
            ("since", parsed.GetValue(_since)), ("until", parsed.GetValue(_until)), ("profile", parsed.GetValue(_profile)), ("kind", parsed.GetValue(_kind)),
            ("format", parsed.GetValue(_format)), ("reason", parsed.GetValue(_reason)), ("device", parsed.GetValue(_device)),
            ("accepted", parsed.GetValue(_accepted) ? "true" : parsed.GetValue(_refused) ? "false" : null));
    }
}
