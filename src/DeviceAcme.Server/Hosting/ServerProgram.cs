using System.Collections;

namespace DeviceAcme.Server.Hosting;

/// <summary>The server as a program: command line in, exit code out.</summary>
internal static class ServerProgram
{
    public static async Task<int> Run(string[] arguments, TimeProvider time)
    {
        var talk = new Talk(Console.Error);
        var commandLine = new CommandLine(talk, new SettingsLoader(EnvironmentVariables(), Environment.CurrentDirectory));
        var root = commandLine.Root((options, cancellation) => Serve(options, time, cancellation));
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
    }

    private static async Task<int> Serve(ServerOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var directoryLock = DataDirectoryLock.Take(options.DataDirectory);
        await using var app = ServerApplication.Build(options, time);
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException exception)
        {
            throw new StartFailure(exception.Message, "is another server running? --url, --status-url and --admin-url say where this one listens");
        }

        Console.Out.Write(StartReport.Text(options));
        await app.WaitForShutdownAsync(cancellation);
        return ExitCode.Success;
    }

    private static Dictionary<string, string> EnvironmentVariables() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
}
