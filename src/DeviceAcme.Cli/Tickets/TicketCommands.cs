using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Tickets;

/// <summary><c>deviceacme ticket add | list | show | present | revoke</c>: leave to enroll, given beforehand.</summary>
internal sealed class TicketCommands(TextWriter output, Talk talk)
{
    private const string Route = "admin/v1/tickets";

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    public Command Command() => new("ticket", "tickets: who may enroll, for what, how often and until when") { _server, _json, Add(), List(), Show(), Present(), Revoke() };

    private Command Add()
    {
        var wishes = new TicketOptions();
        var batch = new TicketBatch(output, talk);
        var add = new CommandWithExamples(
            "add", "makes a ticket and prints what to give to whom; its secrets are shown once",
            "deviceacme ticket add --profile printer --allow dns:printer7.example --allow ip:10.1.2.7 --expires 7d\n"
            + "deviceacme ticket add --profile apple-device --device C02SIM000001 --note \"replacement for Olga\"\n"
            + "deviceacme ticket add --profile apple-user-enrollment --for-group staff --expires 14d > tickets.csv");
        wishes.AddTo(add);
        batch.AddTo(add);
        add.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            if (batch.IsAskedFor(parsed))
            {
                return await batch.Run(parsed, server, Route, wishes.Read(parsed), parsed.GetValue(_json), cancellation);
            }

            var made = await server.Post(Route, wishes.Read(parsed), AdminJson.Default.NewTicketRequest, AdminJson.Default.TicketEntry, cancellation);
            output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(made, AdminJson.Default.TicketEntry) : TicketText.Present(made));
            talk.Hint("the secrets are not shown again; 'deviceacme ticket present --renew' makes new ones");
            return 0;
        });
        return add;
    }

    private Command List()
    {
        var profile = new Option<string?>("--profile") { HelpName = "NAME", Description = "only tickets of this profile" };
        var state = new Option<string?>("--state") { HelpName = "STATE", Description = "open, used, expired or revoked" };
        state.CompletionSources.Add("open", "used", "expired", "revoked");
        var reading = new ListReading();
        var list = new Command("list", "tickets without their secrets, newest first") { profile, state };
        reading.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var path = Route + ListReading.Query(("profile", parsed.GetValue(profile)), ("state", parsed.GetValue(state)));
            var tickets = await reading.Read<TicketPage, TicketEntry>(server, path, AdminJson.Default.TicketPage, parsed, talk, cancellation);
            output.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(new TicketPage { Tickets = tickets }, AdminJson.Default.TicketPage) + Environment.NewLine : TicketText.Table(tickets));
            return 0;
        });
        return list;
    }

    private Command Show()
    {
        var id = new Argument<string>("ID") { Description = "as list prints it" };
        var show = new Command("show", "everything about one ticket but its secrets") { id };
        show.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var ticket = await server.Get($"{Route}/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}", AdminJson.Default.TicketEntry, cancellation);
            output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(ticket, AdminJson.Default.TicketEntry) : TicketText.One(ticket));
            return 0;
        });
        return show;
    }

    private Command Present()
    {
        var id = Id();
        var renew = new Option<bool>("--renew") { Description = "makes new secrets and shows them once; the earlier ones are good for nothing" };
        var present = new CommandWithExamples("present", "what to give to whom", "deviceacme ticket present FEjb2w4oa7dkYnPpZ2YIUg --renew") { id, renew };
        present.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var path = Path(parsed, id);
            var ticket = parsed.GetValue(renew)
                ? await server.Post($"{path}/renew", AdminJson.Default.TicketEntry, cancellation)
                : await server.Get(path, AdminJson.Default.TicketEntry, cancellation);
            output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(ticket, AdminJson.Default.TicketEntry) : TicketText.Present(ticket));
            if (ticket.Secrets is null)
            {
                talk.Hint("the secrets were shown when the ticket was made; --renew makes new ones");
            }

            return 0;
        });
        return present;
    }

    private Command Revoke()
    {
        var id = Id();
        var reason = new Option<string?>("--reason") { HelpName = "TEXT", Description = "for the history" };
        var accounts = new Option<bool>("--accounts") { Description = "ends the accounts that came of it, too" };
        var certificates = new Option<bool>("--certificates") { Description = "revokes their certificates, too" };
        var code = new Option<int?>("--revocation-reason") { HelpName = "CODE", Description = "of the certificates: 0, 1 (key compromise), 3, 4 or 5" };
        var revoke = new CommandWithExamples("revoke", "takes a ticket back; what came of it goes on unless it is named", "deviceacme ticket revoke FEjb2w4oa7dkYnPpZ2YIUg --reason \"laptop stolen\" --accounts --certificates --revocation-reason 1")
        {
            id, reason, accounts, certificates, code,
        };
        revoke.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var wanted = new TicketRevocation
            {
                Reason = parsed.GetValue(reason),
                Accounts = parsed.GetValue(accounts),
                Certificates = parsed.GetValue(certificates),
                RevocationReason = parsed.GetValue(code),
            };
            var report = await server.Post($"{Path(parsed, id)}/revoke", wanted, AdminJson.Default.TicketRevocation, AdminJson.Default.TicketRevocationReport, cancellation);
            output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(report, AdminJson.Default.TicketRevocationReport) : string.Join(Environment.NewLine,
            [
                $"ticket        {report.Ticket.Id} revoked",
                $"accounts      {(report.Accounts.Count == 0 ? "none ended" : string.Join(", ", report.Accounts))}",
                $"certificates  {(report.Certificates.Count == 0 ? "none revoked" : string.Join(", ", report.Certificates))}",
            ]));
            return 0;
        });
        return revoke;
    }

    private static Argument<string> Id() => new("ID") { Description = "as list prints it" };

    private static string Path(ParseResult parsed, Argument<string> id) => $"{Route}/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}";
}
