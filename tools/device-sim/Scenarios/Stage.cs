using DeviceAcme.Protocol.Admin;
using DeviceAcme.Simulator.Servers;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>What a scenario finds when it begins: the ledger with the devices that it must know, tickets of its own, devices without accounts.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly ScenarioSurroundings _around;
    private readonly Dictionary<string, DeviceInPlay> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TicketEntry> _tickets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _moved = [];

    private Stage(ScenarioSurroundings around) => _around = around;

    public static async Task<Stage> Set(ScenarioFile file, Scenario scenario, ScenarioSurroundings around, CancellationToken cancellation)
    {
        var stage = new Stage(around);
        var subjects = scenario.Steps.Select(step => step.Subject).ToHashSet(StringComparer.Ordinal);
        var used = file.Devices.Values.Where(device => subjects.Contains(device.Name)).ToList();
        var tickets = file.Tickets.Where(ticket => subjects.Contains(ticket.Key) || used.Any(device => device.Ticket == ticket.Key)).ToList();
        foreach (var device in file.Devices.Values.Where(device => used.Contains(device) || tickets.Any(ticket => ticket.Value.Device == device.Name)).Where(device => device.Ledger is not null))
        {
            await stage.Expect(device, cancellation);
        }

        foreach (var (name, ticket) in tickets)
        {
            stage._tickets[name] = await stage.Make(file, ticket, cancellation);
        }

        foreach (var device in used)
        {
            stage._devices[device.Name] = new DeviceInPlay(device, file.Profile, around, device.Ticket is { } own ? stage._tickets[own] : null);
        }

        return stage;
    }

    public DeviceInPlay Device(string name) => _devices[name];

    public TicketEntry Ticket(string name) => _tickets[name];

    public Administrator Administrator => _around.Administrator
        ?? throw new SimulatorException("this is an administrator's to do", "--data, or --admin and --admin-token-file, let the simulator administer the server");

    /// <summary>The device in the ledger; null for one that is not there.</summary>
    public async Task<DeviceEntry?> Entry(ScenarioDevice device, CancellationToken cancellation) =>
        device.LedgerName(_around.Vendors) is var (kind, value) ? await Administrator.Find(kind, value, cancellation) : null;

    public async Task Move(ScenarioDevice device, Step step, CancellationToken cancellation)
    {
        var entry = await Entry(device, cancellation) ?? throw new SimulatorException($"the ledger does not have {device.Name}");
        _moved.Add(entry.Id);
        await Administrator.Move(entry.Id, step.Action.Word(), step.Because ?? "scenario", step.WithCertificates, cancellation);
    }

    /// <summary>The next scenario finds the devices as this one did.</summary>
    public async Task Clear(CancellationToken cancellation)
    {
        foreach (var (name, device) in _devices)
        {
            if (_moved.Count > 0 && await Entry(device.Declared, cancellation) is { State: "blocked" or "quarantined" or "retired" } entry && _moved.Contains(entry.Id))
            {
                await Administrator.Move(entry.Id, "unblock", $"after the scenario with {name}", revoke: false, cancellation);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var device in _devices.Values)
        {
            await device.DisposeAsync();
        }
    }

    private async Task Expect(ScenarioDevice device, CancellationToken cancellation)
    {
        if (device.LedgerName(_around.Vendors) is not var (kind, value) || await Administrator.Find(kind, value, cancellation) is not null)
        {
            return;
        }

        var words = device.Ledger!;
        var identifiers = words.Identifiers.Append(KeyValuePair.Create(kind, value)).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => (IReadOnlyList<string>)[.. group.Select(pair => pair.Value).Distinct()]);
        await Administrator.Expect(new NewDevice { Identifiers = identifiers, Label = words.Label ?? device.Name, Owner = words.Owner, Groups = words.Groups, Attributes = words.Attributes }, cancellation);
    }

    private async Task<TicketEntry> Make(ScenarioFile file, ScenarioTicket ticket, CancellationToken cancellation)
    {
        var device = ticket.Device is { } name ? await Entry(file.Devices[name], cancellation) ?? throw new SimulatorException($"the ledger does not have {name}", "a ticket for a device needs a device with 'ledger:'") : null;
        return await Administrator.NewTicket(new NewTicketRequest
        {
            Profile = ticket.Profile ?? file.Profile,
            Device = device?.Id,
            Uses = ticket.Uses,
            ExpiresIn = ticket.ExpiresIn,
            Allowed = ticket.Allowed.Count > 0 ? ticket.Allowed : null,
            Attributes = ticket.Attributes.Count > 0 ? ticket.Attributes : null,
            Note = "scenario",
        }, cancellation);
    }
}
