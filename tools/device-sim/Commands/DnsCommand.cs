using System.CommandLine;
using System.Net;
using DeviceAcme.Simulator.Dns;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>dns</c>, <c>dns set NAME VALUE</c>, <c>dns clear NAME [VALUE]</c></summary>
internal static class DnsCommand
{
    public static Command Make(Terminal terminal)
    {
        var records = new Option<string>("--records")
        {
            Description = "file of TXT records, one 'NAME VALUE' a line; read again at each question",
            DefaultValueFactory = _ => Defaults.TxtRecords,
            Recursive = true,
        };
        var listen = Options.EndPoint("--listen", "where to answer, UDP and TCP", "127.0.0.1:8053");
        var addresses = Options.Addresses();
        var command = new Command("dns", "answer DNS for trials: every name is this machine, CAA is empty, TXT is what 'dns set' says")
        {
            records, listen, addresses, Set(records), Clear(records),
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var texts = new TxtRecords(parsed.GetRequiredValue(records));
            await using var answerer = DnsAnswerer.Start(parsed.GetRequiredValue(listen), parsed.GetRequiredValue(addresses), texts, question => terminal.Say($"dns: {question}"));
            terminal.Say($"device-sim: answers DNS on {answerer.EndPoint}; TXT records are the lines of {texts.Path}; Ctrl+C ends it");
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            catch (OperationCanceledException)
            {
                terminal.Say("device-sim: no more answers");
            }

            return Exit.Done;
        });
        return command;
    }

    private static Command Set(Option<string> records)
    {
        var name = new Argument<string>("NAME") { Description = "for example _acme-challenge.host.example" };
        var value = new Argument<string>("VALUE");
        var command = new Command("set", "add a TXT record, for the hook of a client") { name, value };
        command.SetAction(parsed =>
        {
            new TxtRecords(parsed.GetRequiredValue(records)).Add(parsed.GetRequiredValue(name), parsed.GetRequiredValue(value));
            return Exit.Done;
        });
        return command;
    }

    private static Command Clear(Option<string> records)
    {
        var name = new Argument<string>("NAME");
        var value = new Argument<string?>("VALUE") { Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("clear", "remove a TXT record, or all of a name") { name, value };
        command.SetAction(parsed =>
        {
            new TxtRecords(parsed.GetRequiredValue(records)).Remove(parsed.GetRequiredValue(name), parsed.GetValue(value));
            return Exit.Done;
        });
        return command;
    }
}

/// <summary>Options that several commands have.</summary>
internal static class Options
{
    public static Option<IPEndPoint> EndPoint(string name, string description, string standard) => new(name)
    {
        Description = $"{description} (default: {standard})",
        DefaultValueFactory = _ => IPEndPoint.Parse(standard),
        CustomParser = result =>
        {
            if (IPEndPoint.TryParse(result.Tokens[0].Value, out var point) && point.Port != 0)
            {
                return point;
            }

            result.AddError($"{name}: expected IP:PORT, found '{result.Tokens[0].Value}'");
            return null;
        },
    };

    public static Option<IPAddress[]> Addresses() => new("--address")
    {
        Description = "what every name resolves to; can be repeated (default: 127.0.0.1 and ::1)",
        DefaultValueFactory = _ => [IPAddress.Loopback, IPAddress.IPv6Loopback],
        CustomParser = result =>
        {
            var addresses = new List<IPAddress>();
            foreach (var token in result.Tokens)
            {
                if (IPAddress.TryParse(token.Value, out var address))
                {
                    addresses.Add(address);
                }
                else
                {
                    result.AddError($"--address: expected an IP address, found '{token.Value}'");
                }
            }

            return [.. addresses];
        },
    };
}
