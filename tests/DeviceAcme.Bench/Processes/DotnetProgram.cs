using System.Diagnostics;

namespace DeviceAcme.Bench.Processes;

/// <summary>How a program of ours is started with the runtime that runs this one.</summary>
internal static class DotnetProgram
{
    public static string Self => Path.Combine(AppContext.BaseDirectory, "DeviceAcme.Bench.dll");

    /// <summary>The server that is measured where no option names another: what <c>./dev bench</c> compiled ahead, or the one beside this program.</summary>
    public static string Server => Environment.GetEnvironmentVariable("BENCH_SERVER_PROGRAM") is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "DeviceAcme.Server.dll");

    /// <param name="program">Path of the assembly, or of the program itself where it has its runtime with it.</param>
    /// <param name="workingFolder">Its working folder: one without a settings file.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="tracer">A program and its arguments that run it; empty for none.</param>
    public static ProcessStartInfo Start(string program, string workingFolder, IEnumerable<string> arguments, IReadOnlyList<string> tracer)
    {
        var host = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        string[] line = [.. tracer, .. Path.GetExtension(program) == ".dll" ? [host, program] : new[] { program }, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..]) { WorkingDirectory = workingFolder };

        // settings of whoever calls must not change what is measured
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("DEVICEACME_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }
}
