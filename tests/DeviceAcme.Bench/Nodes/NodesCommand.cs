using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Simulator.Fleet;

namespace DeviceAcme.Bench.Nodes;

/// <summary><c>bench nodes</c>.</summary>
internal static class NodesCommand
{
    private const int Sound = 0;
    private const int Broken = 1;

    public static Command Make(TimeProvider time, Action<string> say)
    {
        var devices = new Option<int>("--devices") { Description = "how many enroll", DefaultValueFactory = _ => 2000 };
        var mix = new Option<string>("--mix") { Description = "kinds of devices and their weights", DefaultValueFactory = _ => "apple=60,tpm=30,server=10" };
        var concurrency = new Option<int>("--concurrency") { Description = "how many at a time", DefaultValueFactory = _ => 32 };
        var away = new Option<double>("--away") { Description = "seconds that PostgreSQL is away", DefaultValueFactory = _ => 2 };
        var folder = new Option<string?>("--folder") { Description = "where the servers' folders stand (default: the folder for temporary files)" };
        var server = new Option<string?>("--server") { Description = "another build: the path of its DeviceAcme.Server.dll" };
        var json = new Option<bool>("--json") { Description = "one JSON object on stdout" };
        Require(devices, result => result.GetValueOrDefault<int>() is > 2 and <= 100_000, "expected 3 to 100000");
        Require(concurrency, result => result.GetValueOrDefault<int>() is > 0 and <= 1000, "expected 1 to 1000");
        Require(away, result => result.GetValueOrDefault<double>() is >= 0 and <= 60, "expected 0 to 60");
        Require(folder, result => result.GetValueOrDefault<string?>() is not { } path || Directory.Exists(path), "there is no such folder");
        Require(server, result => result.GetValueOrDefault<string?>() is not { } path || File.Exists(path), "there is no such file");
        var command = new Command(
            "nodes",
            "three servers behind HAProxy on one PostgreSQL, and a fleet that enrolls; one server is killed in the middle, then PostgreSQL is restarted. Exit code 1 if a device has no certificate, or if anything is missing, double or stuck")
        {
            devices, mix, concurrency, away, folder, server, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = new NodesSettings
            {
                Devices = parsed.GetValue(devices),
                Mix = FleetMix.Parse(parsed.GetRequiredValue(mix)),
                Concurrency = parsed.GetValue(concurrency),
                Away = TimeSpan.FromSeconds(parsed.GetValue(away)),
                Folder = parsed.GetValue(folder),
                Server = parsed.GetValue(server),
            };
            var result = await new NodesRun(settings, time, say).Run(cancellation);
            Console.Out.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(result, NodesJson.Default.NodesResult) + "\n" : Text(result));
            return result.Problems.Count == 0 ? Sound : Broken;
        });
        return command;
    }

    private static string Text(NodesResult result) => $"""
        devices                    {result.Devices}
        enrolled                   {result.Enrolled} in {result.Seconds:0.0} s
        one enrollment             median {result.MedianSeconds:0.00} s, longest {result.LongestSeconds:0.00} s
        tried again                {result.TriedAgain.Values.Sum()}{(result.TriedAgain.Count == 0 ? "" : $" ({string.Join(", ", result.TriedAgain.OrderByDescending(reason => reason.Value).Select(reason => $"{reason.Value} {reason.Key}"))})")}
        orders acknowledged        {result.OrdersAcknowledged}
        certificates acknowledged  {result.CertificatesAcknowledged}
        certificates in the store  {result.CertificatesStored}
        problems                   {result.Problems.Count}
        {string.Concat(result.Problems.Select(problem => $"  {problem}\n"))}
        """;

    private static void Require<T>(Option<T> option, Func<System.CommandLine.Parsing.OptionResult, bool> holds, string otherwise) =>
        option.Validators.Add(result =>
        {
            if (!holds(result))
            {
                result.AddError($"{option.Name}: {otherwise}");
            }
        });
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodesResult))]
internal sealed partial class NodesJson : JsonSerializerContext;
