using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Accounts;

/// <summary><c>deviceacme account list | show | register | deactivate</c>: ACME accounts.</summary>
internal sealed class AccountCommands(TextWriter output, Talk talk)
{
    private const string Route = "admin/v1/accounts";

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    public Command Command() => new("account", "ACME accounts") { _server, _json, List(), Show(), new RegisterCommand(output, talk, _server, _json).Command(), Deactivate() };

    private Command List()
    {
        var status = new Option<string?>("--status") { HelpName = "STATUS", Description = "valid, deactivated (by its holder) or revoked (by an administrator)" };
        status.CompletionSources.Add("valid", "deactivated", "revoked");
        var profile = new Option<string?>("--profile") { HelpName = "NAME", Description = "of one profile's directory" };
        var device = new Option<string?>("--device") { HelpName = "DEVICE", Description = "that proved one device: its id, serial number or another identifier" };
        var ticket = new Option<string?>("--ticket") { HelpName = "ID", Description = "that came with one ticket" };
        var reading = new ListReading();
        var list = new Command("list", "accounts, newest first") { status, profile, device, ticket };
        reading.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var path = Route + ListReading.Query(("status", parsed.GetValue(status)), ("profile", parsed.GetValue(profile)), ("device", parsed.GetValue(device)), ("ticket", parsed.GetValue(ticket)));
            var accounts = await reading.Read<AccountList, AccountEntry>(server, path, AdminJson.Default.AccountList, parsed, talk, cancellation);
            output.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(new AccountList { Accounts = accounts }, AdminJson.Default.AccountList) + Environment.NewLine : AccountText.Table(accounts));
            return 0;
        });
        return list;
    }

    private Command Show()
    {
        var id = Id();
        var show = new Command("show", "one account with its devices, orders and certificates") { id };
        show.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            Tell(parsed, await Ask(() => server.Get(Path(parsed.GetRequiredValue(id)), AdminJson.Default.AccountRecord, cancellation)));
            return 0;
        });
        return show;
    }

    private Command Deactivate()
    {
        var id = Id();
        var reason = new Option<string>("--reason") { HelpName = "TEXT", Description = "for the history", Required = true };
        var deactivate = new CommandWithExamples(
            "deactivate", "ends an account and its unfinished orders; certificates stay good until they are revoked", "deviceacme account deactivate 3q2-7wAAAAAAAAAAAAAAAA --reason \"its key was on a lost disk\"") { id, reason };
        deactivate.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var wanted = new AccountDeactivation { Reason = parsed.GetRequiredValue(reason) };
            var ended = await Ask(() => server.Post($"{Path(parsed.GetRequiredValue(id))}/deactivate", wanted, AdminJson.Default.AccountDeactivation, AdminJson.Default.AccountRecord, cancellation));
            Tell(parsed, ended);
            if (ended.CertificateIds.Count > 0)
            {
                talk.Hint($"its certificates stay good: deviceacme certificate list --account {ended.Id} --status valid");
            }

            return 0;
        });
        return deactivate;
    }

    private static Argument<string> Id() => new("ACCOUNT") { Description = "id or URL" };

    private static string Path(string asked) => $"{Route}/{Uri.EscapeDataString(ExplainCommand.Id(asked))}";

    private static async Task<AccountRecord> Ask(Func<Task<AccountRecord>> ask)
    {
        try
        {
            return await ask();
        }
        catch (CommandFailure unknown) when (unknown.Reason == "account-unknown")
        {
            throw new CommandFailure(unknown.Message, "deviceacme account list shows the ids");
        }
    }

    private void Tell(ParseResult parsed, AccountRecord account) =>
        output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(account, AdminJson.Default.AccountRecord) : AccountText.One(account));
}
