using DeviceAcme.Core;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Server.Storage;
using FluentAssertions;
using Microsoft.Data.Sqlite;
using Xunit;

namespace DeviceAcme.Server.Tests.Tickets;

/// <summary>A store of an earlier version: its external account keys become tickets, and go on working.</summary>
public sealed class TicketMigrationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task Keys_that_were_used_and_unused_become_tickets()
    {
        var file = Path.Combine(_folder, "acme.db");
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            Migrations.Sqlite.Run(connection, upTo: 6);
            using var command = connection.CreateCommand();
            command.CommandText = """
                INSERT INTO external_account_keys VALUES ('open', x'0102', 'printer', 1000, 5000, NULL);
                INSERT INTO external_account_keys VALUES ('used', x'0304', NULL, 1000, NULL, 'bound');
                INSERT INTO accounts VALUES ('bound', 'printer', 't1', '{}', 'valid', '[]', NULL, 'used', '{}', NULL, 2000, 0);
                INSERT INTO accounts VALUES ('orphan', 'printer', 't2', '{}', 'valid', '[]', NULL, 'removed', '{}', 'printer', 3000, 0);
                INSERT INTO accounts VALUES ('free', 'printer', 't3', '{}', 'valid', '[]', NULL, NULL, NULL, NULL, 3000, 0);
                """;
            command.ExecuteNonQuery();
        }

        await using var db = AcmeDb.Open(file);
        await using var context = db.Read();
        var open = context.Tickets.Single(ticket => ticket.Id == new TicketId("open"));
        var used = context.Tickets.Single(ticket => ticket.Id == new TicketId("used"));
        var now = DateTimeOffset.FromUnixTimeMilliseconds(4000);

        open.StateAt(now).Should().Be(TicketState.Open);
        open.MacKey.Should().Equal(1, 2);
        open.Profile.Should().Be("printer");
        open.StateAt(DateTimeOffset.FromUnixTimeMilliseconds(5000)).Should().Be(TicketState.Expired);
        used.StateAt(now).Should().Be(TicketState.Used);
        used.Account.Should().Be(new AccountId("bound"));
        used.CodeHash.Should().BeNull("it has no code, and no directory");
        context.Accounts.Single(account => account.Id == new AccountId("bound")).Should().Match<Core.Accounts.Account>(account => account.Ticket == used.Id && account.Directory == "" && account.IsVouchedFor("printer"));
        context.Accounts.Single(account => account.Id == new AccountId("orphan")).Should().Match<Core.Accounts.Account>(account => account.Ticket == null && account.IsVouchedFor("printer"), "its key was removed, and it went on then too");
        context.Accounts.Single(account => account.Id == new AccountId("free")).IsVouchedFor("printer").Should().BeFalse();
    }
}
