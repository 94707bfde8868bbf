using System.Diagnostics;
using System.Text;
using DeviceAcme.Bench.Processes;

namespace DeviceAcme.Bench.Stores;

/// <summary>Asks the admin listener the same question for many rows and measures what one costs the server.</summary>
internal sealed class AdminProbe : IDisposable
{
    /// <summary>Questions before the clock starts: what is asked for the first time is compiled first.</summary>
    private const int WarmUp = 100;

    private readonly ServerUnderTest _server;
    private readonly HttpClient _http;

    public AdminProbe(ServerUnderTest server)
    {
        _server = server;
        _http = server.AdminClient();
    }

    /// <param name="path">The path for the question of a number.</param>
    /// <returns>Milliseconds of the server's processor time, and of the clock, for one of them.</returns>
    public async Task<(double Processor, double Elapsed)> Ask(Func<int, string> path, int times, CancellationToken cancellation)
    {
        for (var number = 0; number < WarmUp; number++)
        {
            await Get(path(number % times), cancellation);
        }

        var (processor, clock) = (_server.ProcessorTime, Stopwatch.StartNew());
        for (var number = 0; number < times; number++)
        {
            await Get(path(number), cancellation);
        }

        return ((_server.ProcessorTime - processor).TotalMilliseconds / times, clock.Elapsed.TotalMilliseconds / times);
    }

    /// <summary>Revokes certificates one after another; each answer waits for the CRL that has it.</summary>
    public async Task<(double Processor, double Elapsed)> Revoke(IReadOnlyList<string> serials, CancellationToken cancellation)
    {
        var (processor, clock) = (_server.ProcessorTime, Stopwatch.StartNew());
        foreach (var serial in serials)
        {
            using var body = new StringContent("""{"reason":"superseded"}""", Encoding.UTF8, "application/json");
            using var answer = await _http.PostAsync($"/admin/v1/certificates/{serial}/revoke", body, cancellation);
            await Require(answer, serial, cancellation);
        }

        return ((_server.ProcessorTime - processor).TotalMilliseconds / serials.Count, clock.Elapsed.TotalMilliseconds / serials.Count);
    }

    public async Task<string> Get(string path, CancellationToken cancellation)
    {
        using var answer = await _http.GetAsync(path, cancellation);
        await Require(answer, path, cancellation);
        return await answer.Content.ReadAsStringAsync(cancellation);
    }

    public void Dispose() => _http.Dispose();

    private static async Task Require(HttpResponseMessage answer, string what, CancellationToken cancellation)
    {
        if (!answer.IsSuccessStatusCode)
        {
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            throw new BenchFailure($"{what}: HTTP {(int)answer.StatusCode} {text}");
        }
    }
}
