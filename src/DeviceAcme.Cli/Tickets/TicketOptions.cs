using System.CommandLine;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Tickets;

/// <summary>The options that say what a ticket shall be.</summary>
internal sealed class TicketOptions
{
    private readonly Option<string?> _profile = new("--profile") { HelpName = "NAME", Description = "the profile that it is good for [default: any, and then by external account binding only]" };
    private readonly Option<int?> _uses = new("--uses") { HelpName = "NUMBER", Description = "how often it can be used; 0 for any number [default: 1]" };
    private readonly Option<string?> _expires = new("--expires") { HelpName = "TIME", Description = "how long it can be used: 45m, 12h, 30d [default: until it is used up]" };
    private readonly TicketLimits _limits = new();

    public void AddTo(Command command)
    {
        command.Options.Add(_profile);
        command.Options.Add(_uses);
        command.Options.Add(_expires);
        _limits.AddTo(command);
    }

    public NewTicketRequest Read(ParseResult parsed) => _limits.Read(parsed) with
    {
        Profile = parsed.GetValue(_profile),
        Uses = parsed.GetValue(_uses),
        ExpiresIn = parsed.GetValue(_expires),
    };
}
