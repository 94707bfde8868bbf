using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Bench.Crashes;

/// <summary><c>bench crash</c>.</summary>
internal static class CrashCommand
{
    private const int Sound = 0;
    private const int Broken = 1;

    public static Command Make(TimeProvider time, Action<string> say)
    {
        var kills = new Option<int>("--kills") { Description = "how often the server is killed (SIGKILL) under load and started again", DefaultValueFactory = _ => 200 };
        var postgresql = new Option<bool>("--postgresql") { Description = "on PostgreSQL, of which every tenth kill is one too, in the place of SQLite" };
        var clients = new Option<int>("--clients") { Description = "clients that enroll and revoke at once", DefaultValueFactory = _ => 8 };
        var seed = new Option<string>("--seed") { Description = "the moments of the kills: the same for the same text", DefaultValueFactory = _ => "deviceacme" };
        var folder = new Option<string?>("--folder") { Description = "where the data stands (default: the folder for temporary files)" };
        var server = new Option<string?>("--server") { Description = "another build: the path of its DeviceAcme.Server.dll" };
        var json = new Option<bool>("--json") { Description = "one JSON object on stdout" };
        kills.Validators.Add(result => Require(result, result.GetValueOrDefault<int>() is > 0 and <= 100_000, "--kills: expected 1 to 100000"));
        clients.Validators.Add(result => Require(result, result.GetValueOrDefault<int>() is > 0 and <= 64, "--clients: expected 1 to 64"));
        folder.Validators.Add(result => Require(result, result.GetValueOrDefault<string?>() is not { } path || Directory.Exists(path), "--folder: there is no such folder"));
        server.Validators.Add(result => Require(result, result.GetValueOrDefault<string?>() is not { } path || File.Exists(path), "--server: there is no such file"));
        var command = new Command("crash", "kills the server at random moments under load and holds what its clients were told against what it knows afterwards. Exit code 1 if anything is missing, double, stuck or going back")
        {
            kills, postgresql, clients, seed, folder, server, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = new CrashSettings
            {
                Kills = parsed.GetValue(kills),
                OnPostgres = parsed.GetValue(postgresql),
                Clients = parsed.GetValue(clients),
                Seed = parsed.GetRequiredValue(seed),
                Folder = parsed.GetValue(folder),
                Server = parsed.GetValue(server),
            };
            var result = await new CrashRun(settings, time, say).Run(cancellation);
            Console.Out.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(result, CrashJson.Default.CrashResult) + "\n" : Text(result));
            return result.Problems.Count == 0 ? Sound : Broken;
        });
        return command;
    }

    private static string Text(CrashResult result) => $"""
        kills                      {result.Kills} on {result.Store}
        accounts acknowledged      {result.Accounts}
        orders acknowledged        {result.Orders}
        certificates acknowledged  {result.Certificates}
        revocations acknowledged   {result.Revocations}
        last CRL number            {result.HighestCrlNumber}
        problems                   {result.Problems.Count}
        {string.Concat(result.Problems.Select(problem => $"  {problem}\n"))}
        """;

    private static void Require(System.CommandLine.Parsing.SymbolResult result, bool holds, string otherwise)
    {
        if (!holds)
        {
            result.AddError(otherwise);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CrashResult))]
internal sealed partial class CrashJson : JsonSerializerContext;
