using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Fleet;

/// <summary>How a fleet did, ready to be written.</summary>
internal sealed record FleetReport
{
    public required DateTimeOffset Started { get; init; }
    public required TimeSpan Duration { get; init; }
    public required string Server { get; init; }
    public required FleetMix Mix { get; init; }
    public required int Devices { get; init; }
    public required int Concurrency { get; init; }
    public required FleetStatistics Statistics { get; init; }

    /// <summary>Time of all processors that this process used.</summary>
    public required TimeSpan Processor { get; init; }

    /// <summary>Most memory that this process ever had.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>True where nothing happened that should not have.</summary>
    public bool AsExpected => Statistics is { Failed: 0, FaultsMissed: 0 } && Statistics.DevicesDone == Devices;

    public double PerSecond => Duration > TimeSpan.Zero ? (Statistics.Enrolled + Statistics.Renewed) / Duration.TotalSeconds : 0;

    public double ProcessorMilliseconds => Statistics.Enrollments > 0 ? Processor.TotalMilliseconds / Statistics.Enrollments : 0;

    public double PeakMegabytes => PeakBytes / 1048576.0;

    public JsonObject ToJson() => new()
    {
        ["result"] = AsExpected ? "as expected" : "missed",
        ["started"] = Started.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        ["seconds"] = Math.Round(Duration.TotalSeconds, 2),
        ["server"] = Server,
        ["mix"] = Mix.ToString(),
        ["devices"] = Devices,
        ["devicesDone"] = Statistics.DevicesDone,
        ["concurrency"] = Concurrency,
        ["enrolled"] = Statistics.Enrolled,
        ["renewed"] = Statistics.Renewed,
        ["revoked"] = Statistics.Revoked,
        ["faults"] = new JsonObject { ["asExpected"] = Statistics.FaultsMet, ["missed"] = Statistics.FaultsMissed },
        ["failed"] = Statistics.Failed,
        ["certificatesPerSecond"] = Math.Round(PerSecond, 1),
        ["latencyMilliseconds"] = Json(Statistics.Latency()),
        ["steps"] = new JsonObject(Statistics.Steps().Select(step => KeyValuePair.Create(step.Step, (JsonNode?)Json(step.Latency)))),
        ["failures"] = new JsonArray([.. Statistics.FailuresByReason().Select(failure => (JsonNode)new JsonObject { ["what"] = failure.What, ["count"] = failure.Count, ["example"] = failure.Example })]),
        ["missed"] = new JsonArray([.. Statistics.Missed().Select(text => (JsonNode)JsonValue.Create(text))]),
        ["timeline"] = new JsonArray([.. Statistics.Timeline().Select(second => (JsonNode)new JsonObject
        {
            ["second"] = second.At,
            ["certificates"] = second.Enrolled,
            ["missed"] = second.Failed,
            ["p50"] = Math.Round(second.Latency.P50, 1),
            ["p95"] = Math.Round(second.Latency.P95, 1),
        })]),
        ["simulator"] = new JsonObject { ["processorMillisecondsPerEnrollment"] = Math.Round(ProcessorMilliseconds, 2), ["peakMegabytes"] = Math.Round(PeakMegabytes, 1) },
    };

    private static JsonObject Json(Percentiles latency) => new()
    {
        ["count"] = latency.Count,
        ["p50"] = Math.Round(latency.P50, 1),
        ["p95"] = Math.Round(latency.P95, 1),
        ["p99"] = Math.Round(latency.P99, 1),
        ["longest"] = Math.Round(latency.Longest, 1),
    };
}
