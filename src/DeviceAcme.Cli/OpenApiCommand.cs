using System.CommandLine;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary><c>deviceacme openapi</c>: what a server says of its admin API.</summary>
internal static class OpenApiCommand
{
    public static Command Make(TextWriter output)
    {
        var choice = new AdminServerChoice();
        var command = new Command("openapi", "the OpenAPI document of the server's admin API: for clients of your own") { choice };
        command.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            output.WriteLine((await server.Get("admin/v1/openapi.json", AdminJson.Default.JsonElement, cancellation)).GetRawText());
            return 0;
        });
        return command;
    }
}
