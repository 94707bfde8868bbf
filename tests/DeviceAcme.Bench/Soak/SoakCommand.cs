using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Bench.Commands;
using DeviceAcme.Simulator.Fleet;

namespace DeviceAcme.Bench.Soak;

/// <summary><c>bench soak</c>.</summary>
internal static class SoakCommand
{
    private const int Flat = 0;
    private const int Grows = 1;
    private const string Columns = "minute  enrollments  unexpected   p50 ms   p99 ms  memory MB  files  threads  database MB  log MB";

    public static Command Make(TimeProvider time, Action<string> say)
    {
        var minutes = BenchOptions.Number("--minutes", "how long", 30, 1, 10_000);
        var mix = BenchOptions.Mix("apple=45,iphone=10,tpm=25,android=10,server=10");
        var concurrency = BenchOptions.Number("--concurrency", "devices at a time", 8, 1, 1000);
        var (folder, server, json) = (BenchOptions.Folder(), BenchOptions.Server(), BenchOptions.Json());
        var command = new Command("soak", "mixed load on one server: memory, open files, latency and sizes of files each minute. Exit code 1 if anything but the database grows, or if a device did not get what it should have")
        {
            minutes, mix, concurrency, folder, server, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = new SoakSettings
            {
                Minutes = parsed.GetValue(minutes),
                Mix = FleetMix.Parse(parsed.GetRequiredValue(mix)),
                Concurrency = parsed.GetValue(concurrency),
                Folder = parsed.GetValue(folder),
                Server = parsed.GetValue(server),
            };
            var asJson = parsed.GetValue(json);
            var result = await new SoakRun(settings, time, say).Run(minute => Tell(minute, asJson), cancellation);
            Console.Out.Write(asJson ? JsonSerializer.Serialize(result, SoakJson.Default.SoakResult) + "\n" : Text(result));
            return result.Problems.Count == 0 ? Flat : Grows;
        });
        return command;
    }

    // a line each minute, while it runs
    private static void Tell(SoakMinute minute, bool asJson)
    {
        if (asJson)
        {
            return;
        }

        if (minute.Minute == 1)
        {
            Console.Out.WriteLine(Columns);
        }

        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{minute.Minute,6}  {minute.Enrollments,11}  {minute.Unexpected,10}  {minute.P50Milliseconds,7:0.0}  {minute.P99Milliseconds,7:0.0}  {minute.ResidentMegabytes,9:0.0}  {minute.Handles,5}  {minute.Threads,7}  {minute.DatabaseMegabytes,11:0.0}  {minute.LogMegabytes,6:0.0}"));
    }

    private static string Text(SoakResult result) => result.Problems.Count == 0
        ? "flat\n"
        : string.Concat(result.Problems.Select(problem => $"problem: {problem}\n"));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SoakResult))]
internal sealed partial class SoakJson : JsonSerializerContext;
