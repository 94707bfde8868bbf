using System.Runtime.InteropServices;
using DeviceAcme.Attestation;
using DeviceAcme.Bench.Commands;
using DeviceAcme.Bench.Enrollments;
using DeviceAcme.Bench.Floors;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Bench.Reports;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench;

/// <summary>One run: what was asked for, measured after one another on one machine, so that ratios mean something.</summary>
internal sealed class BenchRun(BenchSettings settings, TimeProvider time, Action<string> say)
{
    private const string CryptographyGroup = "cryptography";
    private const int SyncClients = 32;

    /// <summary>How often the server is started to see how long that takes.</summary>
    private const int Starts = 5;

    /// <summary>Enrollments whose keys are made at a time.</summary>
    private const int Portion = 1000;

    /// <summary>No enrollment of the loads before has a number like these.</summary>
    private const int FarAway = 10_000_000;

    private readonly FakeVendors _vendors = new("bench");

    public async Task<BenchReport> Run(CancellationToken cancellation)
    {
        using var cryptography = new Cryptography();
        var report = new BenchReport
        {
            At = time.GetUtcNow(),
            Machine = MachineText(),
            EnrollmentsPerLoad = settings.Enrollments,
            WarmUp = settings.WarmUp,
        };
        if (settings.Wants("Enroll.Classic") || settings.Wants("Enroll.Apple"))
        {
            report = await Enroll(report, cryptography, cancellation);
        }

        return report with
        {
            Floors = [.. report.Floors, .. PureCryptography(cryptography).Where(pure => report.Floors.All(floor => floor.Kind != pure.Kind))],
            Verifications = Verify(),
            Audit = Audit(),
        };
    }

    private async Task<BenchReport> Enroll(BenchReport report, Cryptography cryptography, CancellationToken cancellation)
    {
        using var workplace = new Workplace(settings.Folder, time);
        var anchors = new VendorFolder(workplace.Folder("vendors"));
        anchors.Init("bench");
        await using var classic = await ClassicKind.Start(FreePorts.Take(1)[0], cancellation);
        var setup = new ServerSetup(settings.Server ?? DotnetProgram.Server, workplace.Folder("data"), anchors.Path, classic.DnsEndPoint, classic.HttpPort, []);
        IEnrollmentKind[] all = [classic, new AppleKind(_vendors.Apple, time.GetUtcNow())];
        var kinds = all.Where(kind => settings.Wants($"Enroll.{kind.Name}")).ToList();

        var coldStart = await ColdStart(setup, workplace, cancellation);
        say("starting the server");
        await using (var server = await ServerUnderTest.Start(setup, time, cancellation))
        {
            await using var floor = await FloorClient.Start(workplace.Path, time, cancellation);
            using var commits = new CommitFloor(workplace.Path);
            foreach (var kind in kinds)
            {
                report = await Measure(report, new Measured(kind, classic, new EnrollmentLoad(server, kind, time, say)), new FloorParts(cryptography, floor, commits), cancellation);
            }

            var enrolled = report.Loads.Sum(load => load.Enrollments) + (kinds.Count * (settings.WarmUp + 1));
            report = report with
            {
                Server = new ServerResult(coldStart.TotalMilliseconds, Mebibytes(server), enrolled, workplace.FileSystem),
                Memory = settings.Full ? await GoOn(server, kinds, enrolled, cancellation) : [],
            };
        }

        return settings.Syncs ? report with { Syncs = await CountSyncs(setup with { Data = workplace.Folder("data-traced") }, kinds, workplace, cancellation) } : report;
    }

    /// <summary>The middle one of a few starts, each with an empty data directory: this program's own client takes long for its first answer, which is not the server's.</summary>
    private async Task<TimeSpan> ColdStart(ServerSetup setup, Workplace workplace, CancellationToken cancellation)
    {
        say($"starting the server {Starts} times");
        var starts = new List<TimeSpan>();
        for (var start = 1; start <= Starts; start++)
        {
            await using var server = await ServerUnderTest.Start(setup with { Data = workplace.Folder($"data-start-{start}") }, time, cancellation);
            starts.Add(server.ColdStart);
        }

        say($"the server is ready after {string.Join(", ", starts.Select(start => $"{start.TotalMilliseconds:0}"))} ms");
        return starts.Order().ElementAt(Starts / 2);
    }

    /// <summary>Enrolls on, to see what the server keeps.</summary>
    private async Task<List<MemoryPoint>> GoOn(ServerUnderTest server, List<IEnrollmentKind> kinds, int enrolled, CancellationToken cancellation)
    {
        var points = new List<MemoryPoint>();
        for (var round = 1; round <= 2; round++)
        {
            foreach (var kind in kinds)
            {
                var missing = ((round * BenchReport.ManyEnrollments) - enrolled) / kinds.Count;
                var load = new EnrollmentLoad(server, kind, time, say, round * FarAway);
                for (var done = 0; done < missing; done += Portion)
                {
                    await load.Run(FloorClient.Clients, Math.Min(Portion, missing - done), cancellation);
                }
            }

            enrolled = Math.Max(enrolled, round * BenchReport.ManyEnrollments);
            points.Add(new MemoryPoint(enrolled, Mebibytes(server)));
            say($"{Mebibytes(server):0} MiB after {enrolled} enrollments");
        }

        return points;
    }

    private static double Mebibytes(ServerUnderTest server) => server.ResidentBytes / (1024.0 * 1024.0);

    private async Task<BenchReport> Measure(BenchReport report, Measured measured, FloorParts parts, CancellationToken cancellation)
    {
        var (kind, classic, load) = measured;
        var questionsBefore = classic.DnsQuestions;
        var exchanges = await load.Observe(cancellation);
        var shape = new EnrollmentShape(kind, exchanges, (int)(classic.DnsQuestions - questionsBefore));
        var warmUp = await load.Run(FloorClient.Clients, settings.WarmUp, cancellation);
        if (warmUp.FirstError is { } error)
        {
            throw new BenchFailure($"{kind.Name}: {warmUp.Errors} of {settings.WarmUp} enrollments of the warm-up failed; the first one: {error}");
        }

        var before = await MeasureFloor(shape, parts, cancellation);
        var loads = new List<LoadResult>();
        foreach (var clients in settings.Clients)
        {
            loads.Add(await load.Run(clients, settings.Enrollments, cancellation));
        }

        var after = await MeasureFloor(shape, parts, cancellation);
        return report with { Loads = [.. report.Loads, .. loads], Floors = [.. report.Floors, before.Mean(after)] };
    }

    private async Task<Floor> MeasureFloor(EnrollmentShape shape, FloorParts parts, CancellationToken cancellation)
    {
        var (kind, exchanges, dnsQuestions) = shape;
        say($"{kind.Name}: measuring the floor");
        var repetitions = (int)(settings.Repetition.TotalMilliseconds * 10);
        List<CostGroup> groups =
        [
            new(CryptographyGroup, MeasureAll(parts.Cryptography.Of(kind))),
            new("exchanges on a kept connection", await parts.Client.Exchanges(exchanges, repetitions, cancellation)),
            new("durable commits", MeasureAll(parts.Commits.Of(kind is AppleKind ? EvidenceOctets() : 0))),
        ];
        if (dnsQuestions > 0)
        {
            groups.Add(new CostGroup("questions of the validation", MeasureAll(parts.Client.Validation(dnsQuestions))));
        }

        return new Floor(kind.Name, groups);
    }

    private IEnumerable<Floor> PureCryptography(Cryptography cryptography)
    {
        if (settings.Wants("Cryptography.Classic"))
        {
            yield return new Floor("classic", [new CostGroup(CryptographyGroup, MeasureAll(cryptography.Classic()))]);
        }

        if (settings.Wants("Cryptography.Apple"))
        {
            yield return new Floor("apple", [new CostGroup(CryptographyGroup, MeasureAll(cryptography.Apple()))]);
        }
    }

    private List<VerifyResult> Audit()
    {
        if (!settings.Wants("Audit.Chain"))
        {
            return [];
        }

        using var workplace = new Workplace(settings.Folder, time);
        using var commits = new CommitFloor(workplace.Path);
        return [new AuditComparison(commits, settings.Repetition).OneEnrollment()];
    }

    private List<VerifyResult> Verify()
    {
        using var checks = new SignatureChecks();
        var comparison = new VerifyComparison(_vendors, checks, time.GetUtcNow(), settings.Repetition);
        (string Name, Func<IReadOnlyList<VerifyResult>> Measure)[] all =
        [
            ("Verify.Apple", comparison.Apple), ("Verify.Tpm", comparison.Tpm), ("Verify.Android", comparison.Android), ("Verify.Step", comparison.Step),
            ("Verify.Packed", comparison.Packed), ("Verify.Idevid", comparison.Idevid), ("Verify.Ek", comparison.Ek),
        ];
        return [.. all.Where(one => settings.Wants(one.Name)).SelectMany(one => one.Measure())];
    }

    private async Task<IReadOnlyList<SyncResult>> CountSyncs(ServerSetup setup, IReadOnlyList<IEnrollmentKind> kinds, Workplace workplace, CancellationToken cancellation)
    {
        var strace = new Strace(Path.Combine(workplace.Path, "strace.log"));
        say("starting the server under strace");
        await using var server = await ServerUnderTest.Start(setup with { Tracer = strace.Arguments }, time, cancellation);
        var results = new List<SyncResult>();
        foreach (var kind in kinds)
        {
            var load = new EnrollmentLoad(server, kind, time, say);
            await load.Run(SyncClients, SyncClients, cancellation);
            var before = strace.Count();
            var result = await load.Run(SyncClients, settings.Enrollments, cancellation);
            if (result.FirstError is { } error)
            {
                throw new BenchFailure($"{kind.Name} under strace: {error}");
            }

            results.Add(new SyncResult(kind.Name, SyncClients, result.Enrollments, strace.Count() - before));
        }

        return results;
    }

    private List<Cost> MeasureAll(IEnumerable<Operation> operations) => [.. operations.Select(operation => operation.Measure(settings.Repetition))];

    /// <summary>What a server must keep of one attestation so that it can be explained and verified again.</summary>
    private int EvidenceOctets()
    {
        var made = new AppleMaker(_vendors.Apple, time.GetUtcNow()).Make();
        var verdict = AttestationVerifier.Verify(new Evidence { AttestationObject = made.AttestationObject, Formats = ["apple"], Anchors = AnchorSet.Empty, Now = time.GetUtcNow() });
        return made.AttestationObject.Length + VerdictJson.Write(verdict).Length;
    }

    private static string MachineText()
    {
        var processor = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : null;
        return $"{processor ?? RuntimeInformation.ProcessArchitecture.ToString()} · {Environment.ProcessorCount} processors · {RuntimeInformation.OSDescription} · {RuntimeInformation.FrameworkDescription}";
    }

    private sealed record Measured(IEnrollmentKind Kind, ClassicKind Classic, EnrollmentLoad Load);

    private sealed record FloorParts(Cryptography Cryptography, FloorClient Client, CommitFloor Commits);

    private sealed record EnrollmentShape(IEnrollmentKind Kind, IReadOnlyList<Exchange> Exchanges, int DnsQuestions);
}
