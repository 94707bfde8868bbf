using System.CommandLine;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile …</c>.</summary>
internal static class ProfileCommand
{
    public static Command Make(TextWriter output, TimeProvider time) =>
        new("profile", "profiles: what is wrong with a file, what certificates it gives")
        {
            CheckCommand.Make(output, time), ShowCommand.Make(output), RenderCommand.Make(output, time), DiffCommand.Make(output), Schema(output),
        };

    private static Command Schema(TextWriter output)
    {
        var schema = new Command("schema", "the JSON Schema of profile files, for editors");
        schema.SetAction(_ => output.Write(ProfileSchema.Text()));
        return schema;
    }
}
