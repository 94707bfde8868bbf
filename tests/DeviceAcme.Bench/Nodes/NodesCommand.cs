using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Bench.Commands;
using DeviceAcme.Simulator.Fleet;

namespace DeviceAcme.Bench.Nodes;

/// <summary><c>bench nodes</c>.</summary>
internal static class NodesCommand
{
    private const int Sound = 0;
    private const int Broken = 1;

    public static Command Make(TimeProvider time, Action<string> say)
    {
        var devices = BenchOptions.Number("--devices", "how many enroll", 2000, 3, 100_000);
        var mix = BenchOptions.Mix("apple=60,tpm=30,server=10");
        var concurrency = BenchOptions.Number("--concurrency", "how many at a time", 32, 1, 1000);
        var away = BenchOptions.Number("--away", "seconds that PostgreSQL is away", 2.0, 0, 60);
        var (folder, server, json) = (BenchOptions.Folder("the servers' folders stand"), BenchOptions.Server(), BenchOptions.Json());
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
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodesResult))]
internal sealed partial class NodesJson : JsonSerializerContext;
