using System.CommandLine;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Tickets;

/// <summary>The options that say what may come of a ticket, or of a registered account.</summary>
internal sealed class TicketLimits
{
    private readonly Option<string?> _device = new("--device") { HelpName = "DEVICE", Description = "the only device of the ledger that it is for: its id, serial number or another identifier" };
    private readonly Option<string[]> _allow = new("--allow")
    {
        HelpName = "TYPE:PATTERN",
        Description = "what may be ordered: dns:host.example, dns:.example.com, ip:10.0.0.0/8, permanent-identifier:C02*, or TYPE:/regex/; several can be given [default: what the profile allows]",
    };
    private readonly Option<string?> _registrationEnds = new("--registration-ends") { HelpName = "TIME", Description = "how long from now the accounts that come of it may order: 365d [default: without end]" };
    private readonly Option<string[]> _attributes = new("--attribute") { HelpName = "KEY=VALUE", Description = "a fact ticket.KEY for the profile's rules and templates; several can be given" };
    private readonly Option<string?> _note = new("--note") { HelpName = "TEXT", Description = "what people shall know of it" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _device, _allow, _registrationEnds, _attributes, _note })
        {
            command.Options.Add(option);
        }
    }

    public NewTicketRequest Read(ParseResult parsed)
    {
        var allowed = parsed.GetValue(_allow) ?? [];
        var attributes = parsed.GetValue(_attributes) ?? [];
        return new NewTicketRequest
        {
            Device = parsed.GetValue(_device),
            Allowed = allowed.Length > 0 ? allowed : null,
            RegistrationEndsIn = parsed.GetValue(_registrationEnds),
            Attributes = attributes.Length > 0 ? Pairs(attributes) : null,
            Note = parsed.GetValue(_note),
        };
    }

    private static Dictionary<string, string> Pairs(IEnumerable<string> texts)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || !pairs.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw new WrongUse($"--attribute: expected KEY=VALUE, each key once; found '{text}'");
            }
        }

        return pairs;
    }
}
