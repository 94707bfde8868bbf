using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Bench.Commands;

namespace DeviceAcme.Bench.Crashes;

/// <summary><c>bench crash</c>.</summary>
internal static class CrashCommand
{
    private const int Sound = 0;
    private const int Broken = 1;

    public static Command Make(TimeProvider time, Action<string> say)
    {
        var kills = BenchOptions.Number("--kills", "how often the server is killed (SIGKILL) under load and started again", 200, 1, 100_000);
        var postgresql = new Option<bool>("--postgresql") { Description = "on PostgreSQL, of which every tenth kill is one too, in the place of SQLite" };
        var clients = BenchOptions.Number("--clients", "clients that enroll and revoke at once", 8, 1, 64);
        var seed = new Option<string>("--seed") { Description = "the moments of the kills: the same for the same text", DefaultValueFactory = _ => "deviceacme" };
        var (folder, server, json) = (BenchOptions.Folder(), BenchOptions.Server(), BenchOptions.Json());
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
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CrashResult))]
internal sealed partial class CrashJson : JsonSerializerContext;
