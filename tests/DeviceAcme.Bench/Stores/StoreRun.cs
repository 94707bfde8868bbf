using DeviceAcme.Bench.Commands;
using DeviceAcme.Bench.Enrollments;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Bench.Reports;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench.Stores;

/// <summary>
/// The same measured on an almost empty store and on a filled one, each with a server of its own: a piece on the one, the same piece on the other, because a machine's speed
/// is not the same ten minutes later.
/// </summary>
internal sealed class StoreRun(BenchSettings settings, FakeVendors vendors, TimeProvider time, Action<string> say)
{
    private const int Clients = 8;
    private const int Revocations = 10;

    /// <summary>How many starts; the middle one is told.</summary>
    private const int Starts = 3;

    /// <summary>Pieces of a load.</summary>
    private const int Pieces = 5;

    public async Task<StoreReport> Run(int count, CancellationToken cancellation)
    {
        using var workplace = new Workplace(settings.Folder, time);
        var anchors = new VendorFolder(workplace.Folder("vendors"));
        anchors.Init("bench");
        await using var classic = await ClassicKind.Start(FreePorts.Take(1)[0], cancellation);
        var apple = new AppleKind(vendors.Apple, time.GetUtcNow());
        var kinds = new Dictionary<IEnrollmentKind, int> { [apple] = StoreRows.Count, [classic] = 0 };
        var emptySetup = new ServerSetup(settings.Server ?? DotnetProgram.Server, workplace.Folder("empty"), anchors.Path, classic.DnsEndPoint, classic.HttpPort, []);
        var fullSetup = emptySetup with { Data = workplace.Folder("full") };
        foreach (var setup in new[] { emptySetup, fullSetup })
        {
            // a store that is there: the very first start makes keys
            await using var first = await ServerUnderTest.Start(setup, time, cancellation);
            await new EnrollmentLoad(first, apple, time, say).Run(Clients, StoreRows.Count, cancellation);
        }

        var filled = time.GetUtcNow();
        var file = Path.Combine(fullSetup.Data, "acme.db");
        using (var fill = new StoreFill(file, AppleKind.Identifier(0), count, filled, say))
        {
            fill.Run();
        }

        var octets = new FileInfo(file).Length;
        say($"measuring with {count} devices, {octets / (1 << 20)} MiB, beside a store with {StoreRows.Count}");
        var start = await MeasureStarts(emptySetup, fullSetup, cancellation);
        await using var empty = await StoreSide.Start(emptySetup, kinds, filled, null, time, say, cancellation);
        await using var full = await StoreSide.Start(
            fullSetup, kinds, DateTimeOffset.FromUnixTimeMilliseconds(StoreFill.TimeOf(count / 2, count, filled)), Filled(count, filled), time, say, cancellation);
        var lines = new List<StoreLine> { start };
        foreach (var kind in kinds.Keys)
        {
            lines.Add(await MeasureEnrollments(empty, full, kind, cancellation));
        }

        lines.AddRange(await MeasureQuestions(empty, full, cancellation));
        lines.Add(new StoreLine("resident memory", empty.ResidentMegabytes, full.ResidentMegabytes, "MiB", null, null));
        return new StoreReport(count, StoreFill.RevokedOf(count), octets, lines);
    }

    private async Task<StoreLine> MeasureStarts(ServerSetup emptySetup, ServerSetup fullSetup, CancellationToken cancellation)
    {
        say($"starting each server {Starts} times");
        var (empty, full) = (new List<double>(), new List<double>());
        for (var number = 0; number < Starts; number++)
        {
            foreach (var (setup, times) in new[] { (emptySetup, empty), (fullSetup, full) })
            {
                await using var server = await ServerUnderTest.Start(setup, time, cancellation);
                times.Add(server.ColdStart.TotalMilliseconds);
            }
        }

        return new StoreLine(StoreReport.Start, LoadResult.Percentile([.. empty.Order()], 0.5), LoadResult.Percentile([.. full.Order()], 0.5), "ms", null, null);
    }

    private async Task<StoreLine> MeasureEnrollments(StoreSide empty, StoreSide full, IEnrollmentKind kind, CancellationToken cancellation)
    {
        foreach (var side in new[] { empty, full })
        {
            await side.Enroll(kind, Clients, settings.WarmUp, cancellation);
        }

        var (before, after) = (new List<LoadResult>(), new List<LoadResult>());
        for (var piece = 0; piece < Pieces; piece++)
        {
            before.Add(await empty.Enroll(kind, Clients, settings.Enrollments / Pieces, cancellation));
            after.Add(await full.Enroll(kind, Clients, settings.Enrollments / Pieces, cancellation));
        }

        return new StoreLine(
            StoreReport.Enrollment(kind.Name), before.Average(piece => piece.ServerMilliseconds), after.Average(piece => piece.ServerMilliseconds), "ms CPU",
            before.Average(piece => piece.P50Milliseconds), after.Average(piece => piece.P50Milliseconds));
    }

    private async Task<List<StoreLine>> MeasureQuestions(StoreSide empty, StoreSide full, CancellationToken cancellation)
    {
        (string What, Func<StoreSide, int, string> Path)[] questions =
        [
            ("device by serial number", (side, number) => $"/admin/v1/devices?identifier={side.Rows.Devices[number]}"),
            ("order by id", (side, number) => $"/admin/v1/orders/{side.Rows.Orders[number]}"),
            ("certificate by serial number", (side, number) => $"/admin/v1/certificates/{side.Rows.Certificates[number]}"),
            .. new[] { "devices", "orders", "certificates", "evidence", "accounts" }.SelectMany(list => new (string, Func<StoreSide, int, string>)[]
            {
                ($"first page of {list}", (_, _) => $"/admin/v1/{list}"),
                ($"page in the middle of {list}", (side, _) => $"/admin/v1/{list}?cursor={side.Middle}.x"),
            }),
            ("first page of audit", (_, _) => "/admin/v1/audit"),
            ("orders of a profile", (_, _) => "/admin/v1/orders?profile=apple-device"),
            ("certificates that end soon", (_, _) => "/admin/v1/certificates?expiring=30d"),
            ("explain an order", (side, number) => $"/admin/v1/orders/{side.Rows.Orders[number]}/explain"),
        ];
        var lines = new List<StoreLine>();
        foreach (var (what, path) in questions)
        {
            say(what);
            var before = await empty.Probe.Ask(number => path(empty, number), StoreRows.Count, cancellation);
            var after = await full.Probe.Ask(number => path(full, number), StoreRows.Count, cancellation);
            lines.Add(new StoreLine(what, before.Processor, after.Processor, "ms CPU", before.Elapsed, after.Elapsed));
        }

        say("revoking, with a CRL each");
        var (ofFew, ofMany) = (await Revoke(empty, cancellation), await Revoke(full, cancellation));
        lines.Add(new StoreLine("revocation with its CRL", ofFew.Processor, ofMany.Processor, "ms CPU", ofFew.Elapsed, ofMany.Elapsed));
        return lines;
    }

    private static async Task<(double Processor, double Elapsed)> Revoke(StoreSide side, CancellationToken cancellation)
    {
        await side.Probe.Revoke(side.Rows.ToRevoke.Take(2).ToList(), cancellation);
        return await side.Probe.Revoke(side.Rows.ToRevoke.Skip(2).Take(Revocations).ToList(), cancellation);
    }

    private static StoreRows Filled(int count, DateTimeOffset filled)
    {
        var some = Enumerable.Range(0, StoreRows.Count).Select(number => 1 + (long)number * count / StoreRows.Count).ToList();
        return new StoreRows(
            [.. some.Select(StoreFill.SerialOf)], [.. some.Select(number => StoreFill.Id("order", number, count, filled))], [.. some.Select(StoreFill.CertificateOf)],
            [.. Enumerable.Range(0, Revocations + 2).Select(number => StoreFill.CertificateOf(count - StoreFill.RevokedOf(count) - number))]);
    }
}
