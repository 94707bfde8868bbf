using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Storage;
using DeviceAcme.Server.Vault;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>What is kept of evidence, and how long.</summary>
public sealed class RetentionTests
{
    private const string Name = "kept";

    [Fact]
    public async Task By_default_everything_goes_after_400_days_and_not_before()
    {
        await using var server = await AdminServer.Start(Profiles(""));
        await EnrollAndRefuse(server);

        (await Clean(server, TimeSpan.FromDays(400) - TimeSpan.FromSeconds(1))).Statements.Should().Be(0);
        (await server.All("order=newest")).Should().HaveCount(3).And.OnlyContain(entry => entry.HasStatement);
        (await Clean(server, TimeSpan.FromSeconds(1))).Statements.Should().Be(3);
        (await server.All("order=newest")).Should().BeEmpty();
        await Clean(server, TimeSpan.FromDays(1));
        await using var context = server.Server.Db.Read();
        context.Sightings.Should().NotBeEmpty("the index of what was seen outlives it");
        context.Authorizations.Where(row => row.Facts != null).Should().BeEmpty();
    }

    [Fact]
    public async Task Verdicts_can_be_kept_longer_than_the_bytes()
    {
        await using var server = await AdminServer.Start(Profiles("evidence: { keep: 30d, verdicts: 2y }"));
        await EnrollAndRefuse(server);

        var report = await Clean(server, TimeSpan.FromDays(30));

        report.Should().BeEquivalentTo(new { Statements = 3, Verdicts = 0 });
        (await server.All("order=newest")).Should().HaveCount(3).And.OnlyContain(entry => !entry.HasStatement);
        (await Clean(server, TimeSpan.FromDays(700))).Verdicts.Should().Be(3);
    }

    [OnlySqlite]
    [Fact]
    public async Task With_verdict_only_no_byte_of_the_evidence_is_ever_written()
    {
        await using var server = await AdminServer.Start(Profiles("evidence: { keep: verdict-only }"));
        var sent = await EnrollAndRefuse(server);

        (await server.All("order=newest")).Should().HaveCount(3).And.OnlyContain(entry => !entry.HasStatement);
        Stored(server, sent).Should().BeEmpty("neither accepted nor refused evidence is in the files");
        await using var context = server.Server.Db.Read();
        context.Certificates.Single().Device.Should().NotBeNull("the device is known all the same");
    }

    [OnlySqlite]
    [Fact]
    public async Task With_none_there_is_neither_verdict_nor_evidence()
    {
        await using var server = await AdminServer.Start(Profiles("evidence: { keep: none }"));
        var sent = await EnrollAndRefuse(server);

        (await server.All("order=newest")).Should().BeEmpty();
        Stored(server, sent).Should().BeEmpty();
        await using (var context = server.Server.Db.Read())
        {
            context.Certificates.Single().Device.Should().NotBeNull();
            context.Authorizations.Count(row => row.Facts != null).Should().Be(1, "finalize needs them");
        }

        await Clean(server, TimeSpan.FromDays(1));
        await using var after = server.Server.Db.Read();
        after.Authorizations.Count(row => row.Facts != null).Should().Be(0);
    }

    [OnlySqlite]
    [Fact]
    public async Task A_changed_profile_counts_for_what_is_stored_too_and_dropped_bytes_leave_the_file()
    {
        await using var server = await AdminServer.Start(Profiles(""));
        var sent = await EnrollAndRefuse(server);
        Stored(server, sent).Should().NotBeEmpty("the test must be able to find them");
        await File.WriteAllTextAsync(server.Server.ProfileFile(Name), ExplainRouteTests.Profile(Name, "evidence: { keep: verdict-only }"), TestContext.Current.CancellationToken);
        await server.Restart();

        (await Clean(server, TimeSpan.Zero)).Statements.Should().Be(3);

        (await server.All("order=newest")).Should().HaveCount(3).And.OnlyContain(entry => !entry.HasStatement);
        Stored(server, sent).Should().BeEmpty("what is dropped is overwritten");
    }

    [Fact]
    public async Task Evidence_of_a_profile_that_is_gone_is_kept_as_usual()
    {
        await using var server = await AdminServer.Start(Profiles("evidence: { keep: 10d }"));
        await EnrollAndRefuse(server);
        File.Delete(server.Server.ProfileFile(Name));
        await server.Restart();

        (await Clean(server, TimeSpan.FromDays(399))).Statements.Should().Be(0);
        (await Clean(server, TimeSpan.FromDays(1))).Statements.Should().Be(3);
    }

    [Fact]
    public async Task Requests_pass_between_the_steps_of_a_long_cleaning()
    {
        await using var server = await AdminServer.Start(Profiles(""));
        await EnrollAndRefuse(server);
        await server.Server.Db.Commit(Fill, TestContext.Current.CancellationToken);
        server.Clock.Advance(TimeSpan.FromDays(401));

        var cleaning = server.Server.Services.GetRequiredService<EvidenceCleaning>().Clean(server.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
        var account = await server.Account(Name);
        cleaning.IsCompleted.Should().BeFalse("an account was made while it went on");
        (await cleaning).Statements.Should().Be(2003);
        account.Kid.Should().NotBeNull();

        static void Fill(AcmeContext context)
        {
            var pattern = context.Evidence.AsNoTracking().First();
            foreach (var number in Enumerable.Range(0, 2000))
            {
                context.Database.ExecuteSql($"INSERT INTO evidence SELECT {"copy-" + number}, kind, at, accepted, reason, format, profile, profile_hash, anchor_set_hash, identifier_type, identifier_value, account_id, order_id, authorization_id, challenge_id, device_id, token, thumbprint, anomalies, verdict, statement FROM evidence WHERE id = {pattern.Id.Value}");
            }
        }
    }

    [Fact]
    public async Task What_was_seen_together_is_forgotten_years_after_it_was_last_seen()
    {
        await using var server = await AdminServer.Start(Profiles(""));
        await EnrollAndRefuse(server);

        (await Clean(server, EvidenceCleaning.SightingLife)).Sightings.Should().Be(3, "a key, a serial number and a certificate");
    }

    private static IReadOnlyDictionary<string, string> Profiles(string more) => new Dictionary<string, string> { [Name] = ExplainRouteTests.Profile(Name, more) };

    /// <summary>One enrollment and one refusal: three verdicts. Returns what was sent.</summary>
    private static async Task<IReadOnlyList<byte[]>> EnrollAndRefuse(AdminServer server)
    {
        var account = await server.Account(Name);
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(account, Simulated.Serial);
        var accepted = Simulated.Apple.Make(order.Material, key);
        (await order.Send(accepted)).State.Should().Be("valid");
        (await order.Finalize(key)).State.Should().Be("valid");
        var other = await Simulated.Order(account, Simulated.Serial);
        var refused = Simulated.Apple.With(AppleFault.ForeignRoot).Make(other.Material, key);
        (await other.Send(refused)).State.Should().Be("invalid");
        return [accepted.AttestationObject, refused.AttestationObject];
    }

    private static async Task<CleaningReport> Clean(AdminServer server, TimeSpan later)
    {
        server.Clock.Advance(later);
        return await server.Server.Services.GetRequiredService<EvidenceCleaning>().Clean(server.Clock.GetUtcNow(), TestContext.Current.CancellationToken);
    }

    /// <summary>Which of these stand in the database file, found by a part in their middle that is in no certificate of the vendor.</summary>
    private static List<byte[]> Stored(AdminServer server, IReadOnlyList<byte[]> sent)
    {
        var file = Path.Combine(server.Server.DataDirectory, "acme.db");
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using var checkpoint = connection.CreateCommand();
            checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            checkpoint.ExecuteNonQuery();
        }

        var bytes = File.ReadAllBytes(file);
        return [.. sent.Where(statement => bytes.AsSpan().IndexOf(statement.AsSpan(40, 64)) >= 0)];
    }
}
