using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Audit;

/// <summary><c>deviceacme audit list</c>: what happened, by what it concerns; with <c>--follow</c> also what happens.</summary>
internal sealed class AuditListing(TextWriter output, Talk talk, TimeProvider time, AdminServerChoice choice, Option<bool> json)
{
    private const string Route = "admin/v1/audit";
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly Option<string?> _since = new("--since") { HelpName = "TIME", Description = "from then on: 2026-01-31T12:00:00Z, or how long ago: 36h, 7d" };
    private readonly Option<string?> _until = new("--until") { HelpName = "TIME", Description = "before then" };
    private readonly Option<string?> _kind = new("--kind") { HelpName = "KIND", Description = "of one kind, for example order.created" };
    private readonly Option<string?> _actor = new("--actor") { HelpName = "NAME", Description = "what one administrator did or was refused: local, token:olga" };
    private readonly Option<string?> _profile = new("--profile") { HelpName = "NAME", Description = "of one profile" };
    private readonly Option<string?> _reason = new("--reason") { HelpName = "CODE", Description = "refused for one reason" };
    private readonly Option<string?> _order = new("--order") { HelpName = "ORDER", Description = "of one order, by its id or URL" };
    private readonly Option<string?> _device = new("--device") { HelpName = "ID", Description = "of one device, by its id" };
    private readonly Option<bool> _follow = new("--follow") { Description = "oldest first, and then each one as it happens, until Ctrl+C" };
    private readonly ListReading _reading = new();

    public Command Command()
    {
        var list = new CommandWithExamples(
            "list",
            "what happened, newest first",
            "deviceacme audit list --since 24h --reason device-unknown\ndeviceacme audit list --actor token:olga --all --json\ndeviceacme audit list --follow --profile apple-device")
        {
            _since, _until, _kind, _actor, _profile, _reason, _order, _device, _reading, _follow,
        };
        list.Validators.Add(result =>
        {
            if (result.GetValue(_follow) && result.GetValue(_until) is not null)
            {
                result.AddError("--follow and --until exclude each other");
            }
        });
        list.SetAction(Run);
        return list;
    }

    /// <summary>The events that a filter finds, oldest first, and those that come after them.</summary>
    /// <param name="query">The filters.</param>
    /// <param name="known">What was shown already, newest first.</param>
    /// <param name="time">Whose seconds are waited.</param>
    public static async IAsyncEnumerable<AuditRecord> Follow(
        AdminConnection server, string query, IReadOnlyList<AuditRecord> known, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var record in known.Reverse())
        {
            yield return record;
        }

        for (var last = known.Count > 0 ? known[0].Sequence : 0; ;)
        {
            await Task.Delay(_pause, time, cancellation);
            var news = new Stack<AuditRecord>();
            await foreach (var record in ListReading.Entries<AuditPage, AuditRecord>(server, Route + query, AdminJson.Default.AuditPage, null, cancellation))
            {
                if (record.Sequence <= last)
                {
                    break;
                }

                news.Push(record);
            }

            foreach (var record in news)
            {
                last = record.Sequence;
                yield return record;
            }
        }
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken cancellation)
    {
        var query = ListReading.Query(
            ("since", parsed.GetValue(_since)), ("until", parsed.GetValue(_until)), ("kind", parsed.GetValue(_kind)), ("actor", parsed.GetValue(_actor)), ("profile", parsed.GetValue(_profile)),
            ("reason", parsed.GetValue(_reason)), ("order", parsed.GetValue(_order) is { } order ? ExplainCommand.Id(order) : null), ("device", parsed.GetValue(_device)));
        var server = await choice.Open(parsed, cancellation);
        var events = await _reading.Read<AuditPage, AuditRecord>(server, Route + query, AdminJson.Default.AuditPage, parsed, talk, cancellation);
        if (!parsed.GetValue(_follow))
        {
            output.Write(parsed.GetValue(json)
                ? JsonSerializer.Serialize(new AuditPage { Events = events }, AdminJson.Default.AuditPage) + Environment.NewLine
                : TextTable.Of([["AT", "NUMBER", "KIND", "ACTOR", "PROFILE", "REASON", "WHAT"], .. events.Select(Cells)]));
            return 0;
        }

        try
        {
            await foreach (var record in Follow(server, query, events, time, cancellation))
            {
                output.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(record, AdminJson.Default.AuditRecord) : ExplainText.Visible(string.Join("  ", Cells(record).Where(cell => cell.Length > 0))));
                await output.FlushAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl+C is how this ends
            return 0;
        }

        return 0;
    }

    private static string[] Cells(AuditRecord record) =>
    [
        record.At, record.Sequence.ToString(CultureInfo.InvariantCulture), record.Kind, record.Actor ?? "", record.Profile ?? "", record.Reason ?? "",
        string.Join("  ", new[] { record.Detail, Id("order", record.Order), Id("device", record.Device), Id("account", record.Account), Id("certificate", record.Certificate) }.OfType<string>()),
    ];

    private static string? Id(string name, string? id) => id is null ? null : $"{name} {id}";
}
