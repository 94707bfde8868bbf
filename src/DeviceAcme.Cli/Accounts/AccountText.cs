using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Accounts;

/// <summary>How accounts are printed for people.</summary>
internal static class AccountText
{
    public static string Table(IReadOnlyList<AccountEntry> accounts)
    {
        string[][] rows =
        [
            ["ACCOUNT", "STATUS", "PROFILE", "MADE", "CONTACT", "TICKET"],
            .. accounts.Select(account => new[]
            {
                account.Id, account.Status, account.Profile, ExplainText.Time(account.CreatedAt), account.Contact.Count > 0 ? string.Join(", ", account.Contact) : "-", account.TicketId ?? account.ExternalAccountKeyId ?? "-",
            }),
        ];
        return TextTable.Of(rows);
    }

    public static string One(AccountRecord account)
    {
        var rows = new List<(string Name, string? Value)>
        {
            ("account", $"{account.Id}  {account.Status}"),
            ("profile", account.Profile),
            ("made", ExplainText.Time(account.CreatedAt)),
            ("key", $"thumbprint {account.Thumbprint}"),
            ("contact", account.Contact.Count > 0 ? string.Join(", ", account.Contact) : null),
            ("vouched by", account.ExternalAccountKeyId is { } key ? $"external account {key}" : null),
            ("ticket", account.TicketId),
            ("agreed to", account.AgreedTerms),
        };
        rows.AddRange(account.DeviceIds.Select(device => ("device", (string?)device)));
        rows.AddRange(account.OrderIds.Select(order => ("order", (string?)order)));
        rows.AddRange(account.CertificateIds.Select(certificate => ("certificate", (string?)certificate)));
        return string.Join(Environment.NewLine, rows.Where(row => row.Value is not null).Select(row => $"{row.Name,-13}  {ExplainText.Visible(row.Value!)}"));
    }
}
