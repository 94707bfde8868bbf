using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Devices;

/// <summary><c>deviceacme device …</c>: the ledger of the running server.</summary>
internal sealed class DeviceCommands(TextWriter output, Talk talk)
{
    private const string Route = "admin/v1/devices";
    private const int Success = 0;

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();
    private readonly Argument<string> _device = new("DEVICE") { Description = "one of its identifiers, or its id" };
    private readonly DeviceFilterOptions _filter = new();
    private readonly DeviceWordOptions _words = new();

    public Command Command() => new("device", "the ledger: which devices are yours")
    {
        _server, _json, List(), Show(), Add(), Edit(),
        Move("block", "shuts a device out", "deviceacme device block C02SIM000001 --reason stolen --revoke --revocation-reason 1", revokes: true),
        Move("unblock", "takes back a device that was blocked, quarantined or retired", "deviceacme device unblock C02SIM000001 --reason found", revokes: false),
        Move("quarantine", "sets a device aside while somebody looks; its certificates stay good", "deviceacme device quarantine C02SIM000001 --reason 'odd evidence'", revokes: true),
        Move("retire", "takes a device out of service", "deviceacme device retire C02SIM000001 --revoke --revocation-reason 5", revokes: true),
        Replace(), RevokeAll(), new InventoryCommands(output, talk, _server, _json, _filter).Import(), new InventoryCommands(output, talk, _server, _json, _filter).Export(), History(),
    };

    private Command List()
    {
        var reading = new ListReading();
        var list = new CommandWithExamples("list", "the devices, newest first", "deviceacme device list --state blocked\ndeviceacme device list --group staff --owner ada@example.com\ndeviceacme device list --text C02");
        reading.AddTo(list);
        _filter.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var found = await reading.Read<DeviceList, DeviceEntry>(
                await Server(parsed, cancellation), Route + ListReading.Query(_filter.Query(parsed)), AdminJson.Default.DeviceList, parsed, talk, cancellation);
            Say(parsed, new DeviceList { Devices = found }, AdminJson.Default.DeviceList, list => DeviceText.Table(list.Devices));
            return Success;
        });
        return list;
    }

    private Command Show()
    {
        var show = new CommandWithExamples("show", "one device with its accounts, orders, evidence and certificates", "deviceacme device show C02SIM000001") { _device };
        show.SetAction(async (parsed, cancellation) =>
        {
            var server = await Server(parsed, cancellation);
            var device = await Find(server, parsed.GetRequiredValue(_device), cancellation);
            var hanging = await server.Get($"{Path(device)}/enrollments", AdminJson.Default.DeviceEnrollments, cancellation);
            if (parsed.GetValue(_json))
            {
                // both answers of the API in one object
                var both = JsonSerializer.SerializeToNode(device, AdminJson.Default.DeviceEntry)!.AsObject();
                both["enrollments"] = JsonSerializer.SerializeToNode(hanging, AdminJson.Default.DeviceEnrollments);
                output.WriteLine(both.ToJsonString());
                return Success;
            }

            output.Write(DeviceText.One(device));
            output.Write(DeviceText.Of(hanging));
            return Success;
        });
        return show;
    }

    private Command Add()
    {
        var state = new Option<string?>("--state") { HelpName = "STATE", Description = "expected, active, quarantined, blocked or retired [default: expected]" };
        var identifiers = new Option<string[]>("--identifier")
        {
            HelpName = "KIND=VALUE",
            Description = "serial, udid, imei, meid, ek, hardware-module, permanent-identifier or host; several can be given",
            Required = true,
        };
        var add = new CommandWithExamples("add", "expects a device", "deviceacme device add --identifier serial=C02SIM000001 --owner ada@example.com --group staff --attribute cost-center=4711")
        {
            identifiers, state,
        };
        _words.AddTo(add);
        add.SetAction(async (parsed, cancellation) =>
        {
            var wanted = new NewDevice
            {
                Identifiers = DeviceWordOptions.Identifiers("--identifier", parsed.GetRequiredValue(identifiers))!,
                State = parsed.GetValue(state),
                Label = parsed.GetValue(_words.Label),
                Owner = parsed.GetValue(_words.Owner),
                Groups = _words.GroupsOf(parsed),
                Attributes = _words.AttributesOf(parsed),
            };
            var server = await Server(parsed, cancellation);
            Say(parsed, await server.Post(Route, wanted, AdminJson.Default.NewDevice, AdminJson.Default.DeviceEntry, cancellation), AdminJson.Default.DeviceEntry, DeviceText.One);
            return Success;
        });
        return add;
    }

    private Command Edit()
    {
        var more = new Option<string[]>("--add-identifier") { HelpName = "KIND=VALUE", Description = "another name of it; several can be given" };
        var less = new Option<string[]>("--remove-identifier") { HelpName = "KIND=VALUE", Description = "a name that is no longer its own; several can be given" };
        var edit = new CommandWithExamples("edit", "describes a device anew; what is not named stays", "deviceacme device edit C02SIM000001 --owner '' --attribute cost-center=4712 --attribute room=")
        {
            _device, more, less,
        };
        _words.AddTo(edit);
        edit.SetAction(async (parsed, cancellation) =>
        {
            var wanted = new DeviceEdit
            {
                AddIdentifiers = DeviceWordOptions.Identifiers("--add-identifier", parsed.GetValue(more)),
                RemoveIdentifiers = DeviceWordOptions.Identifiers("--remove-identifier", parsed.GetValue(less)),
                Label = parsed.GetValue(_words.Label),
                Owner = parsed.GetValue(_words.Owner),
                Groups = _words.GroupsOf(parsed),
                Attributes = _words.AttributesOf(parsed),
            };
            var server = await Server(parsed, cancellation);
            var device = await Find(server, parsed.GetRequiredValue(_device), cancellation);
            Say(parsed, await server.Patch(Path(device), device.Version, wanted, AdminJson.Default.DeviceEdit, AdminJson.Default.DeviceEntry, cancellation), AdminJson.Default.DeviceEntry, DeviceText.One);
            return Success;
        });
        return edit;
    }

    private CommandWithExamples Move(string name, string description, string example, bool revokes)
    {
        var (reason, revoke, code) = (Reason(), new Option<bool>("--revoke") { Description = "and revoke all of its valid certificates, in the same step" }, RevocationReason());
        var move = new CommandWithExamples(name, description, example) { _device, reason };
        if (revokes)
        {
            move.Options.Add(revoke);
            move.Options.Add(code);
        }

        move.SetAction((parsed, cancellation) => Take(parsed, name, _ => Task.FromResult(new DeviceMove
        {
            Reason = parsed.GetValue(reason),
            Revoke = revokes && parsed.GetValue(revoke),
            RevocationReason = revokes ? parsed.GetValue(code) : null,
        }), cancellation));
        return move;
    }

    private CommandWithExamples Replace()
    {
        var (reason, revoke, code) = (Reason(), new Option<bool>("--revoke") { Description = "and revoke all of its valid certificates, in the same step" }, RevocationReason());
        var successor = new Option<string>("--by") { HelpName = "DEVICE", Description = "the device that takes its place: one of its identifiers, or its id", Required = true };
        var replace = new CommandWithExamples("replace", "takes a device out of service, and another one takes its place", "deviceacme device replace C02SIM000001 --by C02SIM000002 --revoke --revocation-reason 4")
        {
            _device, successor, reason, revoke, code,
        };
        replace.SetAction((parsed, cancellation) => Take(parsed, "replace", async server => new DeviceMove
        {
            Successor = (await Find(server, parsed.GetRequiredValue(successor), cancellation)).Id,
            Reason = parsed.GetValue(reason),
            Revoke = parsed.GetValue(revoke),
            RevocationReason = parsed.GetValue(code),
        }, cancellation));
        return replace;
    }

    private CommandWithExamples RevokeAll()
    {
        var (reason, code) = (Reason(), RevocationReason());
        var revoke = new CommandWithExamples("revoke-all", "revokes every valid certificate of a device, and those of its TPM's attestation keys", "deviceacme device revoke-all C02SIM000001 --revocation-reason 1")
        {
            _device, reason, code,
        };
        revoke.SetAction((parsed, cancellation) => Take(
            parsed, "revoke-all", _ => Task.FromResult(new DeviceMove { Reason = parsed.GetValue(reason), RevocationReason = parsed.GetValue(code) }), cancellation));
        return revoke;
    }

    private Command History()
    {
        var reading = new ListReading();
        var history = new CommandWithExamples("history", "what happened to a device, newest first", "deviceacme device history C02SIM000001") { _device };
        reading.AddTo(history);
        history.SetAction(async (parsed, cancellation) =>
        {
            var server = await Server(parsed, cancellation);
            var device = await Find(server, parsed.GetRequiredValue(_device), cancellation);
            var events = await reading.Read<AuditPage, AuditRecord>(server, $"{Path(device)}/history", AdminJson.Default.AuditPage, parsed, talk, cancellation);
            Say(parsed, new AuditPage { Events = events }, AdminJson.Default.AuditPage, DeviceText.Of);
            return Success;
        });
        return history;
    }

    private async Task<int> Take(ParseResult parsed, string step, Func<AdminConnection, Task<DeviceMove>> move, CancellationToken cancellation)
    {
        var server = await Server(parsed, cancellation);
        var device = await Find(server, parsed.GetRequiredValue(_device), cancellation);
        var change = await server.Post($"{Path(device)}/{step}", await move(server), AdminJson.Default.DeviceMove, AdminJson.Default.DeviceChange, cancellation);
        Say(parsed, change, AdminJson.Default.DeviceChange, DeviceText.Of);
        if (step == "revoke-all" && change.Revoked.Count + change.RevokedAttestationKeys.Count == 0)
        {
            talk.Hint("the device has no valid certificate: nothing was to be revoked");
        }

        return Success;
    }

    private static async Task<DeviceEntry> Find(AdminConnection server, string named, CancellationToken cancellation)
    {
        var found = await server.Get($"{Route}?limit=2&identifier={Uri.EscapeDataString(named)}", AdminJson.Default.DeviceList, cancellation);
        return found.Devices.Count switch
        {
            1 => found.Devices[0],
            0 => throw new CommandFailure($"the ledger has no device '{named}'", "deviceacme device list --text PART finds it by a part of a name"),
            _ => throw new CommandFailure($"'{named}' is an identifier of several devices: {string.Join(", ", found.Devices.Select(device => device.Id))}", "name it by its id"),
        };
    }

    private Task<AdminConnection> Server(ParseResult parsed, CancellationToken cancellation) => _server.Open(parsed, cancellation);

    private void Say<T>(ParseResult parsed, T value, JsonTypeInfo<T> type, Func<T, string> text) =>
        output.Write(parsed.GetValue(_json) ? JsonSerializer.Serialize(value, type) + Environment.NewLine : text(value));

    private static string Path(DeviceEntry device) => $"{Route}/{Uri.EscapeDataString(device.Id)}";

    private static Option<string?> Reason() => new("--reason") { HelpName = "TEXT", Description = "why, for the history" };

    private static Option<int?> RevocationReason() => new("--revocation-reason")
    {
        HelpName = "CODE",
        Description = "for the CRL: 1 key compromise, 3 affiliation changed, 4 superseded, 5 cessation of operation [default: none]",
    };
}
