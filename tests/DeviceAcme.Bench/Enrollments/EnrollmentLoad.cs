using System.Text.Json;
using DeviceAcme.Bench.Processes;

namespace DeviceAcme.Bench.Enrollments;

/// <summary>Enrolls with a number of clients at once and measures both sides.</summary>
internal sealed class EnrollmentLoad(ServerUnderTest server, IEnrollmentKind kind, TimeProvider time, Action<string> say, int first = 0)
{
    private int _number = first;

    /// <summary>The number of the next enrollment; those before it are used up.</summary>
    public int Next => _number;

    /// <summary>The exchanges of one enrollment, each once, with the sizes of their bodies.</summary>
    public async Task<IReadOnlyList<Exchange>> Observe(CancellationToken cancellation)
    {
        var seen = new List<Exchange>();
        using var candidate = kind.Prepare(_number++);
        using var client = await Open(cancellation);
        client.Seen = seen.Add;
        try
        {
            await client.Enroll(candidate, cancellation);
        }
        catch (BenchFailure failure)
        {
            throw new BenchFailure($"{kind.Name}: {candidate.Identifier}: {failure.Message}{server.Complaints}");
        }

        return [.. seen.DistinctBy(exchange => exchange.Name)];
    }

    public async Task<LoadResult> Run(int clients, int enrollments, CancellationToken cancellation)
    {
        var candidates = Prepare(enrollments);
        var accounts = new List<EnrollmentClient>();
        try
        {
            for (var number = 0; number < clients; number++)
            {
                accounts.Add(await Open(cancellation));
            }

            return await Measure(accounts, candidates, cancellation);
        }
        finally
        {
            accounts.ForEach(account => account.Dispose());
            Array.ForEach(candidates, candidate => candidate.Dispose());
        }
    }

    private Task<EnrollmentClient> Open(CancellationToken cancellation) =>
        EnrollmentClient.Open(server.Client(), server.Directory(kind.Profile), kind, time, cancellation);

    private Candidate[] Prepare(int enrollments)
    {
        say($"{kind.Name}: preparing {enrollments} keys and requests");
        var first = _number;
        _number += enrollments;
        var candidates = new Candidate[enrollments];
        Parallel.For(0, enrollments, number => candidates[number] = kind.Prepare(first + number));
        return candidates;
    }

    private async Task<LoadResult> Measure(List<EnrollmentClient> accounts, Candidate[] candidates, CancellationToken cancellation)
    {
        say($"{kind.Name}: {candidates.Length} enrollments with {accounts.Count} client{(accounts.Count == 1 ? "" : "s")}");
        var work = new SharedWork(candidates);
        var exchangesBefore = accounts.Sum(account => account.Exchanges);
        GC.Collect();
        var server0 = server.ProcessorTime;
        var client0 = Environment.CpuUsage.TotalTime;
        var begin = time.GetTimestamp();
        await Task.WhenAll(accounts.Select(account => Task.Run(() => Work(account, work, cancellation), cancellation)));
        var elapsed = time.GetElapsedTime(begin);
        var clientTime = Environment.CpuUsage.TotalTime - client0;
        var serverTime = server.ProcessorTime - server0;

        var latencies = work.Latencies;
        var done = Math.Max(latencies.Count, 1);
        return new LoadResult
        {
            Kind = kind.Name,
            Clients = accounts.Count,
            Enrollments = latencies.Count,
            Errors = work.Errors,
            FirstError = work.FirstError,
            PerSecond = latencies.Count / elapsed.TotalSeconds,
            P50Milliseconds = LoadResult.Percentile(latencies, 0.5),
            P99Milliseconds = LoadResult.Percentile(latencies, 0.99),
            ServerMilliseconds = serverTime.TotalMilliseconds / done,
            ClientMilliseconds = clientTime.TotalMilliseconds / done,
            Exchanges = (double)(accounts.Sum(account => account.Exchanges) - exchangesBefore) / done,
        };
    }

    private async Task Work(EnrollmentClient account, SharedWork work, CancellationToken cancellation)
    {
        while (work.Take() is { } candidate)
        {
            var begin = time.GetTimestamp();
            try
            {
                await account.Enroll(candidate, cancellation);
                work.Done(time.GetElapsedTime(begin));
            }
            catch (Exception failure) when (failure is BenchFailure or HttpRequestException or IOException or JsonException
                || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                work.Failed($"{candidate.Identifier}: {failure.Message}{server.Complaints}");
            }
        }
    }

    /// <summary>The candidates that are left, and what became of the others.</summary>
    private sealed class SharedWork(Candidate[] candidates)
    {
        private readonly Lock _lock = new();
        private readonly List<double> _milliseconds = new(candidates.Length);
        private int _next;

        public int Errors { get; private set; }

        public string? FirstError { get; private set; }

        /// <summary>Milliseconds, sorted.</summary>
        public IReadOnlyList<double> Latencies => [.. _milliseconds.Order()];

        public Candidate? Take()
        {
            var number = Interlocked.Increment(ref _next) - 1;
            return number < candidates.Length ? candidates[number] : null;
        }

        public void Done(TimeSpan latency)
        {
            lock (_lock)
            {
                _milliseconds.Add(latency.TotalMilliseconds);
            }
        }

        public void Failed(string problem)
        {
            lock (_lock)
            {
                Errors++;
                FirstError ??= problem;
            }
        }
    }
}
