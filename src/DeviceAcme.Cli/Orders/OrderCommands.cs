using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Orders;

/// <summary><c>deviceacme order list | show | approve | refuse</c>: what clients ordered, and an officer's word on what waits for it.</summary>
internal sealed class OrderCommands(TextWriter output, Talk talk)
{
    private const string Route = "admin/v1/orders";

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    public Command Command() => new("order", "orders: what was asked for, what waits for an officer") { _server, _json, List(), Show(), Approve(), Refuse() };

    private Command List()
    {
        var status = new Option<string?>("--status") { HelpName = "STATUS", Description = "pending, ready, processing, valid or invalid" };
        status.CompletionSources.Add("pending", "ready", "processing", "valid", "invalid");
        var profile = new Option<string?>("--profile") { HelpName = "NAME", Description = "of one profile" };
        var account = new Option<string?>("--account") { HelpName = "ID", Description = "of one account" };
        var device = new Option<string?>("--device") { HelpName = "DEVICE", Description = "proved by one device: its id, serial number or another identifier" };
        var waiting = new Option<bool>("--waiting") { Description = "only those that wait for an officer" };
        var reading = new ListReading();
        var list = new CommandWithExamples("list", "orders, newest first", "deviceacme order list --waiting\ndeviceacme order list --device C02SIM000001 --status invalid") { status, profile, account, device, waiting };
        reading.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var path = Route + ListReading.Query(
                ("status", parsed.GetValue(status)), ("profile", parsed.GetValue(profile)), ("account", parsed.GetValue(account)), ("device", parsed.GetValue(device)),
                ("waiting", parsed.GetValue(waiting) ? "true" : null));
            var orders = await reading.Read<OrderList, OrderEntry>(server, path, AdminJson.Default.OrderList, parsed, talk, cancellation);
            output.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(new OrderList { Orders = orders }, AdminJson.Default.OrderList) + Environment.NewLine : OrderText.Table(orders));
            return 0;
        });
        return list;
    }

    private Command Show()
    {
        var id = Id();
        var show = new Command("show", "one order with its account, devices, evidence and certificate") { id };
        show.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            Tell(parsed, await Ask(() => server.Get(Path(parsed.GetRequiredValue(id)), AdminJson.Default.OrderRecord, cancellation)));
            return 0;
        });
        return show;
    }

    private Command Approve()
    {
        var ids = new Argument<string[]>("ORDER") { Description = "id or URL, as 'order list --waiting' prints it; several can be given", Arity = ArgumentArity.OneOrMore };
        var comment = new Option<string?>("--comment") { HelpName = "TEXT", Description = "for the history; the client does not see it" };
        var approve = new CommandWithExamples(
            "approve", "lets an order go on that waits for an officer; an unknown device is ours from then on",
            "deviceacme order approve 3q2-7wAAAAAAAAAAAAAAAA --comment \"Olga's new laptop, asked on the phone\"") { ids, comment };
        approve.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            foreach (var id in parsed.GetRequiredValue(ids))
            {
                var wanted = new OrderApproval { Comment = parsed.GetValue(comment) };
                Tell(parsed, await Ask(() => server.Post($"{Path(id)}/approve", wanted, AdminJson.Default.OrderApproval, AdminJson.Default.OrderRecord, cancellation)));
            }

            talk.Hint("the client gets its certificate when it asks again; one that has given up gets it at once with its next order");
            return 0;
        });
        return approve;
    }

    private Command Refuse()
    {
        var id = Id();
        var reason = new Option<string>("--reason") { HelpName = "TEXT", Description = "the client is told, and the history", Required = true };
        var block = new Option<bool>("--block-device") { Description = "shut the device out as well" };
        var refuse = new CommandWithExamples(
            "refuse", "ends an order that waits for an officer", "deviceacme order refuse 3q2-7wAAAAAAAAAAAAAAAA --reason \"not one of ours; ask the help desk\" --block-device") { id, reason, block };
        refuse.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var wanted = new OrderRefusal { Reason = parsed.GetRequiredValue(reason), Device = parsed.GetValue(block) ? "block" : null };
            Tell(parsed, await Ask(() => server.Post($"{Path(parsed.GetRequiredValue(id))}/refuse", wanted, AdminJson.Default.OrderRefusal, AdminJson.Default.OrderRecord, cancellation)));
            return 0;
        });
        return refuse;
    }

    private static Argument<string> Id() => new("ORDER") { Description = "id or URL" };

    private static string Path(string asked) => $"{Route}/{Uri.EscapeDataString(ExplainCommand.Id(asked))}";

    private static async Task<OrderRecord> Ask(Func<Task<OrderRecord>> ask)
    {
        try
        {
            return await ask();
        }
        catch (CommandFailure unknown) when (unknown.Reason == "order-unknown")
        {
            throw new CommandFailure(unknown.Message, "deviceacme order list shows the ids; deviceacme explain takes the ids of other things too");
        }
        catch (CommandFailure settled) when (settled.Reason is "approval-decided" or "approval-not-needed")
        {
            throw new CommandFailure(settled.Message, "deviceacme order list --waiting shows what waits; deviceacme explain ORDER what became of this one");
        }
    }

    private void Tell(ParseResult parsed, OrderRecord order) =>
        output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(order, AdminJson.Default.OrderRecord) : OrderText.One(order));
}
