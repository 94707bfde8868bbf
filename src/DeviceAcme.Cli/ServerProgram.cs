using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DeviceAcme.Cli;

/// <summary>The server's own program: what needs its files is done by it.</summary>
internal static class ServerProgram
{
    /// <summary>Names the program where it does not stand beside this one.</summary>
    private const string Variable = "DEVICEACME_SERVER_PROGRAM";

    /// <summary>Runs it in this terminal; returns its exit code.</summary>
    public static async Task<int> RunInTerminal(IReadOnlyList<string> arguments)
    {
        using var process = Start(arguments, captureOutput: false);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>Runs it and returns what it printed; null when it failed, in which case it has said why.</summary>
    /// <param name="input">What it reads from its standard input; null where it reads nothing.</param>
    public static async Task<string?> RunForOutput(IReadOnlyList<string> arguments, CancellationToken cancellation, byte[]? input = null)
    {
        using var process = Start(arguments, captureOutput: true, giveInput: input is not null);
        if (input is not null)
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancellation);
            process.StandardInput.Close();
        }

        var output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0 ? output : null;
    }

    /// <summary>Runs it and gives the lines that it prints, one by one as they come; a failure, which it has explained itself, ends them with a <see cref="CommandFailure"/>.</summary>
    public static async IAsyncEnumerable<string> RunForLines(IReadOnlyList<string> arguments, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var process = Start(arguments, captureOutput: true);
        while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
        {
            yield return line;
        }

        await process.WaitForExitAsync(cancellation);
        if (process.ExitCode != 0)
        {
            throw new CommandFailure("the server's program failed; it says why above");
        }
    }

    private static Process Start(IReadOnlyList<string> arguments, bool captureOutput, bool giveInput = false)
    {
        var program = Find();
        var isAssembly = program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isAssembly ? "dotnet" : program) { RedirectStandardOutput = captureOutput, RedirectStandardInput = giveInput };
        if (isAssembly)
        {
            start.ArgumentList.Add(program);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // It would warn about a variable that is no setting of the server.
        start.Environment.Remove(Variable);
        return Process.Start(start) ?? throw new CommandFailure($"{program} did not start");
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : throw new CommandFailure($"{Variable}: no file {named}");
        }

        var folder = AppContext.BaseDirectory;
        string[] candidates = [Path.Combine(folder, "DeviceAcme.Server"), Path.Combine(folder, "DeviceAcme.Server.exe"), Path.Combine(folder, "DeviceAcme.Server.dll")];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new CommandFailure($"the server's program is not beside this one in {folder}", $"{Variable} says where it is");
    }
}
