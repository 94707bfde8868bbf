using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Revocation;

namespace DeviceAcme.Server.Backup;

/// <summary><c>backup</c>, <c>restore</c> and <c>check</c> of a data directory.</summary>
internal static class BackupCommands
{
    /// <summary>Names the standard output or input.</summary>
    private const string Pipe = "-";

    public static IEnumerable<Command> Make(CommandLine commandLine, Talk talk, TimeProvider time)
    {
        yield return Backup(commandLine, talk, time);
        yield return Restore(commandLine, talk, time);
        yield return Check(commandLine, talk, time);
    }

    private static Command Backup(CommandLine commandLine, Talk talk, TimeProvider time)
    {
        var file = new Argument<string>("FILE") { Description = "the archive to write (tar, gzip); - for stdout" };
        var withoutKeys = new Option<bool>("--without-keys") { Description = "leaves out the CA's private keys and the secrets, for those who keep them elsewhere" };
        var command = new Command("backup", "writes the data directory into one file; the server may run meanwhile") { file, withoutKeys };
        commandLine.SetAction(command, (parsed, options, _) =>
        {
            RequireSqlite(options);
            var target = parsed.GetRequiredValue(file);
            var withKeys = !parsed.GetValue(withoutKeys);
            var writer = new BackupWriter(options.DataDirectory, time, talk.Progress);
            BackupAbout about;
            if (target == Pipe)
            {
                using var output = Console.OpenStandardOutput();
                about = writer.Write(output, withKeys);
            }
            else
            {
                about = writer.Write(target, withKeys);
                Console.Out.WriteLine(Path.GetFullPath(target));
            }

            talk.Progress($"backup of {Moment(about.MadeAt)}, schema {about.Schema}, audit head {about.AuditSequence}{(about.AuditHash is null ? "" : ":" + about.AuditHash)}");
            talk.Hint(withKeys
                ? "whoever can read it can sign certificates: keep it as you keep the CA's keys; settings, profiles and secrets outside the data directory are not in it"
                : "the CA's keys and the secrets are not in it: without them a restored server does not start; settings and profiles outside the data directory are not in it either");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static Command Restore(CommandLine commandLine, Talk talk, TimeProvider time)
    {
        var file = new Argument<string>("FILE") { Description = "an archive that backup wrote; - for stdin" };
        var replace = new Option<bool>("--replace") { Description = "moves a data directory that is there aside first" };
        var command = new Command("restore", "makes the data directory of a backup; no server may run on it") { file, replace };
        commandLine.SetAction(command, async (parsed, options, _) =>
        {
            RequireSqlite(options);
            var name = parsed.GetRequiredValue(file);
            await using var archive = name == Pipe ? Console.OpenStandardInput() : Open(name);
            var (about, movedTo) = await new Restoration(time, talk.Progress).Run(archive, name, options.DataDirectory, parsed.GetValue(replace));
            Console.Out.WriteLine(Path.GetFullPath(options.DataDirectory));
            talk.Progress($"restored as it was on {Moment(about.MadeAt)}{(movedTo is null ? "" : $"; what was there is in {movedTo}")}");
            talk.Hint("what happened after that is not in it: certificates issued since are unknown here and cannot be revoked, tickets and tokens used or revoked since are good again");
            if (!about.HasKeys)
            {
                talk.Hint("the backup was made without the CA's keys: bring key.pem back into each folder of ca/ and attestation-ca/, and the secrets, before the server starts");
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command Check(CommandLine commandLine, Talk talk, TimeProvider time)
    {
        var quick = new Option<bool>("--quick") { Description = "leaves out what looks at every certificate and every event" };
        var json = new Option<bool>("--json") { Description = "for machines" };
        var command = new Command("check", "holds the store against itself and against the keys in the data directory: database, orders, certificates, audit log, keys; servers may run meanwhile. Exit code 1 if something is wrong") { quick, json };
        commandLine.SetAction(command, (parsed, options, _) =>
        {
            var report = StoreCheck.Run(options, () => Issuers(options), parsed.GetValue(quick), time.GetUtcNow(), talk.Progress);
            Console.Out.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(report, BackupJson.Default.CheckReport) + "\n" : Text(report));
            if (!report.IsSound)
            {
                talk.Error("the store is not sound");
                talk.Hint(options.Database is null
                    ? "stop the server, keep a copy of the directory, and restore the last backup that 'deviceacme check' finds sound"
                    : "stop the servers, keep a copy of the database, and go back to the last one that 'deviceacme check' finds sound");
            }

            return Task.FromResult(report.IsSound ? ExitCode.Success : ExitCode.Failure);
        });
        return command;
    }

    private static void RequireSqlite(ServerOptions options)
    {
        if (options.Database is not null)
        {
            throw new StartFailure("this command is for a store in the data directory; --database names a PostgreSQL", "its own tools (pg_dump, pg_basebackup) keep that; keep the folders ca and attestation-ca of the data directory beside it: docs/operations.md");
        }
    }

    private static List<IssuerFolder> Issuers(ServerOptions options)
    {
        var ca = IssuanceServices.Directory(options);
        var attestation = IssuanceServices.AttestationDirectory(options);
        return [.. ca.Names().Select(ca.Open), .. attestation.Names().Select(attestation.Open)];
    }

    private static FileStream Open(string file)
    {
        try
        {
            return File.OpenRead(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"{file} cannot be read: {unreadable.Message}");
        }
    }

    private static string Text(CheckReport report) => string.Concat(report.Checks.Select(check =>
        $"{(check.Problems.Count == 0 ? "ok" : "wrong"),-6} {check.Name,-13} {check.Seen}\n{string.Concat(check.Problems.Select(problem => $"                       {problem}\n"))}"));

    private static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
