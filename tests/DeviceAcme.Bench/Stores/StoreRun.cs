using System.Text.Json;
using DeviceAcme.Bench.Commands;
using DeviceAcme.Bench.Enrollments;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Bench.Reports;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench.Stores;

/// <summary>The same measured twice: with an almost empty store, and when that store was filled.</summary>
internal sealed class StoreRun(BenchSettings settings, FakeVendors vendors, TimeProvider time, Action<string> say)
{
    private const int Clients = 8;
    private const int Questions = 200;
    private const int Revocations = 10;

    public async Task<StoreReport> Run(int count, CancellationToken cancellation)
    {
        using var workplace = new Workplace(settings.Folder, time);
        var anchors = new VendorFolder(workplace.Folder("vendors"));
        anchors.Init("bench");
        await using var classic = await ClassicKind.Start(FreePorts.Take(1)[0], cancellation);
        var setup = new ServerSetup(settings.Server ?? DotnetProgram.Server, workplace.Folder("data"), anchors.Path, classic.DnsEndPoint, classic.HttpPort, []);
        var apple = new AppleKind(vendors.Apple, time.GetUtcNow());
        IEnrollmentKind[] kinds = [apple, classic];

        // a store that is there: the very first start makes keys
        await using (var first = await ServerUnderTest.Start(setup, time, cancellation))
        {
            await new EnrollmentLoad(first, apple, time, say).Run(Clients, Questions, cancellation);
        }

        var numbers = new Dictionary<string, int> { [apple.Name] = Questions };
        say("measuring with an almost empty store");
        var pattern = AppleKind.Identifier(0);
        var began = time.GetUtcNow();
        var empty = await Measure(setup, kinds, numbers, server => Known(server, cancellation), began.ToUnixTimeMilliseconds(), cancellation);
        var filled = time.GetUtcNow();
        using (var fill = new StoreFill(Path.Combine(setup.Data, "acme.db"), pattern, count, filled, say))
        {
            fill.Run();
        }

        var octets = new FileInfo(Path.Combine(setup.Data, "acme.db")).Length;
        say($"measuring with {count} devices, {octets / (1 << 20)} MiB");
        var full = await Measure(setup, kinds, numbers, _ => Task.FromResult(Filled(count, filled)), StoreFill.TimeOf(count / 2, count, filled), cancellation);
        return new StoreReport(count, StoreFill.RevokedOf(count), octets, [.. empty.Zip(full, (before, after) => new StoreLine(before.What, before.Value, after.Value, before.Unit, before.Elapsed, after.Elapsed))]);
    }

    private async Task<List<Figure>> Measure(
        ServerSetup setup, IReadOnlyList<IEnrollmentKind> kinds, Dictionary<string, int> numbers, Func<ServerUnderTest, Task<Rows>> find, long middle, CancellationToken cancellation)
    {
        var figures = new List<Figure>();
        await using var server = await ServerUnderTest.Start(setup, time, cancellation);
        figures.Add(new Figure(StoreReport.Start, server.ColdStart.TotalMilliseconds, "ms"));
        foreach (var kind in kinds)
        {
            var load = new EnrollmentLoad(server, kind, time, say, numbers.GetValueOrDefault(kind.Name));
            await load.Run(Clients, settings.WarmUp, cancellation);
            var result = await load.Run(Clients, settings.Enrollments, cancellation);
            if (result.FirstError is { } error)
            {
                throw new BenchFailure($"{kind.Name}: {error}");
            }

            numbers[kind.Name] = load.Next;
            figures.Add(new Figure(StoreReport.Enrollment(kind.Name), result.ServerMilliseconds, "ms CPU", result.P50Milliseconds));
        }

        var rows = await find(server);
        using var probe = new AdminProbe(server);
        (string What, Func<int, string> Path)[] questions =
        [
            ("device by serial number", number => $"/admin/v1/devices?identifier={rows.Devices[number]}"),
            ("order by id", number => $"/admin/v1/orders/{rows.Orders[number]}"),
            ("certificate by serial number", number => $"/admin/v1/certificates/{rows.Certificates[number]}"),
            .. new[] { "devices", "orders", "certificates", "evidence", "accounts" }.SelectMany(list => new (string, Func<int, string>)[]
            {
                ($"first page of {list}", _ => $"/admin/v1/{list}"),
                ($"page in the middle of {list}", _ => $"/admin/v1/{list}?cursor={middle}.x"),
            }),
            ("first page of audit", _ => "/admin/v1/audit"),
            ("orders of a profile", _ => "/admin/v1/orders?profile=apple-device"),
            ("certificates that end soon", _ => "/admin/v1/certificates?expiring=30d"),
            ("explain an order", number => $"/admin/v1/orders/{rows.Orders[number]}/explain"),
        ];
        foreach (var (what, path) in questions)
        {
            say(what);
            var (processor, elapsed) = await probe.Ask(path, Questions, cancellation);
            figures.Add(new Figure(what, processor, "ms CPU", elapsed));
        }

        say("revoking, with a CRL each");
        await probe.Revoke(rows.ToRevoke.Take(2).ToList(), cancellation);
        var (ofCrl, untilCrl) = await probe.Revoke(rows.ToRevoke.Skip(2).Take(Revocations).ToList(), cancellation);
        figures.Add(new Figure("revocation with its CRL", ofCrl, "ms CPU", untilCrl));
        figures.Add(new Figure("resident memory", server.ResidentBytes / (1024.0 * 1024.0), "MiB"));
        return figures;
    }

    /// <summary>Rows of an almost empty store, from its lists.</summary>
    private static async Task<Rows> Known(ServerUnderTest server, CancellationToken cancellation)
    {
        using var probe = new AdminProbe(server);
        var devices = Enumerable.Range(0, Questions).Select(AppleKind.Identifier).ToList();
        var orders = await Column(probe, "orders", "id", cancellation);
        var certificates = await Column(probe, "certificates", "serial", cancellation);
        return new Rows(devices, orders, certificates, certificates);
    }

    private static Rows Filled(int count, DateTimeOffset filled)
    {
        var some = Enumerable.Range(0, Questions).Select(number => 1 + (long)number * count / Questions).ToList();
        return new Rows(
            [.. some.Select(StoreFill.SerialOf)], [.. some.Select(number => StoreFill.Id("order", number, count, filled))], [.. some.Select(StoreFill.CertificateOf)],
            [.. Enumerable.Range(0, Revocations + 2).Select(number => StoreFill.CertificateOf(count - StoreFill.RevokedOf(count) - number))]);
    }

    private static async Task<List<string>> Column(AdminProbe probe, string list, string member, CancellationToken cancellation)
    {
        using var page = JsonDocument.Parse(await probe.Get($"/admin/v1/{list}?profile=apple-device&limit={Questions}", cancellation));
        return [.. page.RootElement.EnumerateObject().First(one => one.Value.ValueKind == JsonValueKind.Array).Value.EnumerateArray().Select(row => row.GetProperty(member).GetString()!)];
    }

    private sealed record Figure(string What, double Value, string Unit, double? Elapsed = null);

    private sealed record Rows(IReadOnlyList<string> Devices, IReadOnlyList<string> Orders, IReadOnlyList<string> Certificates, IReadOnlyList<string> ToRevoke);
}
