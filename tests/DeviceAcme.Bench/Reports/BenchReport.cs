using DeviceAcme.Bench.Enrollments;
using DeviceAcme.Bench.Floors;

namespace DeviceAcme.Bench.Reports;

/// <summary>Syncs of the server's process in a run under strace.</summary>
internal sealed record SyncResult(string Kind, int Clients, int Enrollments, int Syncs)
{
    public double PerEnrollment => (double)Syncs / Enrollments;
}

/// <summary>The server's process as a whole.</summary>
/// <param name="ColdStartMilliseconds">From its start, with an empty data directory, to the first directory answered.</param>
/// <param name="ResidentMebibytes">Resident memory when all loads were over.</param>
/// <param name="Enrolled">Enrollments until then, the warm-up among them.</param>
/// <param name="FileSystem">What its data stood on.</param>
internal sealed record ServerResult(double ColdStartMilliseconds, double ResidentMebibytes, int Enrolled, string FileSystem);

/// <summary>A figure that product.md sets a target for.</summary>
internal sealed record Aim(string What, double Measured, string Target, string Unit);

/// <summary>Everything that one run measured.</summary>
internal sealed record BenchReport
{
    /// <summary>The loads with this number of clients are those whose processor time is compared with the floor.</summary>
    private const int ComparedClients = FloorClient.Clients;

    private const int StormClients = 32;

    public required DateTimeOffset At { get; init; }
    public required string Machine { get; init; }
    public required int EnrollmentsPerLoad { get; init; }
    public required int WarmUp { get; init; }
    public ServerResult? Server { get; init; }
    public IReadOnlyList<LoadResult> Loads { get; init; } = [];
    public IReadOnlyList<Floor> Floors { get; init; } = [];
    public IReadOnlyList<VerifyResult> Verifications { get; init; } = [];
    public IReadOnlyList<VerifyResult> Audit { get; init; } = [];
    public IReadOnlyList<SyncResult> Syncs { get; init; } = [];

    public int Errors => Loads.Sum(load => load.Errors);

    public string? FirstError => Loads.FirstOrDefault(load => load.FirstError is not null)?.FirstError;

    public LoadResult? ComparedLoad(Floor floor) => Loads.FirstOrDefault(load => load.Kind == floor.Kind && load.Clients == ComparedClients);

    /// <summary>The figures with their targets, as far as this run has them.</summary>
    public IEnumerable<Aim> Aims()
    {
        foreach (var floor in Floors)
        {
            if (ComparedLoad(floor) is { } load)
            {
                yield return new Aim($"{floor.Kind}: server processor time at {ComparedClients} clients / floor", load.ServerMilliseconds * 1000 / floor.Microseconds, "≤ 1.4", "times");
            }
        }

        foreach (var load in Loads.Where(load => load.Clients == StormClients))
        {
            yield return new Aim($"{load.Kind}: p99 / p50 at {StormClients} clients", load.P99Milliseconds / load.P50Milliseconds, "≤ 3", "times");
        }

        foreach (var sync in Syncs.Where(sync => sync.Clients == StormClients))
        {
            yield return new Aim($"{sync.Kind}: syncs per enrollment at {StormClients} clients", sync.PerEnrollment, "< 1", "");
        }

        if (Server is not null)
        {
            yield return new Aim("cold start to the first directory answer", Server.ColdStartMilliseconds / 1000, "< 1.0", "s");
            yield return new Aim($"resident memory after {Server.Enrolled} enrollments (target: after 10000)", Server.ResidentMebibytes, "< 200", "MiB");
        }
    }
}
