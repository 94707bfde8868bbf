using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Bench.Commands;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench.Imports;

/// <summary>What importing an inventory took, in seconds, from the first byte sent to the last line of the answer.</summary>
internal sealed record ImportResult(int Rows, double New, double Unchanged, double Changed, double ServerProcessor, long ResidentBytes);

/// <summary><c>bench import</c>: an inventory into an empty ledger, the same once more, and one whose owners all changed.</summary>
internal static class ImportCommand
{
    public static Command Make(TimeProvider time, Action<string> say)
    {
        // the most that the server takes at once
        var rows = BenchOptions.Number("--rows", "devices of the inventory", 100_000, 1, 100_000);
        var (folder, json) = (BenchOptions.Folder(), BenchOptions.Json());
        var command = new Command("import", "an inventory into the ledger: new, unchanged, and with another owner for each device") { rows, folder, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var result = await Run(parsed.GetValue(rows), parsed.GetValue(folder), time, say, cancellation);
            Console.Out.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(result, ImportJson.Default.ImportResult) + "\n" : Text(result));
            return 0;
        });
        return command;
    }

    private static async Task<ImportResult> Run(int rows, string? folder, TimeProvider time, Action<string> say, CancellationToken cancellation)
    {
        using var workplace = new Workplace(folder, time);
        var ports = FreePorts.Take(2);
        var setup = new ServerSetup(DotnetProgram.Server, workplace.Folder("data"), workplace.Folder("vendors"), new IPEndPoint(IPAddress.Loopback, ports[0]), ports[1], []);
        await using var server = await ServerUnderTest.Start(setup, time, cancellation);
        var before = server.ProcessorTime;
        var inventory = Inventory(rows, "first");
        say($"{rows} new devices");
        var added = await Import(server, inventory, $"{rows} added, 0 changed, 0 as they were", time, cancellation);
        say("the same once more");
        var unchanged = await Import(server, inventory, $"0 added, 0 changed, {rows} as they were", time, cancellation);
        say("all of them with another owner");
        var changed = await Import(server, Inventory(rows, "second"), $"0 added, {rows} changed, 0 as they were", time, cancellation);
        return new ImportResult(rows, added.TotalSeconds, unchanged.TotalSeconds, changed.TotalSeconds, (server.ProcessorTime - before).TotalSeconds, server.ResidentBytes);
    }

    private static async Task<TimeSpan> Import(ServerUnderTest server, byte[] inventory, string expected, TimeProvider time, CancellationToken cancellation)
    {
        using var client = server.AdminClient();
        using var content = new ByteArrayContent(inventory) { Headers = { ContentType = new("text/csv") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "admin/v1/devices/imports") { Content = content };
        var begin = time.GetTimestamp();
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        var lines = (await answer.Content.ReadAsStringAsync(cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var took = time.GetElapsedTime(begin);
        if (!answer.IsSuccessStatusCode)
        {
            throw new BenchFailure($"the import was refused: {(int)answer.StatusCode} {string.Concat(lines.Take(3))}", null);
        }

        using var last = JsonDocument.Parse(lines[^1]);
        var report = last.RootElement.GetProperty("report");
        var found = $"{report.GetProperty("added").GetInt32()} added, {report.GetProperty("changed").GetInt32()} changed, {report.GetProperty("unchanged").GetInt32()} as they were";
        return found == expected ? took : throw new BenchFailure($"the import came to '{found}', expected '{expected}'", null);
    }

    private static byte[] Inventory(int rows, string owner)
    {
        var text = new StringBuilder("serial,label,owner,groups\n");
        for (var row = 0; row < rows; row++)
        {
            text.Append(CultureInfo.InvariantCulture, $"C02B{row:D8},Mac {row},{owner}-{row}@example.com,group-{row % 20}\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Text(ImportResult result) => string.Create(CultureInfo.InvariantCulture, $"""
        devices                    {result.Rows}
        new                        {result.New:F1} s
        unchanged                  {result.Unchanged:F1} s
        changed                    {result.Changed:F1} s
        server's processor time    {result.ServerProcessor:F1} s
        server's resident memory   {result.ResidentBytes / 1024 / 1024} MiB

        """);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ImportResult))]
internal sealed partial class ImportJson : JsonSerializerContext;
