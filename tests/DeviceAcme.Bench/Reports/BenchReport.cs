using DeviceAcme.Bench.Enrollments;
using DeviceAcme.Bench.Floors;

namespace DeviceAcme.Bench.Reports;

/// <summary>Syncs of the server's process in a run under strace.</summary>
internal sealed record SyncResult(string Kind, int Clients, int Enrollments, int Syncs)
{
    public double PerEnrollment => (double)Syncs / Enrollments;
}

/// <summary>The server's process as a whole.</summary>
/// <param name="ColdStartMilliseconds">From its start, with an empty data directory, to the first directory answered; the middle one of a few.</param>
/// <param name="ResidentMebibytes">Resident memory when all loads were over.</param>
/// <param name="Enrolled">Enrollments until then, the warm-up among them.</param>
/// <param name="FileSystem">What its data stood on.</param>
internal sealed record ServerResult(double ColdStartMilliseconds, double ResidentMebibytes, int Enrolled, string FileSystem);

/// <summary>Resident memory on the way, in a run that goes on for long.</summary>
internal sealed record MemoryPoint(int Enrolled, double ResidentMebibytes);

/// <summary>A figure that has a target.</summary>
/// <param name="Target">The largest value that meets it, with the sign before it.</param>
/// <param name="Met">Null where this run says nothing about it.</param>
internal sealed record Aim(string What, double Measured, string Target, string Unit, bool? Met)
{
    public static Aim AtMost(string what, double measured, double limit, string unit) => new(what, measured, FormattableString.Invariant($"≤ {limit}"), unit, measured <= limit);

    public static Aim Under(string what, double measured, double limit, string unit) => new(what, measured, FormattableString.Invariant($"< {limit}"), unit, measured < limit);
}

/// <summary>Everything that one run measured.</summary>
internal sealed record BenchReport
{
    /// <summary>The loads with this number of clients are those whose processor time is compared with the floor.</summary>
    private const int ComparedClients = FloorClient.Clients;

    private const int StormClients = 32;

    /// <summary>After so many the memory has a target.</summary>
    public const int ManyEnrollments = 10_000;

    /// <summary>What is still called flat.</summary>
    private const double Flat = 1.05;

    public required DateTimeOffset At { get; init; }
    public required string Machine { get; init; }
    public required int EnrollmentsPerLoad { get; init; }
    public required int WarmUp { get; init; }
    public ServerResult? Server { get; init; }
    public IReadOnlyList<MemoryPoint> Memory { get; init; } = [];
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
                yield return Aim.AtMost($"{floor.Kind}: server processor time at {ComparedClients} clients / floor", load.ServerMilliseconds * 1000 / floor.Microseconds, 1.4, "times");
            }
        }

        foreach (var sync in Syncs.Where(sync => sync.Clients == StormClients))
        {
            yield return Aim.Under($"{sync.Kind}: syncs per enrollment at {StormClients} clients", sync.PerEnrollment, 1, "");
        }

        foreach (var load in Loads.Where(load => load.Clients == StormClients))
        {
            yield return Aim.AtMost($"{load.Kind}: p99 / p50 at {StormClients} clients", load.P99Milliseconds / load.P50Milliseconds, 3, "times");
        }

        if (Server is null)
        {
            yield break;
        }

        yield return Aim.Under("cold start to the first directory answer", Server.ColdStartMilliseconds / 1000, 1, "s");
        var last = Memory.Count > 0 ? Memory[0] : new MemoryPoint(Server.Enrolled, Server.ResidentMebibytes);
        var resident = Aim.Under($"resident memory after {last.Enrolled} enrollments", last.ResidentMebibytes, 200, "MiB");
        yield return last.Enrolled >= ManyEnrollments || resident.Met == false ? resident : resident with { Met = null, Unit = $"MiB; --full goes on to {ManyEnrollments}" };
        if (Memory.Count > 1)
        {
            yield return Aim.AtMost($"resident memory after {Memory[^1].Enrolled} / after {last.Enrolled}", Memory[^1].ResidentMebibytes / last.ResidentMebibytes, Flat, "times");
        }
    }
}
