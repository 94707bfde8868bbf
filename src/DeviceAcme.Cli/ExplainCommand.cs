using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary><c>explain ORDER</c>: what became of an order and why.</summary>
internal static class ExplainCommand
{
    public static Command Make(TextWriter output)
    {
        var choice = new AdminServerChoice();
        var json = CommandLine.ForMachines();
        var order = new Argument<string>("ORDER") { Description = "id or URL of the order, or of its authorization, challenge or certificate; a certificate's serial number; an id of 'evidence list'" };
        var explain = new Command("explain", "why an order was refused or what it waits for: every check with what was compared and what would help") { order, choice, json };
        explain.SetAction(async (parsed, cancellation) =>
        {
            var id = Id(parsed.GetRequiredValue(order));
            var server = await choice.Open(parsed, cancellation);
            var explanation = await Ask(server, id, cancellation);
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(explanation, AdminJson.Default.OrderExplanation) + Environment.NewLine : ExplainText.Of(explanation));
            return 0;
        });
        return explain;
    }

    /// <summary>The id in an ACME URL, or the text itself.</summary>
    internal static string Id(string asked)
    {
        var segments = asked.Split('?', '#')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        return segments switch
        {
            [] => throw new CommandFailure($"'{asked}' is neither an id nor a URL"),
            [.., var id, "finalize"] => id,
            [.., "cert", var id, _] => id,
            _ => segments[^1],
        };
    }

    private static async Task<OrderExplanation> Ask(AdminConnection server, string id, CancellationToken cancellation)
    {
        try
        {
            return await server.Get($"admin/v1/orders/{Uri.EscapeDataString(id)}/explain", AdminJson.Default.OrderExplanation, cancellation);
        }
        catch (CommandFailure unknown) when (unknown.Reason == "order-unknown")
        {
            throw new CommandFailure($"nothing here has the id '{id}'", "take the order's URL from the client's log, or look for it with: deviceacme evidence list --refused");
        }
    }
}
