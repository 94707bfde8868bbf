using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>Rows that are added by the thousand are the same rows.</summary>
public sealed class ManyRowsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task They_are_read_back_as_they_were()
    {
        await using var server = await TestServer.Start();
        var full = Make("S1", new DeviceDescription { Label = "Mac", Owner = "Ada", Groups = ["staff"], Attributes = new Dictionary<string, string> { ["room"] = "7" } });
        var bare = Make("S2", new DeviceDescription());

        await server.Db.Commit(context =>
        {
            context.AddMany<Device>([full.Device, bare.Device]);
            context.AddMany<DeviceIdentifier>([new DeviceIdentifier { Kind = "serial", Value = "S1", Device = full.Device.Id }]);
            context.RecordMany([full.Happened, bare.Happened]);
        }, TestContext.Current.CancellationToken);

        await using var context = server.Db.Read();
        (await context.Devices.ToListAsync(TestContext.Current.CancellationToken)).Should().BeEquivalentTo([full.Device, bare.Device]);
        (await context.DeviceIdentifiers.SingleAsync(TestContext.Current.CancellationToken)).Device.Should().Be(full.Device.Id);
    }

    [Fact]
    public async Task Their_events_are_links_of_the_chain()
    {
        await using var server = await TestServer.Start();
        for (var i = 0; i < 3; i++)
        {
            var made = Enumerable.Range(0, 3).Select(number => Make($"S{i}{number}", new DeviceDescription())).ToList();
            await server.Db.Commit(context => context.RecordMany([.. made.Select(one => one.Happened)]), TestContext.Current.CancellationToken);
            await server.Db.Commit(context => context.Record(Make($"T{i}", new DeviceDescription()).Happened), TestContext.Current.CancellationToken);
        }

        await using var context = server.Db.Read();
        var events = await context.Events.OrderBy(happened => happened.Sequence).ToListAsync(TestContext.Current.CancellationToken);
        events.Should().HaveCountGreaterThanOrEqualTo(12);
        events.Select(happened => happened.Sequence).Should().Equal(Enumerable.Range(1, events.Count).Select(number => (long)number));
        events.Zip(events.Skip(1)).Should().OnlyContain(pair => pair.Second.Previous!.SequenceEqual(pair.First.Hash!));
        events.Should().OnlyContain(happened => happened.Hash!.SequenceEqual(AuditChain.Hash(AuditChain.Record(happened))));
    }

    [Fact]
    public async Task A_change_that_fails_takes_them_back()
    {
        await using var server = await TestServer.Start();
        var (device, happened) = Make("S1", new DeviceDescription());

        var failing = () => server.Db.Commit(context =>
        {
            context.AddMany<Device>([device]);
            context.RecordMany([happened]);
            throw new InvalidOperationException("on purpose");
        });

        await failing.Should().ThrowAsync<InvalidOperationException>();
        await using var context = server.Db.Read();
        context.Devices.Should().BeEmpty();
        context.Events.Should().NotContain(row => row.Kind == "device.added");
        await server.Db.Commit(writer => writer.Record(Make("S2", new DeviceDescription()).Happened), TestContext.Current.CancellationToken);
    }

    private static (Device Device, AuditEvent Happened) Make(string serial, DeviceDescription description) =>
        Device.Expect(new DeviceKey(DeviceKey.Serial, serial), description, DeviceState.Expected, "test", Now);
}
