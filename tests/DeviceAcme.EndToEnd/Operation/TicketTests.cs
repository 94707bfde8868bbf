using System.Text.Json;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>The three presentations of a ticket, each by a client that knows it, with the administrator's commands.</summary>
public sealed class TicketTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    [Fact, Needs("lego"), Spec("RFC 8555 §7.3.4")]
    public async Task lego_enrolls_with_the_external_account_of_a_ticket_for_what_it_allows()
    {
        var ticket = await Add("--profile", "printer", "--allow", "dns:printer7.example", "--note", "printer 7");
        var secrets = ticket.GetProperty("secrets");
        var client = new Lego(Server, Server.NewFolder("eab"))
        {
            DirectoryUrl = $"{Server.Url}/acme/printer/directory",
            Options = ["--eab", "--kid", secrets.GetProperty("keyId").GetString()!, "--hmac", secrets.GetProperty("macKey").GetString()!],
        };

        await client.Enroll("http-01", "printer7.example");

        File.Exists(client.ChainFile("printer7.example")).Should().BeTrue();
        var other = () => client.Enroll("http-01", "printer8.example");
        (await other.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("urn:ietf:params:acme:error:rejectedIdentifier").And.Contain("printer8.example");
        (await DeviceAcmeProgram.Run("ticket", "list", "--profile", "printer", "--data", Server.Data)).ShouldExit(0).Output.Should().Contain("used").And.Contain("printer 7").And.NotContain(secrets.GetProperty("macKey").GetString());
    }

    [Fact, Needs("lego")]
    public async Task lego_enrolls_at_the_directory_of_a_ticket_and_another_lego_does_not()
    {
        var url = (await Add("--profile", "printer")).GetProperty("secrets").GetProperty("directoryUrl").GetString()!;
        var printed = (await DeviceAcmeProgram.Run("client-config", "--client", "lego", "--profile", "printer", "--name", "printer9.example", "--ticket", url, "--data", Server.Data)).ShouldExit(0).Output;
        printed.Should().Contain(url).And.NotContain("--eab");
        var client = new Lego(Server, Server.NewFolder("url")) { DirectoryUrl = url };

        await client.Enroll("http-01", "printer9.example");

        File.Exists(client.ChainFile("printer9.example")).Should().BeTrue();
        var late = () => new Lego(Server, Server.NewFolder("late")) { DirectoryUrl = url }.Enroll("http-01", "printer9.example");
        (await late.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("urn:ietf:params:acme:error:unauthorized");
        var code = url.Split('/')[^2];
        // its lines come through a pipe
        for (var tries = 0; tries < 500 && !Server.Log.Contains("ticket-used", StringComparison.Ordinal); tries++)
        {
            await Task.Delay(20, Cancellation);
        }

        Server.Log.Should().NotContain(code, "a secret that stands in a URL must not stand in the log").And.Contain("tkt_…");
    }

    [Fact, Spec("device-attest §5")]
    public async Task A_phone_under_User_Enrollment_enrolls_with_its_one_time_identifier()
    {
        var ticket = await Add("--profile", "apple-user-enrollment", "--attribute", "user=olga", "--expires", "14d");
        var code = ticket.GetProperty("secrets").GetProperty("clientIdentifier").GetString()!;
        var payload = Path.Combine(Server.NewFolder("payload"), "olga.mobileconfig");
        (await DeviceAcmeProgram.Run("apple", "payload", "--profile", "apple-user-enrollment", "--ticket", code, "--data", Server.Data, "--output", payload)).ShouldExit(0);
        (await DeviceAcmeProgram.Run("apple", "lint", payload, "--data", Server.Data)).ShouldExit(0).Output.Should().Contain("against profile apple-user-enrollment: 0 errors");
        (await File.ReadAllTextAsync(payload, Cancellation)).Should().Contain($"<string>{code}</string>");

        var folder = Server.NewFolder("byod");
        (await Phone(code, folder)).ShouldExit(0).Output.Should().Contain($"CN=olga, OU={ticket.GetProperty("id").GetString()}");
        (await Phone(code, Server.NewFolder("copy"))).ExitCode.Should().NotBe(0);
        (await DeviceAcmeProgram.Run("ticket", "revoke", ticket.GetProperty("id").GetString()!, "--reason", "left", "--accounts", "--certificates", "--data", Server.Data)).ShouldExit(0);
        (await DeviceAcmeProgram.Run("certificate", "list", "--profile", "apple-user-enrollment", "--data", Server.Data)).ShouldExit(0).Output.Should().Contain("revoked");
    }

    private Task<ProgramResult> Phone(string code, string folder) => Programs.Run(
        Path.Combine(AppContext.BaseDirectory, "device-sim.dll"),
        [
            "enroll", "--kind", "byod", "--ca", Server.Root, "--vendors", Server.Vendors, "--out", folder,
            "--directory", $"{Server.Url}/acme/apple-user-enrollment/directory", "--client-identifier", code,
        ],
        folder: folder);

    private async Task<JsonElement> Add(params string[] options) =>
        JsonElement.Parse((await DeviceAcmeProgram.Run(["ticket", "add", .. options, "--json", "--data", Server.Data])).ShouldExit(0).Output);
}
