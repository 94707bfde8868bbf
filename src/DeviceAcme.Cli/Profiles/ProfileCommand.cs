using System.CommandLine;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile …</c>.</summary>
internal static class ProfileCommand
{
    public static Command Make(TextWriter output, TimeProvider time) =>
        new("profile", "profiles: what is wrong with a file, what certificates it gives")
        {
            CheckCommand.Make(output, time),
        };
}
