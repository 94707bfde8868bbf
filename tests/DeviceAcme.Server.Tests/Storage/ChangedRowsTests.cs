using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>Changes of followed rows arrive as they were made, and only where the row is still the one that was read.</summary>
public sealed class ChangedRowsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private static readonly DeviceDescription Described =
        new() { Label = "Mac", Owner = "Ada", Groups = ["staff", "üß"], Attributes = new Dictionary<string, string> { ["room"] = "7" } };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_changed_is_written_and_all_else_stays()
    {
        await using var server = await TestServer.Start();
        var (one, other) = (await Add(server, "S1"), await Add(server, "S2"));

        await server.Db.Commit(context => Change(context, one, device => device.Edit(Described, "test", Now)), Cancellation);

        await using var context = server.Db.Read();
        var changed = await Find(context, one);
        changed.Description.Should().BeEquivalentTo(Described);
        (changed.State, changed.IdentifierValue, changed.Version).Should().Be((DeviceState.Expected, "S1", 1));
        var untouched = await Find(context, other);
        (untouched.Label, untouched.Version).Should().Be((null, 0));
    }

    [Fact]
    public async Task A_value_can_be_taken_away()
    {
        await using var server = await TestServer.Start();
        var id = await Add(server, "S1");
        await server.Db.Commit(context => Change(context, id, device => device.Block("lost", "test", Now)), Cancellation);

        await server.Db.Commit(context => Change(context, id, device => device.Unblock(null, "test", Now)), Cancellation);

        await using var context = server.Db.Read();
        var device = await Find(context, id);
        (device.State, device.StateReason, device.Version).Should().Be((DeviceState.Expected, null, 2));
    }

    [Fact]
    public async Task Two_writes_of_one_change_are_both_there_and_each_is_a_version()
    {
        await using var server = await TestServer.Start();
        var id = await Add(server, "S1");

        await server.Db.Commit(
            context =>
            {
                var device = Change(context, id, found => found.Edit(Described, "test", Now));
                context.Flush();
                context.Devices.AsNoTracking().Single(row => row.Id == id).Label.Should().Be("Mac", "queries of the same change see it");
                context.Record(device.Block("lost", "test", Now));
            },
            Cancellation);

        await using var reader = server.Db.Read();
        var stored = await Find(reader, id);
        (stored.Label, stored.State, stored.Version).Should().Be(("Mac", DeviceState.Blocked, 2));
    }

    [Fact]
    public async Task A_row_that_is_not_what_was_read_is_not_overwritten()
    {
        await using var server = await TestServer.Start();
        var id = await Add(server, "S1");

        var late = () => server.Db.Commit(
            context =>
            {
                Change(context, id, device => device.Edit(Described, "test", Now));
                context.Database.ExecuteSqlRaw("UPDATE devices SET version = version + 1");
            },
            Cancellation);

        (await late.Should().ThrowAsync<DbUpdateConcurrencyException>()).WithMessage("devices: 0 rows were changed*");
        await using var context = server.Db.Read();
        var stored = await Find(context, id);
        (stored.Label, stored.Version).Should().Be((null, 0));
    }

    private static async Task<DeviceId> Add(TestServer server, string serial)
    {
        var (device, happened) = Device.Expect(new DeviceKey(DeviceKey.Serial, serial), new DeviceDescription(), DeviceState.Expected, "test", Now);
        await server.Db.Commit(
            context =>
            {
                context.Devices.Add(device);
                context.Record(happened);
            },
            Cancellation);
        return device.Id;
    }

    private static Device Change(AcmeContext context, DeviceId id, Func<Device, AuditEvent?> change)
    {
        var device = context.Devices.Single(row => row.Id == id);
        context.Record(change(device));
        return device;
    }

    private static Task<Device> Find(AcmeContext context, DeviceId id) => context.Devices.SingleAsync(row => row.Id == id, Cancellation);
}
