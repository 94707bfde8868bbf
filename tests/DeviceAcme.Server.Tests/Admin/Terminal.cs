using System.Text.Json;
using DeviceAcme.Cli;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Hosting;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme</c> beside a running server, as its account would use it.</summary>
internal static class Terminal
{
    /// <summary>Runs a command on the server's data directory.</summary>
    public static async Task<(int Code, string Output, string Talk)> Run(RunningServerOnLoopback server, params string[] arguments)
    {
        var running = new RunningServer { ProcessId = Environment.ProcessId, AdminUrl = server.Admin };
        await File.WriteAllTextAsync(Path.Combine(server.DataDirectory, RunningServer.FileName), JsonSerializer.Serialize(running, AdminJson.Default.RunningServer));
        return await Run("", [.. arguments, "--data", server.DataDirectory]);
    }

    /// <summary>Runs a command with what is typed meanwhile.</summary>
    public static async Task<(int Code, string Output, string Talk)> Run(string typed, params IReadOnlyList<string> arguments)
    {
        var (output, talk) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.Run(arguments, output, new Talk(talk), TimeProvider.System, input: new StringReader(typed));
        return (code, output.ToString(), talk.ToString());
    }
}
