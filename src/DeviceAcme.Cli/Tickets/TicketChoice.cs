using System.CommandLine;
using DeviceAcme.Cli.Apple;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Tickets;

/// <summary><c>--ticket</c> and <c>--new-ticket</c> of a command that writes what a client must be told.</summary>
internal sealed class TicketChoice
{
    private readonly AdminServerChoice _admin;
    private readonly Option<string?> _ticket = new("--ticket") { HelpName = "CODE", Description = "the ticket's code (tkt_…) or the URL of its directory, as 'deviceacme ticket add' printed it; or the variable of a device management that becomes the code" };
    private readonly Option<bool> _new = new("--new-ticket") { Description = "makes a ticket now, as 'deviceacme ticket add' does" };

    /// <param name="data">The command's own <c>--data</c>.</param>
    public TicketChoice(Option<string> data) => _admin = AdminServerChoice.Beside(data);

    public void AddTo(Command command)
    {
        command.Options.Add(_ticket);
        command.Options.Add(_new);
        _admin.AddTo(command);
    }

    /// <summary>The code, or a variable; null where no ticket is asked for.</summary>
    /// <param name="device">The device of the ledger that a new ticket is for; null for any.</param>
    public async Task<string?> Code(ParseResult parsed, CertificateProfile profile, string? device, Talk talk, CancellationToken cancellation)
    {
        if (parsed.GetValue(_ticket) is { } text)
        {
            return !parsed.GetValue(_new) ? Read(text, profile) : throw new WrongUse("--ticket and --new-ticket exclude each other");
        }

        if (!parsed.GetValue(_new))
        {
            return null;
        }

        var server = await _admin.Open(parsed, cancellation);
        var made = await server.Post("admin/v1/tickets", new NewTicketRequest { Profile = profile.Name, Device = device }, AdminJson.Default.NewTicketRequest, AdminJson.Default.TicketEntry, cancellation);
        talk.Hint($"made the ticket {made.Id}; 'deviceacme ticket revoke {made.Id}' takes it back");
        return made.Secrets!.ClientIdentifier ?? (made.Secrets.DirectoryUrl is { } url ? Read(url, profile)
            : throw new CommandFailure($"profile {profile.Name} has no directories of tickets", "accounts.ticket-url: optional in the profile"));
    }

    /// <summary>A code that somebody wrote, or that stands in a URL; or the variable that becomes one.</summary>
    public static string Read(string text, CertificateProfile profile)
    {
        if (TicketCode.Is(text) || MdmVariables.IsOne(text))
        {
            return text;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.AbsolutePath.Split('/') is [.., "acme", var name, var code, "directory"] && TicketCode.Is(code)
            ? name == profile.Name ? code : throw new WrongUse($"--ticket: it is of profile {name}, and --profile says {profile.Name}")
            : throw new WrongUse("--ticket: expected a code such as tkt_… or the URL of a ticket's directory", "'deviceacme ticket add' printed them once; 'deviceacme ticket present ID --renew' makes new ones");
    }
}
