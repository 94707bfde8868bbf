using System.CommandLine;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile …</c>.</summary>
internal static class ProfileCommand
{
    public static Command Make(TextReader input, TextWriter output, Talk talk, TimeProvider time)
    {
        var lists = new ListCommands(output, talk);
        var changes = new ChangeCommands(input, output, talk);
        return new("profile", "profiles: what is wrong with a file, what certificates it gives, which versions are and were in force")
        {
            CheckCommand.Make(output, time), ShowCommand.Make(output), RenderCommand.Make(output, time, new AdminServerChoice()), DiffCommand.Make(output), Schema(output),
            lists.List(), lists.History(), changes.Activate(), changes.RollBack(), changes.Withdraw(),
        };
    }

    private static Command Schema(TextWriter output)
    {
        var schema = new Command("schema", "the JSON Schema of profile files, for editors");
        schema.SetAction(_ => output.Write(ProfileSchema.Text()));
        return schema;
    }
}
