using System.Collections;
using System.Net.Sockets;
using DeviceAcme.Server.Admin;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Backup;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Storage;
using Microsoft.AspNetCore.Connections;

namespace DeviceAcme.Server.Hosting;

/// <summary>The server as a program: command line in, exit code out.</summary>
internal static class ServerProgram
{
    public static async Task<int> Run(string[] arguments, TimeProvider time)
    {
        var talk = new Talk(Console.Error);
        Action<WebApplicationBuilder>? customize = null;
#if PLANTED_DEFECTS
        if (!Defects.DefectSwitch.Take(ref arguments, talk, out customize))
        {
            return ExitCode.Usage;
        }
#endif
        var commandLine = new CommandLine(talk, new SettingsLoader(EnvironmentVariables(), Environment.CurrentDirectory));
        var root = commandLine.Root(BuildModel, (options, installation, cancellation) => Serve(options, installation, time, customize, cancellation));
        root.Subcommands.Add(EabCommand.Make(commandLine, (options, action) => WithKeys(options, time, action)));
        root.Subcommands.Add(AnchorsCommand.Make(commandLine, (options, action) => WithAnchors(options, time, action)));
        root.Subcommands.Add(AuditCommand.Make(commandLine, WithAuditLog));
        root.Subcommands.Add(CaCommand.Make(commandLine, talk, time));
        foreach (var command in BackupCommands.Make(commandLine, talk, time))
        {
            root.Subcommands.Add(command);
        }

        try
        {
            return await commandLine.Run(root, arguments);
        }
        catch (StartFailure failure)
        {
            talk.Error(failure.Message);
            if (failure.Hint is not null)
            {
                talk.Hint(failure.Hint);
            }

            return ExitCode.Failure;
        }
        catch (Exception failure) when (Outages.Explain(failure) is { } explained)
        {
            talk.Error(explained.Message);
            talk.Hint(explained.Hint);
            return ExitCode.Failure;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            talk.Error(failure.Message);
            talk.Hint("can the server's account write into its data directory, and is there room on the disk?");
            return ExitCode.Failure;
        }
    }

    // beside everything else that a start does; what goes wrong goes wrong again for the first who needs it, and is told there
    private static void BuildModel(ServerOptions options) => Task.Run(() => ContextOptions.BuildModel(Databases.Of(options)));

    private static async Task<int> Serve(ServerOptions options, Installation installation, TimeProvider time, Action<WebApplicationBuilder>? customize, CancellationToken cancellation)
    {
        using var directoryLock = DataDirectoryLock.Take(options.DataDirectory, options.AdminUrl, options.Url, options.ProfilesDirectory);
        await using var app = ServerApplication.Build(options, time, customize, installation);
        var inventories = await StartInventory.Import(options, app.Services.GetRequiredService<DeviceImport>(), cancellation);
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (Exception exception) when (exception is SocketException or IOException { InnerException: AddressInUseException })
        {
            // The workers run already; stopping them first keeps their end quiet.
            await app.StopAsync(CancellationToken.None);
            throw new StartFailure(exception.Message, "is another server running, or the port a privileged one? --url, --listen, --status-url and --admin-url say where this one listens");
        }

        var bootstrap = options.AdminUrl is null ? null : await app.Services.GetRequiredService<ApiTokens>().Bootstrap(cancellation);
        Console.Out.Write(StartReport.Text(options, app.Services.GetRequiredService<Installation>(), app.Services.GetRequiredService<ProfileVersions>(), app.Services.GetRequiredService<AnchorVersions>(), inventories, bootstrap));
        if (options.EndsWithInput)
        {
            EndOfInput.Watch(app.Lifetime);
        }

        await app.WaitForShutdownAsync(cancellation);
        return ExitCode.Success;
    }

    private static async Task WithKeys(ServerOptions options, TimeProvider time, Func<ExternalAccountKeys, Task> action)
    {
        using var directoryLock = DataDirectoryLock.Take(options.DataDirectory, adminUrl: null);
        await using var db = ServerApplication.OpenDatabase(options);
        var profiles = await ProfileVersions.Open(db, time);

        // nothing is in force yet where no server ever started: then the files are what will be
        await action(new ExternalAccountKeys(db, profiles.Current.Number > 0 ? profiles : await ProfileVersions.Open(db, Installation.Load(options).Profiles, follow: false, time), time));
    }

    private static async Task WithAnchors(ServerOptions options, TimeProvider time, Func<AnchorAdministration, Task> action)
    {
        using var directoryLock = DataDirectoryLock.Take(options.DataDirectory, adminUrl: null);
        await using var db = ServerApplication.OpenDatabase(options);
        await action(new AnchorAdministration(await AnchorVersions.Open(db, trust: null, time), time));
    }

    private static async Task WithAuditLog(ServerOptions options, Func<AuditLog, Task> action)
    {
        using var directoryLock = DataDirectoryLock.Take(options.DataDirectory, adminUrl: null);
        await using var db = ServerApplication.OpenDatabase(options);
        await action(new AuditLog(db));
    }

    private static Dictionary<string, string> EnvironmentVariables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
}
