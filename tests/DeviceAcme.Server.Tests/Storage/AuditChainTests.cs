using System.Text.Json;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Admin;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Storage;

/// <summary>The chain of events in a real file, and what somebody with write access to that file leaves behind.</summary>
public sealed class AuditChainTests : IDisposable
{
    private const string NoTriggers = "DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete; DROP TRIGGER events_chained;";

    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string File => Path.Combine(_folder, "acme.db");

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task An_untouched_log_holds()
    {
        var head = await Made(10);

        (await Findings(head)).Should().BeEmpty();
        head.Sequence.Should().Be(10);
    }

    [Theory]
    [InlineData("UPDATE events SET detail = 'another' WHERE sequence = 4", "changed 4")]
    [InlineData("UPDATE events SET actor = NULL WHERE sequence = 4", "changed 4")]
    [InlineData("UPDATE events SET at = at + 1 WHERE sequence = 1", "changed 1")]
    [InlineData("UPDATE events SET kind = 'x' WHERE sequence = 10", "changed 10")]
    [InlineData("UPDATE events SET hash = zeroblob(32) WHERE sequence = 4", "changed 4")]
    [InlineData("UPDATE events SET previous_hash = zeroblob(32) WHERE sequence = 4", "changed 4")]
    [InlineData("DELETE FROM events WHERE sequence = 4", "missing 4")]
    [InlineData("DELETE FROM events WHERE sequence IN (1, 5, 6)", "missing 1", "missing 5")]
    [InlineData("UPDATE events SET sequence = 99 WHERE sequence = 4; UPDATE events SET sequence = 4 WHERE sequence = 5; UPDATE events SET sequence = 5 WHERE sequence = 99",
        "moved 4", "moved 5")]
    [InlineData("UPDATE events SET sequence = -sequence WHERE sequence > 5; UPDATE events SET sequence = 1 - sequence WHERE sequence < 0;"
        + "INSERT INTO events (sequence, at, kind, previous_hash, hash) SELECT 6, at, 'forged', hash, zeroblob(32) FROM events WHERE sequence = 5", "changed 6", "moved 7")]
    [InlineData("DELETE FROM events WHERE sequence = 5; UPDATE events SET sequence = -sequence WHERE sequence > 5; UPDATE events SET sequence = -1 - sequence WHERE sequence < 0", "moved 5", "truncated 10")]
    [InlineData("INSERT INTO events (sequence, at, kind, previous_hash, hash) SELECT 11, at, 'forged', hash, zeroblob(32) FROM events WHERE sequence = 10", "changed 11")]
    [InlineData("DELETE FROM events WHERE sequence > 7", "truncated 8")]
    [InlineData("DELETE FROM events", "truncated 1")]
    public async Task What_was_done_to_the_file_is_found_and_named(string statements, params string[] expected)
    {
        await Made(10);

        Tamper(statements);

        (await Findings(null)).Should().Equal(expected);
    }

    [Fact]
    public async Task A_row_that_was_made_again_with_a_hash_of_its_own_is_found_by_the_row_behind_it()
    {
        await Made(10);

        Tamper("UPDATE events SET detail = 'another' WHERE sequence = 4");
        Rehash(4);

        (await Findings(null)).Should().Equal("replaced 4");
    }

    [Fact]
    public async Task A_row_that_was_put_between_others_with_a_hash_of_its_own_is_named_and_not_those_behind_it()
    {
        await Made(10);

        Tamper("UPDATE events SET sequence = -sequence WHERE sequence > 5; UPDATE events SET sequence = 1 - sequence WHERE sequence < 0; INSERT INTO events (sequence, at, kind) VALUES (6, 1, 'forged')");
        Rehash(6);

        (await Findings(null)).Should().Equal("inserted 6");
    }

    [Fact]
    public async Task A_history_that_was_written_anew_from_some_row_on_is_found_by_a_head_that_was_kept()
    {
        var head = await Made(10);

        Tamper("UPDATE events SET detail = 'another' WHERE sequence = 4");
        for (var sequence = 4; sequence <= 10; sequence++)
        {
            Rehash(sequence);
        }

        (await Findings(null)).Should().BeEmpty("the file alone is consistent");
        (await Findings(head)).Should().Equal("replaced 10");
    }

    [Fact]
    public async Task A_tail_that_was_cut_off_with_all_traces_is_found_by_a_head_that_was_kept()
    {
        var head = await Made(10);

        Tamper("DELETE FROM events WHERE sequence > 7; UPDATE sqlite_sequence SET seq = 7 WHERE name = 'events'");

        (await Findings(null)).Should().BeEmpty("the file alone is consistent");
        (await Findings(head)).Should().Equal("truncated 8");
    }

    [Fact]
    public async Task What_happens_after_a_cut_does_not_close_the_gap()
    {
        await Made(10);
        Tamper("DELETE FROM events WHERE sequence > 7");

        await Made(2);

        (await Findings(null)).Should().Equal("missing 8");
    }

    [Fact]
    public async Task A_running_server_knows_its_end_when_the_file_is_cut_beneath_it()
    {
        await using var db = AcmeDb.Open(File);
        await Add(db, 10);
        Tamper("DELETE FROM events WHERE sequence > 7; UPDATE sqlite_sequence SET seq = 7 WHERE name = 'events'");

        (await Findings(db, null)).Should().Equal("truncated 8");
    }

    [Fact]
    public async Task Rows_from_before_the_chain_are_chained_at_the_next_start_and_only_then()
    {
        await AcmeDb.Open(File).DisposeAsync();
        Tamper("""
            DROP TRIGGER events_chained;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
            INSERT INTO events (at, kind, profile, detail) SELECT 1700000000000 + i, 'old', 'p', 'event ' || i FROM n
            """, dropTriggers: false);
        var change = () => Tamper("UPDATE events SET detail = 'another' WHERE sequence = 4", dropTriggers: false);
        change.Should().Throw<SqliteException>().WithMessage("*append-only*");

        var told = new List<string>();
        await AcmeDb.Open(File, told.Add).DisposeAsync();

        told.Should().Equal("chaining the audit log: 12000 of 12000 events");
        await Made(3);
        (await Findings(null)).Should().BeEmpty();
        var again = () => Tamper("UPDATE events SET hash = NULL WHERE sequence = 4", dropTriggers: false);
        again.Should().Throw<SqliteException>().WithMessage("*append-only*");
    }

    [Fact]
    public async Task A_chaining_that_was_interrupted_goes_on()
    {
        await AcmeDb.Open(File).DisposeAsync();
        Tamper("DROP TRIGGER events_chained; INSERT INTO events (at, kind) VALUES (1, 'a'), (2, 'b')", dropTriggers: false);
        await AcmeDb.Open(File).DisposeAsync();
        Tamper("INSERT INTO events (at, kind) VALUES (3, 'c'), (4, 'd')", dropTriggers: false);

        await AcmeDb.Open(File).DisposeAsync();

        (await Findings(null)).Should().BeEmpty();
    }

    [Fact]
    public async Task Changes_that_are_undone_leave_no_gap()
    {
        await using var db = AcmeDb.Open(File);

        var changes = Enumerable.Range(0, 300).Select(async i =>
        {
            try
            {
                await db.Commit(context =>
                {
                    context.Record(Event(i));
                    context.Record(Event(i + 1000));
                    if (i % 3 == 0)
                    {
                        throw new InvalidOperationException("undone");
                    }
                }, Cancellation);
            }
            catch (InvalidOperationException)
            {
                // the point of the test
                return;
            }
        });
        await Task.WhenAll(changes);

        db.AuditHead.Sequence.Should().Be(400);
        (await Findings(db, null)).Should().BeEmpty();
    }

    [Fact]
    public void Everything_that_an_event_says_is_hashed()
    {
        var full = new AuditRecord
        {
            Sequence = 1,
            At = "a",
            Kind = "k",
            Actor = "b",
            Profile = "c",
            Account = "d",
            Order = "e",
            Authorization = "f",
            Certificate = "g",
            Device = "h",
            Reason = "i",
            Detail = "j",
            Previous = "p",
            Hash = "",
        };
        var hash = AuditChain.Hash(full);

        foreach (var property in typeof(AuditRecord).GetProperties().Where(property => property.Name is not (nameof(AuditRecord.Hash) or "EqualityContract")))
        {
            var other = full with { };
            property.SetValue(other, property.PropertyType == typeof(long) ? 2L : "other");
            AuditChain.Hash(other).Should().NotEqual(hash, property.Name);
        }

        typeof(AuditEvent).GetProperties().Select(property => property.Name).Should().BeEquivalentTo(
            typeof(AuditRecord).GetProperties().Select(property => property.Name), "what the store has of an event, its record has too");
    }

    [Fact]
    public void A_row_is_one_line_of_canonical_json_that_reads_back() => Prop.ForAll<string>(text =>
    {
        var detail = text is null ? null : string.Concat(text.Where(letter => !char.IsSurrogate(letter)));
        var record = new AuditRecord { Sequence = 7, At = "2026-11-22T12:00:00.000Z", Kind = "k", Detail = detail, Previous = "00", Hash = "11" };

        var line = AuditChain.Write(record, withHash: true);

        line.Should().NotContainAny("\n", "\r");
        JsonSerializer.Deserialize(line, AdminJson.Default.AuditRecord).Should().Be(record);
        JsonElement.Parse(line).EnumerateObject().Select(member => member.Name).Should().BeInAscendingOrder(StringComparer.Ordinal);
    }).QuickCheckThrowOnFailure();

    private static AuditEvent Event(int number) => new()
    {
        At = DateTimeOffset.UnixEpoch.AddTicks(1234567 + number),
        Kind = "test.happened",
        Actor = "token:a",
        Profile = "p",
        Order = new OrderId("o"),
        Device = new DeviceId("d"),
        Detail = $"\"{number}\"\n\u0001é€",
    };

    private async Task<AuditHead> Made(int count)
    {
        await using var db = AcmeDb.Open(File);
        await Add(db, count);
        return db.AuditHead;
    }

    private static async Task Add(AcmeDb db, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await db.Commit(context => context.Record(Event(i)), Cancellation);
        }
    }

    private void Tamper(string statements, bool dropTriggers = true)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = (dropTriggers ? NoTriggers : "") + statements;
        command.ExecuteNonQuery();
    }

    private void Rehash(long sequence)
    {
        using var context = new AcmeContext(new DbContextOptionsBuilder<AcmeContext>().UseSqlite($"Data Source={File};Pooling=False").Options);
        using var transaction = context.Database.BeginTransaction();
        var previous = context.Events.SingleOrDefault(row => row.Sequence == sequence - 1)?.Hash ?? AuditChain.Genesis.ToArray();
        var row = context.Events.Single(row => row.Sequence == sequence);
        row.Chain(previous);
        context.SaveChanges();
        transaction.Commit();
    }

    private async Task<IReadOnlyList<string>> Findings(AuditHead? kept)
    {
        await using var db = AcmeDb.Open(File);
        return await Findings(db, kept);
    }

    private static async Task<IReadOnlyList<string>> Findings(AcmeDb db, AuditHead? kept)
    {
        var log = new AuditLog(db);
        var verification = new AuditVerification(fromTheBeginning: true, kept is null ? [log.Head] : [log.Head, kept]);
        await foreach (var line in log.Export(null, null, Cancellation))
        {
            verification.Add(JsonSerializer.Deserialize(line, AdminJson.Default.AuditRecord)!);
        }

        verification.Finish();
        return [.. verification.Findings.Select(finding => $"{finding.Reason.Split('-')[^1]} {finding.Sequence}")];
    }
}
