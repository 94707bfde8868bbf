using System.Text.RegularExpressions;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Tickets;

/// <summary>Tickets for many devices at once, and those that are made where they are needed.</summary>
public sealed class TicketCommandTests : IDisposable
{
    private const string Header = "device,ticket,profile,expires,key-id,mac-key,client-identifier,directory-url";

    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-tickets-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task Each_device_of_a_group_or_of_a_file_gets_a_ticket_of_its_own()
    {
        await using var server = await RunningServerOnLoopback.Start();
        await Run(server, 0, "device", "add", "--identifier", "serial=A1", "--group", "staff");
        await Run(server, 0, "device", "add", "--identifier", "serial=A2", "--group", "staff");
        await Run(server, 0, "device", "add", "--identifier", "serial=A3");
        var file = Path.Combine(_folder, "devices.csv");
        await File.WriteAllTextAsync(file, "serial,owner\n# who comes on Monday\nA3,Ada\n\nA1,Ben\nA3,Ada\n", TestContext.Current.CancellationToken);

        var ofGroup = await Run(server, 0, "ticket", "add", "--profile", "apple-device", "--for-group", "staff", "--expires", "7d");
        var ofFile = await Run(server, 0, "ticket", "add", "--profile", "apple-user-enrollment", "--devices", file);

        var rows = Rows(ofGroup.Output);
        rows.Select(row => row[0]).Should().BeEquivalentTo("A1", "A2");
        rows.Should().OnlyContain(row => row[2] == "apple-device" && Regex.IsMatch(row[3], "^20[0-9-]+T[0-9:]+Z$") && row[4] == row[1] && row[5].Length > 40 && row[6].Length == 0
            && Regex.IsMatch(row[7], "^https://acme.example/acme/apple-device/tkt_[A-Za-z0-9_-]{22}/directory$"));
        rows.SelectMany(row => new[] { row[1], row[5], row[7] }).Should().OnlyHaveUniqueItems();
        ofGroup.Talk.Should().Contain("2 tickets; their secrets are not shown again");
        Rows(ofFile.Output).Select(row => (row[0], row[3])).Should().Equal(("A3", ""), ("A1", ""));
        Rows(ofFile.Output).Should().OnlyContain(row => TicketCode.Is(row[6]) && row[7] == $"https://acme.example/acme/apple-user-enrollment/{row[6]}/directory");
        var listed = await Run(server, 0, "ticket", "list", "--json");
        var tickets = System.Text.Json.JsonSerializer.Deserialize(listed.Output, AdminJson.Default.TicketPage)!.Tickets;
        tickets.Should().HaveCount(4);
        tickets.Should().OnlyContain(ticket => ticket.DeviceId != null && ticket.Uses == 1);
        tickets.Select(ticket => ticket.DeviceId).Distinct().Should().HaveCount(3);
    }

    [Fact]
    public async Task Nobody_in_the_group_an_unknown_device_and_an_empty_file_are_said()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var (empty, unknown) = (Path.Combine(_folder, "empty.csv"), Path.Combine(_folder, "unknown.csv"));
        await File.WriteAllTextAsync(empty, "serial\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(unknown, "NOBODY\n", TestContext.Current.CancellationToken);

        (await Run(server, 1, "ticket", "add", "--profile", "apple-device", "--for-group", "staff")).Talk.Should().Contain("no device is in the group 'staff'");
        (await Run(server, 1, "ticket", "add", "--profile", "apple-device", "--devices", empty)).Talk.Should().Contain("names no device");
        (await Run(server, 1, "ticket", "add", "--profile", "apple-device", "--devices", unknown)).Talk.Should().Contain("NOBODY");
        (await Run(server, 1, "ticket", "add", "--profile", "apple-device", "--devices", Path.Combine(_folder, "missing"))).Talk.Should().Contain("cannot be read");
        (await Run(server, 2, "ticket", "add", "--profile", "apple-device", "--devices", unknown, "--for-group", "staff")).Talk.Should().Contain("exclude each other");
        (await Run(server, 0, "ticket", "list")).Output.Should().NotContain("apple-device");
    }

    [Fact]
    public async Task A_payload_can_come_with_a_ticket_that_is_made_for_it()
    {
        await using var server = await RunningServerOnLoopback.Start();
        await Run(server, 0, "device", "add", "--identifier", "serial=C02SIM000001", "--owner", "Ada");

        var byUrl = await Payload(server, "apple-device", "--serial", "C02SIM000001");
        var ordered = await Payload(server, "apple-user-enrollment", "--serial", "C02SIM000001");

        Value(byUrl.Output, "ClientIdentifier").Should().Be("C02SIM000001");
        Value(byUrl.Output, "DirectoryURL").Should().MatchRegex("^https://acme.example/acme/apple-device/tkt_[A-Za-z0-9_-]{22}/directory$");
        TicketCode.Is(Value(ordered.Output, "ClientIdentifier")).Should().BeTrue();
        Value(ordered.Output, "DirectoryURL").Should().Be("https://acme.example/acme/apple-user-enrollment/directory");
        var made = Regex.Match(byUrl.Talk, "made the ticket (?<id>[^;]+);").Groups["id"].Value;
        (await Run(server, 0, "ticket", "show", made)).Output.Should().Contain("apple-device").And.Contain("open").And.NotContain("tkt_");
        (await Run(server, 0, "ticket", "revoke", made)).Output.Should().Contain("revoked");
    }

    [Fact]
    public async Task A_payload_for_a_device_that_the_ledger_does_not_have_gets_no_ticket()
    {
        await using var server = await RunningServerOnLoopback.Start();

        var refused = await Run(server, 1, "apple", "payload", "--profile", "apple-device", "--serial", "C02NOTKNOWN1", "--new-ticket", "--url", "https://acme.example", "--profiles", Server.Hosting.Settings.ShippedProfiles);

        refused.Talk.Should().Contain("C02NOTKNOWN1");
        refused.Output.Should().BeEmpty();
    }

    private static Task<(string Output, string Talk)> Payload(RunningServerOnLoopback server, string profile, params string[] more) =>
        Run(server, 0, ["apple", "payload", "--profile", profile, "--new-ticket", "--url", "https://acme.example", "--profiles", Server.Hosting.Settings.ShippedProfiles, .. more]);

    private static string Value(string payload, string key) => Regex.Match(payload, $"<key>{key}</key>\\s*<string>(?<value>[^<]*)</string>").Groups["value"].Value;

    private static List<string[]> Rows(string csv)
    {
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        lines[0].Should().Be(Header);
        return [.. lines.Skip(1).Select(line => line.Split(','))];
    }

    private static async Task<(string Output, string Talk)> Run(RunningServerOnLoopback server, int code, params string[] arguments)
    {
        var run = await Terminal.Run(server, arguments);
        run.Code.Should().Be(code, $"{string.Join(' ', arguments)}: {run.Output}{run.Talk}");
        return (run.Output, run.Talk);
    }
}
