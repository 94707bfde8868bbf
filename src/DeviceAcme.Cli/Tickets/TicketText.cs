using System.Globalization;
using System.Text;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Tickets;

/// <summary>How tickets are printed for people.</summary>
internal static class TicketText
{
    public static string One(TicketEntry ticket)
    {
        var rows = new List<(string Name, string? Value)>
        {
            ("ticket", ticket.Id),
            ("profile", ticket.Profile ?? "any, by external account binding"),
            ("state", ticket.RevokedAt is null ? ticket.State : $"revoked {Time(ticket.RevokedAt)}{(ticket.RevocationReason is null ? "" : $": {ticket.RevocationReason}")}"),
            ("uses", $"{ticket.Used} of {Uses(ticket)}{(ticket.LastUsedAt is null ? "" : $", last {Time(ticket.LastUsedAt)} by account {ticket.AccountId}")}"),
            ("expires", Time(ticket.ExpiresAt) ?? "never"),
            ("accounts", ticket.RegistrationEndsAt is null ? null : $"can order until {Time(ticket.RegistrationEndsAt)}"),
            ("device", ticket.DeviceId),
            ("allows", ticket.Allowed is null ? null : string.Join(", ", ticket.Allowed)),
            ("attributes", ticket.Attributes is null ? null : string.Join(", ", ticket.Attributes.Select(attribute => $"{attribute.Key}={attribute.Value}"))),
            ("note", ticket.Note),
            ("made", $"{Time(ticket.CreatedAt)} by {ticket.CreatedBy}"),
        };
        if (ticket.Secrets is { } secrets)
        {
            rows.Add(("", null));
            rows.Add(("key id", secrets.KeyId));
            rows.Add(("mac key", secrets.MacKey));
            rows.Add(("ClientIdentifier", secrets.ClientIdentifier));
            rows.Add(("directory", secrets.DirectoryUrl));
        }

        return string.Join(Environment.NewLine, rows.Where(row => row.Value is not null).Select(row => $"{row.Name,-16}  {row.Value}"));
    }

    /// <summary>The ticket with what to give to whom.</summary>
    public static string Present(TicketEntry ticket)
    {
        var text = new StringBuilder(One(ticket));
        if (ticket.Secrets is { } secrets)
        {
            text.AppendLine().AppendLine();
            if (secrets.ClientIdentifier is { } code)
            {
                text.AppendLine("a managed Apple device, in its payload ('deviceacme apple payload --ticket' writes it):");
                text.AppendLine($"  ClientIdentifier  {code}");
            }
            else if (secrets.DirectoryUrl is { } url)
            {
                text.AppendLine("a client that cannot send an external account, Apple's for example, as its directory:");
                text.AppendLine($"  {url}");
            }

            text.AppendLine("a client with external account binding ('deviceacme client-config' prints its command):");
            text.AppendLine($"  --eab {secrets.KeyId} --eab-key {secrets.MacKey}");
        }

        return text.ToString().TrimEnd();
    }

    public static string Table(IReadOnlyList<TicketEntry> tickets)
    {
        string[][] rows =
        [
            ["TICKET", "PROFILE", "STATE", "USES", "EXPIRES", "FOR", "ACCOUNT", "NOTE"],
            .. tickets.Select(ticket => new[]
            {
                ticket.Id, ticket.Profile ?? "any", ticket.State, $"{ticket.Used}/{Uses(ticket)}", Time(ticket.ExpiresAt) ?? "never",
                ticket.DeviceId ?? (ticket.Allowed is { } allowed ? allowed[0] + (allowed.Count > 1 ? ", …" : "") : "anything"), ticket.AccountId ?? "none yet", ticket.Note ?? "",
            }),
        ];
        return TextTable.Of(rows);
    }

    private static string Uses(TicketEntry ticket) => ticket.Uses?.ToString(CultureInfo.InvariantCulture) ?? "any";

    private static string? Time(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
