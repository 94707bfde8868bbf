using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Audit;

/// <summary><c>deviceacme audit list | export | verify | head</c>.</summary>
internal sealed class AuditCommands(TextWriter output, Talk talk, TimeProvider time)
{
    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();
    private readonly Option<string?> _since = new("--since") { HelpName = "TIME", Description = "from this time on: 2026-01-31T12:00:00Z" };
    private readonly Option<string?> _until = new("--until") { HelpName = "TIME", Description = "before this time" };
    private readonly Option<FileInfo?> _out = new("--out") { HelpName = "FILE", Description = "where the lines go [default: stdout]" };
    private readonly Argument<FileInfo?> _file = new("FILE") { Description = "an export to verify; without it, the log of the server", Arity = ArgumentArity.ZeroOrOne };

    private readonly Option<string?> _head = new("--head")
    {
        HelpName = "NUMBER:HASH",
        Description = "a head that was kept elsewhere: the log must still have that row",
    };

    private readonly Option<FileInfo?> _against = new("--against")
    {
        HelpName = "FILE",
        Description = "an earlier export: it must hold, and the log must go on from it",
    };

    public Command Command()
    {
        var export = new CommandWithExamples(
            "export", "the events as JSON lines, each chained to the one before it", "deviceacme audit export --out audit.jsonl\ndeviceacme audit export --since 2026-01-01T00:00:00Z | jq .kind")
        {
            _since, _until, _out,
        };
        export.SetAction(Export);
        var verify = new CommandWithExamples(
            "verify",
            "finds changed, missing, inserted, moved, replaced and cut off rows and names them",
            "deviceacme audit verify\ndeviceacme audit verify audit.jsonl\ndeviceacme audit verify --against audit.jsonl\ndeviceacme audit verify --head 1234:9f86d0…")
        {
            _file, _head, _against,
        };
        verify.SetAction(Verify);
        var head = new Command("head", "number and hash of the last event: keep it where the server's operators cannot write");
        head.SetAction(async (parsed, cancellation) =>
        {
            var source = await AuditSource.Open(_server, parsed, cancellation);
            var end = await source.Head(cancellation);
            output.WriteLine(parsed.GetValue(_json) ? new JsonObject { ["sequence"] = end.Sequence, ["hash"] = end.Hash }.ToJsonString() : Text(end));
            return 0;
        });
        return new Command("audit", "the history of everything that was done and refused") { _server, _json, new AuditListing(output, talk, time, _server, _json).Command(), export, verify, head };
    }

    private async Task<int> Export(ParseResult parsed, CancellationToken cancellation)
    {
        var source = await AuditSource.Open(_server, parsed, cancellation);
        var lines = source.Export(parsed.GetValue(_since), parsed.GetValue(_until), cancellation);
        if (parsed.GetValue(_out) is not { } file)
        {
            await Write(lines, output);
            return 0;
        }

        // a half export must not stand under the name of a whole one
        var unfinished = file.FullName + ".part";
        long rows;
        await using (var writer = new StreamWriter(unfinished))
        {
            rows = await Write(lines, writer);
        }

        File.Move(unfinished, file.FullName, overwrite: true);
        talk.Progress(string.Create(CultureInfo.InvariantCulture, $"{rows} rows in {file.FullName}"));
        return 0;
    }

    private async Task<long> Write(IAsyncEnumerable<string> lines, TextWriter writer)
    {
        long rows = 0;
        await foreach (var line in lines)
        {
            await writer.WriteAsync(line + "\n");
            if (++rows % 100_000 == 0)
            {
                talk.Progress(string.Create(CultureInfo.InvariantCulture, $"{rows} rows"));
            }
        }

        return rows;
    }

    private async Task<int> Verify(ParseResult parsed, CancellationToken cancellation)
    {
        var anchors = new List<AuditHead>();
        if (parsed.GetValue(_head) is { } kept)
        {
            anchors.Add(Parse(kept));
        }

        if (parsed.GetValue(_against) is { } earlier)
        {
            var verification = new AuditVerification(fromTheBeginning: false);
            await AuditSource.Verify(Lines(earlier, cancellation), verification, talk);
            if (verification.Count > 0)
            {
                talk.Error($"{earlier.FullName} does not hold by itself");
                return Tell(verification, parsed.GetValue(_json));
            }

            anchors.Add(new AuditHead { Sequence = verification.Last, Hash = verification.LastHash });
        }

        if (parsed.GetValue(_file) is { } file)
        {
            var verification = new AuditVerification(fromTheBeginning: false, anchors);
            await AuditSource.Verify(Lines(file, cancellation), verification, talk);
            return Tell(verification, parsed.GetValue(_json));
        }

        var source = await AuditSource.Open(_server, parsed, cancellation);
        anchors.Add(await source.Head(cancellation));
        var all = new AuditVerification(fromTheBeginning: true, anchors);
        await AuditSource.Verify(source.Export(null, null, cancellation), all, talk);
        return Tell(all, parsed.GetValue(_json));
    }

    private int Tell(AuditVerification verification, bool json)
    {
        var head = new AuditHead { Sequence = verification.Last, Hash = verification.LastHash };
        if (json)
        {
            output.WriteLine(new JsonObject
            {
                ["holds"] = verification.Count == 0,
                ["rows"] = verification.Rows,
                ["first"] = verification.First,
                ["last"] = verification.Last,
                ["head"] = Text(head),
                ["findings"] = new JsonArray([.. verification.Findings.Select(finding => new JsonObject { ["sequence"] = finding.Sequence, ["reason"] = finding.Reason, ["message"] = finding.Message })]),
            }.ToJsonString());
            return verification.Count == 0 ? 0 : 1;
        }

        foreach (var finding in verification.Findings)
        {
            output.WriteLine($"{finding.Sequence,10}  {finding.Reason,-21}  {finding.Message}");
        }

        if (verification.Count > 0)
        {
            talk.Error(verification.Count > verification.Findings.Count
                ? $"the audit log does not hold: {verification.Count} findings, of which the first {verification.Findings.Count} are shown"
                : $"the audit log does not hold: {verification.Count} {(verification.Count == 1 ? "finding" : "findings")}");
            return 1;
        }

        output.WriteLine($"the audit log holds: {verification.Rows} rows, {verification.First} to {verification.Last}");
        output.WriteLine($"head {Text(head)}");
        if (verification.First > 1)
        {
            talk.Hint($"it begins with row {verification.First}: what was before is not shown here");
        }

        return 0;
    }

    private static IAsyncEnumerable<string> Lines(FileInfo file, CancellationToken cancellation) => file.Exists
        ? File.ReadLinesAsync(file.FullName, cancellation)
        : throw new CommandFailure($"there is no file {file.FullName}");

    private static string Text(AuditHead head) => string.Create(CultureInfo.InvariantCulture, $"{head.Sequence}:{head.Hash}");

    private static AuditHead Parse(string text) =>
        text.Split(':') is [var number, var hash] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower)
            ? new AuditHead { Sequence = sequence, Hash = hash }
            : throw new WrongUse($"--head: expected what 'deviceacme audit head' printed, NUMBER:HASH; found '{text}'");
}
