using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Tickets;

/// <summary><c>ticket add --for-group</c> and <c>--devices</c>: a ticket for each of many devices, as CSV for whoever delivers them.</summary>
internal sealed class TicketBatch(TextWriter output, Talk talk)
{
    private const int LargestFile = 16 * 1024 * 1024;
    private const int Stride = 100;

    private readonly Option<string?> _group = new("--for-group") { HelpName = "GROUP", Description = "makes one for each device of a group of the ledger, and prints CSV" };
    private readonly Option<string?> _devices = new("--devices") { HelpName = "FILE", Description = "makes one for each device that a line of the file names (the first column of a CSV file), and prints CSV" };

    public void AddTo(Command command)
    {
        command.Options.Add(_group);
        command.Options.Add(_devices);
    }

    /// <summary>Whether tickets for many devices are asked for.</summary>
    public bool IsAskedFor(ParseResult parsed) => parsed.GetValue(_group) is not null || parsed.GetValue(_devices) is not null;

    public async Task<int> Run(ParseResult parsed, AdminConnection server, string route, NewTicketRequest wanted, bool json, CancellationToken cancellation)
    {
        if (wanted.Device is not null || (parsed.GetValue(_group) is not null && parsed.GetValue(_devices) is not null))
        {
            throw new WrongUse("--device, --for-group and --devices exclude each other");
        }

        var devices = parsed.GetValue(_devices) is { } file ? Named(file) : await OfGroup(server, parsed.GetValue(_group)!, cancellation);
        if (!json)
        {
            output.WriteLine("device,ticket,profile,expires,key-id,mac-key,client-identifier,directory-url");
        }

        for (var done = 0; done < devices.Count; done++)
        {
            var (id, shown) = devices[done];
            var made = await server.Post(route, wanted with { Device = id }, AdminJson.Default.NewTicketRequest, AdminJson.Default.TicketEntry, cancellation);
            output.WriteLine(json ? JsonSerializer.Serialize(made, AdminJson.Default.TicketEntry) : Line(shown, made));
            if ((done + 1) % Stride == 0)
            {
                talk.Progress($"{done + 1} of {devices.Count} tickets");
            }
        }

        talk.Hint($"{devices.Count} tickets; their secrets are not shown again");
        return 0;
    }

    private static string Line(string device, TicketEntry ticket) => string.Join(',', new[]
    {
        device, ticket.Id, ticket.Profile ?? "", ticket.ExpiresAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "",
        ticket.Secrets!.KeyId, ticket.Secrets.MacKey, ticket.Secrets.ClientIdentifier ?? "", ticket.Secrets.DirectoryUrl ?? "",
    }.Select(Cell));

    // RFC 4180 §2
    private static string Cell(string text) => text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static IReadOnlyList<(string Id, string Shown)> Named(string file)
    {
        try
        {
            if (new FileInfo(file).Length > LargestFile)
            {
                throw new CommandFailure($"{file}: more than {LargestFile} octets");
            }

            var names = File.ReadLines(file, Encoding.UTF8).Select(line => line.Split(',')[0].Trim().Trim('"')).Where(name => name.Length > 0 && name[0] != '#').Distinct(StringComparer.Ordinal).ToList();
            if (names is ["serial" or "device" or "id" or "identifier" or "permanent-identifier" or "udid", ..])
            {
                names.RemoveAt(0);
            }

            return names.Count > 0 ? [.. names.Select(name => (name, name))] : throw new CommandFailure($"{file} names no device");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be read: {exception.Message}");
        }
    }

    private static async Task<IReadOnlyList<(string Id, string Shown)>> OfGroup(AdminConnection server, string group, CancellationToken cancellation)
    {
        var devices = new List<(string, string)>();
        await foreach (var device in ListReading.Entries<DeviceList, DeviceEntry>(server, "admin/v1/devices" + ListReading.Query(("group", group)), AdminJson.Default.DeviceList, null, cancellation))
        {
            devices.Add((device.Id, device.Identifiers.SelectMany(kind => kind.Value).FirstOrDefault() ?? device.Id));
        }

        return devices.Count > 0 ? devices : throw new CommandFailure($"no device is in the group '{group}'", "'deviceacme device list --group' shows a group");
    }
}
