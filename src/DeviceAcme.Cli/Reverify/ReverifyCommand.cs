using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Reverify;

/// <summary><c>deviceacme reverify</c>: the dry run before anchors or a profile change. Reads the vault over the admin API and judges here.</summary>
/// <param name="choice">Whose vault is read.</param>
internal sealed class ReverifyCommand(TextWriter output, Talk talk, TimeProvider time, AdminServerChoice choice)
{
    /// <summary>Exit code where something would flip: 1 is a failure of the run itself.</summary>
    private const int WouldFlip = 3;

    private const int PageSize = 50;
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(2);

    private readonly Option<string?> _since = new("--since") { HelpName = "TIME", Description = "evidence from this time on: 2026-01-31T12:00:00Z, 2026-01-31, or how long ago: 36h, 30d [default: all]" };
    private readonly Option<string[]> _anchors = new("--anchors") { HelpName = "DIR", Description = "judge with these vendor roots: what 'deviceacme anchors export' writes, or any folder [default: the set in force]", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string?> _profile = new("--profile") { HelpName = "FILE", Description = "judge the evidence of this profile by this text of it [default: each by the version that was in force]" };
    private readonly Option<string?> _format = new("--format") { HelpName = "NAME", Description = "only evidence of this format" };
    private readonly Option<string?> _at = new("--at") { HelpName = "TIME", Description = "judge validity at this time, or 'now' [default: when each was judged]" };
    private readonly Option<string?> _statusList = new("--android-status-list") { HelpName = "FILE", Description = "Google's list of revoked certificates [default: no Android evidence is refused for lack of it]" };
    private readonly Option<string?> _resume = new("--resume") { HelpName = "FILE", Description = "keeps how far it is in this file, and goes on from there" };
    private readonly Option<bool> _json = new("--json") { Description = "for machines" };

    public Command Command()
    {
        var command = new CommandWithExamples(
            "reverify",
            "judges stored evidence again, under other anchors or a changed profile, and tells whose verdict would flip; nothing is changed. "
            + "Exit code 0: nothing flips, 3: something does, 1: it failed, 2: wrong use",
            """
            deviceacme reverify --since 30d --anchors new-trust
            deviceacme reverify --since 2026-01-01 --profile profiles/apple-device.yaml --json
            deviceacme reverify --anchors new-trust --resume reverify.state     can be stopped and started again
            """)
        {
            _since, _anchors, _profile, _format, _at, _statusList, _resume, _json, choice,
        };
        command.SetAction(Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var profile = parsed.GetValue(_profile) is { } file ? Judgement.ReadProfile(file) : null;
        var list = parsed.GetValue(_statusList) is { } path ? Judgement.ReadStatusList(path) : null;
        var since = parsed.GetValue(_since) is { } text ? ReadSince(text, now) : (DateTimeOffset?)null;
        var at = parsed.GetValue(_at) is { } when ? when == "now" ? now : VerifyCommand.ReadTime(when) : (DateTimeOffset?)null;
        var server = await choice.Open(parsed, cancellation);
        var anchors = parsed.GetValue(_anchors) is { Length: > 0 } folders
            ? AnchorSource.FromFolders(folders)
            : AnchorSource.FromExport(await server.Get("admin/v1/anchors/export", AdminJson.Default.AnchorExport, cancellation));

        // what must be the same for a run to be continued
        var question = Hash(string.Join('\n', parsed.GetValue(_since), parsed.GetValue(_format), parsed.GetValue(_at), profile?.Hash, anchors.Hash, list?.FetchedAt.ToString("O", CultureInfo.InvariantCulture)));
        var resume = parsed.GetValue(_resume);
        var state = (resume is null ? null : ReverifyState.Read(resume)) ?? new ReverifyState { Question = question, Since = since, Until = now.AddSeconds(1) };
        if (state.Question != question)
        {
            throw new WrongUse($"--resume {resume}: it is the state of a run with other options, anchors or profile", "name the same ones, or another file");
        }

        var rejudgement = new Rejudgement(anchors.Of, profile, list, at);
        await Go(server, rejudgement, state, resume, [("profile", profile?.Name), ("format", parsed.GetValue(_format))], cancellation);
        if (parsed.GetValue(_json))
        {
            output.WriteLine(ReverifyOutput.Json(state));
        }
        else
        {
            output.Write(ReverifyOutput.Text(state));
        }

        return state.Flips > 0 ? WouldFlip : 0;
    }

    private async Task Go(
        AdminConnection server, Rejudgement rejudgement, ReverifyState state, string? resume, IReadOnlyList<(string Name, string? Value)> filter, CancellationToken cancellation)
    {
        var told = time.GetUtcNow();
        while (!state.Done)
        {
            try
            {
                var page = await server.Get(Page(state, filter), AdminJson.Default.EvidenceList, cancellation);
                foreach (var entry in page.Evidence)
                {
                    await JudgeOne(server, rejudgement, state, entry, cancellation);
                    if (time.GetUtcNow() - told >= ProgressEvery)
                    {
                        told = time.GetUtcNow();
                        talk.Progress($"{state.Seen} seen, at {Rfc3339.Format(entry.At)}, {state.Flips} would flip");
                    }
                }

                state.Cursor = page.Next;
                state.Done = page.Next is null;
                if (resume is not null)
                {
                    state.Write(resume);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // the state on disk is that of the last whole page
                throw new CommandFailure(
                    $"stopped after {state.Seen} pieces of evidence", resume is null ? "--resume FILE lets a run be continued" : $"the same command goes on from {resume}");
            }
        }
    }

    private static async Task JudgeOne(AdminConnection server, Rejudgement rejudgement, ReverifyState state, EvidenceEntry entry, CancellationToken cancellation)
    {
        if (!entry.HasStatement)
        {
            state.VerdictOnly++;
            return;
        }

        var record = await server.Get($"admin/v1/evidence/{Uri.EscapeDataString(entry.Id)}", AdminJson.Default.EvidenceRecord, cancellation);
        if (rejudgement.Judge(record, state) is { } change)
        {
            state.Changes.Add(change);
        }
    }

    private static string Page(ReverifyState state, IReadOnlyList<(string Name, string? Value)> filter)
    {
        List<(string Name, string? Value)> parameters =
        [
            ("limit", PageSize.ToString(CultureInfo.InvariantCulture)), ("order", "oldest"), ("kind", EvidenceKinds.Challenge),
            ("since", state.Since is { } since ? Rfc3339.Format(since) : null), ("until", Rfc3339.Format(state.Until)), ("cursor", state.Cursor), .. filter,
        ];
        return "admin/v1/evidence?" + string.Join('&', parameters.Where(one => one.Value is not null).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}"));
    }

    private static DateTimeOffset ReadSince(string text, DateTimeOffset now)
    {
        TimeSpan? unit = text.Length > 1 ? text[^1] switch
        {
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'y' => TimeSpan.FromDays(365),
            _ => null,
        } : null;
        const int longest = 1_000_000;
        return unit is { } one && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= longest && one * count < now - DateTimeOffset.MinValue
            ? now - (one * count)
            : VerifyCommand.ReadTime(text, "--since");
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
