using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Tickets;

/// <summary><c>deviceacme ticket add | list | show</c>: leave to enroll, given beforehand.</summary>
internal sealed class TicketCommands(TextWriter output, Talk talk)
{
    private const string Route = "admin/v1/tickets";

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    public Command Command() => new("ticket", "tickets: who may enroll, for what, how often and until when") { _server, _json, Add(), List(), Show() };

    private Command Add()
    {
        var wishes = new TicketOptions();
        var add = new CommandWithExamples(
            "add", "makes a ticket and prints what to give to whom; its secrets are shown once",
            "deviceacme ticket add --profile printer --allow dns:printer7.example --allow ip:10.1.2.7 --expires 7d\n"
            + "deviceacme ticket add --profile apple-device --device C02SIM000001 --note \"replacement for Olga\"");
        wishes.AddTo(add);
        add.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var made = await server.Post(Route, wishes.Read(parsed), AdminJson.Default.NewTicketRequest, AdminJson.Default.TicketEntry, cancellation);
            output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(made, AdminJson.Default.TicketEntry) : TicketText.One(made));
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
}
