using System.Globalization;
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
