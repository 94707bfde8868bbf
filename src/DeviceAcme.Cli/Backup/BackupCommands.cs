using System.CommandLine;

namespace DeviceAcme.Cli.Backup;

/// <summary><c>backup</c>, <c>restore</c> and <c>check</c>: the server's own program does them, because the files are its.</summary>
internal static class BackupCommands
{
    public static IEnumerable<Command> Make()
    {
        var file = new Argument<string>("FILE") { Description = "the archive to write, a new file (tar, gzip); - for stdout" };
        var withoutKeys = new Option<bool>("--without-keys") { Description = "leaves out the CA's private keys and the secrets, for those who keep them elsewhere" };
        yield return Forwarded(
            new Command("backup", "writes a server's data directory into one file: database, CA, keys, secrets. The server may run meanwhile") { file, withoutKeys },
            parsed => [parsed.GetRequiredValue(file), .. Flag(parsed, withoutKeys)]);

        var archive = new Argument<string>("FILE") { Description = "an archive that backup wrote; - for stdin" };
        var replace = new Option<bool>("--replace") { Description = "moves a data directory that is there aside first" };
        yield return Forwarded(
            new Command("restore", "makes the data directory of a backup; no server may run on it, and a backup of a newer schema is refused") { archive, replace },
            parsed => [parsed.GetRequiredValue(archive), .. Flag(parsed, replace)]);

        var quick = new Option<bool>("--quick") { Description = "leaves out what looks at every certificate and every event" };
        var json = new Option<bool>("--json") { Description = "for machines" };
        yield return Forwarded(
            new Command("check", "holds a store against itself and its keys: database, orders, certificates, audit log. Servers may run meanwhile; DEVICEACME_DATABASE names a PostgreSQL. Exit code 0: sound, 1: something is wrong, 2: wrong use") { quick, json },
            parsed => [.. Flag(parsed, quick), .. Flag(parsed, json)]);
    }

    private static Command Forwarded(Command command, Func<ParseResult, IReadOnlyList<string>> arguments)
    {
        var data = new Option<string?>("--data") { HelpName = "DIR", Description = "the server's data directory [default: as the server's settings say, else data]" };
        var config = new Option<string?>("--config") { HelpName = "FILE", Description = "the server's settings [default: deviceacme.yaml in the working directory, if it is there]" };
        command.Options.Add(data);
        command.Options.Add(config);
        command.SetAction(parsed => ServerProgram.RunInTerminal([command.Name, .. arguments(parsed), .. Value(parsed, data), .. Value(parsed, config)]));
        return command;
    }

    private static IEnumerable<string> Flag(ParseResult parsed, Option<bool> option) => parsed.GetValue(option) ? [option.Name] : [];

    private static IEnumerable<string> Value(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } value ? [option.Name, value] : [];
}
