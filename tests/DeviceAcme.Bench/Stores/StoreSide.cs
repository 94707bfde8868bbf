using System.Text.Json;
using DeviceAcme.Bench.Enrollments;
using DeviceAcme.Bench.Processes;

namespace DeviceAcme.Bench.Stores;

/// <summary>One of the two stores that are measured beside each other, with the server that runs on it.</summary>
internal sealed class StoreSide : IAsyncDisposable
{
    private readonly ServerUnderTest _server;
    private readonly AdminProbe _probe;
    private readonly Dictionary<string, EnrollmentLoad> _loads;

    private StoreSide(ServerUnderTest server, Dictionary<string, EnrollmentLoad> loads, long middle) =>
        (_server, _loads, _probe, Middle) = (server, loads, new AdminProbe(server), middle);

    /// <summary>A time in the middle of its rows, in Unix milliseconds.</summary>
    public long Middle { get; }

    /// <summary>Rows that can be asked for.</summary>
    public StoreRows Rows { get; private set; } = new([], [], [], []);

    public AdminProbe Probe => _probe;

    public double ResidentMegabytes => _server.ResidentBytes / (1024.0 * 1024.0);

    /// <param name="kinds">What enrolls, and the number of the first of each that did not enroll there yet.</param>
    /// <param name="middle">A time in the middle of its rows.</param>
    /// <param name="rows">What can be asked for; null: what its lists name.</param>
    public static async Task<StoreSide> Start(
        ServerSetup setup, IReadOnlyDictionary<IEnrollmentKind, int> kinds, DateTimeOffset middle, StoreRows? rows, TimeProvider time, Action<string> say, CancellationToken cancellation)
    {
        var server = await ServerUnderTest.Start(setup, time, cancellation);
        var loads = kinds.ToDictionary(kind => kind.Key.Name, kind => new EnrollmentLoad(server, kind.Key, time, say, kind.Value), StringComparer.Ordinal);
        var side = new StoreSide(server, loads, middle.ToUnixTimeMilliseconds());
        side.Rows = rows ?? await side.Listed(cancellation);
        return side;
    }

    /// <exception cref="BenchFailure">One of them got no certificate.</exception>
    public async Task<LoadResult> Enroll(IEnrollmentKind kind, int clients, int enrollments, CancellationToken cancellation)
    {
        var result = await _loads[kind.Name].Run(clients, enrollments, cancellation);
        return result.FirstError is { } error ? throw new BenchFailure($"{kind.Name}: {error}") : result;
    }

    public ValueTask DisposeAsync()
    {
        _probe.Dispose();
        return _server.DisposeAsync();
    }

    private async Task<StoreRows> Listed(CancellationToken cancellation)
    {
        var certificates = await Column("certificates", "serial", cancellation);
        return new StoreRows([.. Enumerable.Range(0, StoreRows.Count).Select(AppleKind.Identifier)], await Column("orders", "id", cancellation), certificates, certificates);
    }

    private async Task<List<string>> Column(string list, string member, CancellationToken cancellation)
    {
        using var page = JsonDocument.Parse(await _probe.Get($"/admin/v1/{list}?profile=apple-device&limit={StoreRows.Count}", cancellation));
        return [.. page.RootElement.EnumerateObject().First(one => one.Value.ValueKind == JsonValueKind.Array).Value.EnumerateArray().Select(row => row.GetProperty(member).GetString()!)];
    }
}

/// <summary>Rows of a store that are asked for, <see cref="Count"/> of each, spread over all of it.</summary>
internal sealed record StoreRows(IReadOnlyList<string> Devices, IReadOnlyList<string> Orders, IReadOnlyList<string> Certificates, IReadOnlyList<string> ToRevoke)
{
    public const int Count = 200;
}
