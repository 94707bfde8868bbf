using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Webhooks;

/// <summary><c>deviceacme webhook list | test | deliveries | show | replay</c>: services of the organisation that profiles ask.</summary>
internal sealed class WebhookCommands(TextWriter output, Talk talk)
{
    private const string Webhooks = "admin/v1/webhooks";
    private const string AllDeliveries = "admin/v1/webhook-deliveries";
    private const string Allowed = "allowed";
    private const int Success = 0;
    private const int NotAllowed = 1;

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    public Command Command() => new("webhook", "webhooks: services of the organisation that profiles ask before a device is served") { _server, _json, List(), Test(), Deliveries(), Show(), Replay() };

    private Command List()
    {
        var list = new CommandWithExamples("list", "the webhooks of the profiles in force: how they stand, and what they last said", "deviceacme webhook list");
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var listing = await server.Get(Webhooks, AdminJson.Default.WebhookListing, cancellation);
            output.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(listing, AdminJson.Default.WebhookListing) + Environment.NewLine : WebhookText.Table(listing.Webhooks));
            foreach (var broken in listing.Webhooks.Where(webhook => webhook.Problem is not null))
            {
                talk.Error($"{broken.Profile}: {broken.Name}: {broken.Problem}");
            }

            return Success;
        });
        return list;
    }

    private Command Test()
    {
        var profile = new Argument<string>("PROFILE") { Description = "the profile that asks it" };
        var name = new Argument<string>("NAME") { Description = "its name there" };
        var test = new CommandWithExamples(
            "test", "fires a webhook with a made-up device and prints its answer as the server judges it; nothing follows from it. Exit code 1 if it does not allow", "deviceacme webhook test apple-device cmdb") { profile, name };
        test.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var path = $"{Webhooks}/{Uri.EscapeDataString(parsed.GetRequiredValue(profile))}/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}/test";
            return Print(parsed, await server.Post(path, AdminJson.Default.WebhookDeliveryRecord, cancellation));
        });
        return test;
    }

    private Command Deliveries()
    {
        var profile = new Option<string?>("--profile") { HelpName = "NAME", Description = "of one profile" };
        var webhook = new Option<string?>("--webhook") { HelpName = "NAME", Description = "of one webhook" };
        var order = new Option<string?>("--order") { HelpName = "ID", Description = "about one order" };
        var outcome = new Option<string?>("--outcome") { HelpName = "OUTCOME", Description = "allowed, refused or failed" };
        outcome.CompletionSources.Add(Allowed, "refused", "failed");
        var reading = new ListReading();
        var deliveries = new CommandWithExamples(
            "deliveries", "what was asked and what came of it, newest first", "deviceacme webhook deliveries --outcome failed\ndeviceacme webhook deliveries --order kKqTSRsbQNa4YL126SGMEA") { profile, webhook, order, outcome };
        reading.AddTo(deliveries);
        deliveries.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var path = AllDeliveries + ListReading.Query(
                ("profile", parsed.GetValue(profile)), ("webhook", parsed.GetValue(webhook)), ("order", parsed.GetValue(order)), ("outcome", parsed.GetValue(outcome)));
            var found = await reading.Read<WebhookDeliveryPage, WebhookDeliveryEntry>(server, path, AdminJson.Default.WebhookDeliveryPage, parsed, talk, cancellation);
            output.Write(parsed.GetValue(_json)
                ? JsonSerializer.Serialize(new WebhookDeliveryPage { Deliveries = found }, AdminJson.Default.WebhookDeliveryPage) + Environment.NewLine
                : WebhookText.Table(found));
            return Success;
        });
        return deliveries;
    }

    private Command Show()
    {
        var id = new Argument<string>("ID") { Description = "as deliveries prints it; the check of a verdict names it too" };
        var show = new CommandWithExamples("show", "one delivery with what was asked and answered", "deviceacme webhook show 9ZQyMbgD3PRfVqyxSy8U0Q") { id };
        show.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            Print(parsed, await Known(parsed.GetRequiredValue(id), one => server.Get($"{AllDeliveries}/{one}", AdminJson.Default.WebhookDeliveryRecord, cancellation)), bodies: true);
            return Success;
        });
        return show;
    }

    private Command Replay()
    {
        var id = new Argument<string>("ID") { Description = "as deliveries prints it" };
        var replay = new CommandWithExamples(
            "replay", "sends a delivery again, under an id of its own; nothing follows from the answer. Exit code 1 if it does not allow", "deviceacme webhook replay 9ZQyMbgD3PRfVqyxSy8U0Q") { id };
        replay.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            return Print(parsed, await Known(parsed.GetRequiredValue(id), one => server.Post($"{AllDeliveries}/{one}/replay", AdminJson.Default.WebhookDeliveryRecord, cancellation)));
        });
        return replay;
    }

    private int Print(ParseResult parsed, WebhookDeliveryRecord record, bool bodies = false)
    {
        output.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(record, AdminJson.Default.WebhookDeliveryRecord) + Environment.NewLine : WebhookText.One(record, bodies));
        return record.Outcome == Allowed ? Success : NotAllowed;
    }

    private static async Task<WebhookDeliveryRecord> Known(string id, Func<string, Task<WebhookDeliveryRecord>> ask)
    {
        try
        {
            return await ask(Uri.EscapeDataString(id));
        }
        catch (CommandFailure unknown) when (unknown.Reason == "delivery-unknown")
        {
            throw new CommandFailure($"there is no delivery '{id}'", "deviceacme webhook deliveries shows the ids; deliveries are kept for 30 days at most");
        }
    }
}
