using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Scenarios;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>schema scenario|device</c>: the JSON Schema of a file, for editors.</summary>
internal static class SchemaCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<string> Names { get; } = ["scenario", "device"];

    public static Command Make(Terminal terminal)
    {
        var name = new Argument<string>("WHAT") { Description = string.Join(" or ", Names) };
        name.AcceptOnlyFromAmong([.. Names]);
        var command = new Command("schema", "print the JSON Schema of scenario files or device files, for editors") { name };
        command.SetAction(parsed =>
        {
            terminal.Data(Text(parsed.GetRequiredValue(name)).TrimEnd('\n'));
            return Exit.Done;
        });
        return command;
    }

    public static string Text(string name) => (name == "scenario" ? ScenarioReader.Schema() : DeviceSchema()).ToJsonString(Indented) + "\n";

    private static JsonObject DeviceSchema()
    {
        var schema = new JsonObject { ["$schema"] = "http://json-schema.org/draft-07/schema#", ["title"] = "A device file of device-sim" };
        foreach (var (member, value) in YamlFields.Describe<DeviceFile>(DeviceFile.Read).ToList())
        {
            schema[member] = value?.DeepClone();
        }

        return schema;
    }
}
