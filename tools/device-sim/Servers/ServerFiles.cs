using DeviceAcme.Simulator.Commands;

namespace DeviceAcme.Simulator.Servers;

/// <summary>Where DeviceAcme's server and the shipped profiles are.</summary>
internal static class ServerFiles
{
    /// <summary>Names the server's program; <c>./dev</c> sets it.</summary>
    public const string Variable = "DEVICEACME_SERVER_PROGRAM";

    private const string Name = "DeviceAcme.Server.dll";

    /// <param name="named">What the command line says; null for what the environment names, or what is built here.</param>
    public static string Program(string? named)
    {
        if ((named ?? Environment.GetEnvironmentVariable(Variable)) is { Length: > 0 } given)
        {
            return File.Exists(given) ? Path.GetFullPath(given) : throw new SimulatorException($"there is no file {given}", $"--server-program or {Variable} names {Name}");
        }

        return Candidates().FirstOrDefault(File.Exists)
            ?? throw new SimulatorException("DeviceAcme's server is not built beside this program", $"'dotnet build src/DeviceAcme.Server' builds it; --server-program or {Variable} names another one");
    }

    /// <summary>The repository's, or those that the server's build puts beside it.</summary>
    /// <param name="named">As for <see cref="Program"/>.</param>
    public static string Profiles(string? named)
    {
        var folder = Repository is { } repository ? Path.Combine(repository, "profiles") : Path.Combine(Path.GetDirectoryName(Program(named))!, "profiles");
        return Directory.Exists(folder) ? folder : throw new SimulatorException("the shipped profiles are not beside the server's program", "--profiles names a folder of profiles");
    }

    // beside this program; in the repository the same configuration as this program's first
    private static IEnumerable<string> Candidates()
    {
        yield return Path.Combine(AppContext.BaseDirectory, Name);
        var own = new DirectoryInfo(AppContext.BaseDirectory).Parent?.Name;
        foreach (var configuration in new[] { "Release", "Debug" }.OrderByDescending(name => name == own))
        {
            yield return Path.Combine(Repository ?? Defaults.Root, "src", "DeviceAcme.Server", "bin", configuration, "net10.0", Name);
        }
    }

    // the one that this program was built in
    private static string? Repository
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DeviceAcme.sln")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName;
        }
    }
}
