using System.Text;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Devices;

/// <summary>How devices are printed for people.</summary>
internal static class DeviceText
{
    public static string Table(IReadOnlyList<DeviceEntry> devices) => Rows(
        ["ID", "STATE", "IDENTIFIERS", "LABEL", "OWNER", "GROUPS", "LAST SEEN"],
        devices.Select(device => new[]
        {
            device.Id, device.State, Names(device, " "), device.Label ?? "", device.Owner ?? "", string.Join(' ', device.Groups),
            device.LastSeenAt is { } seen ? ExplainText.Time(seen) : device.LastEnrolledAt is { } enrolled ? $"ticket {ExplainText.Time(enrolled)}" : "never",
        }));

    public static string One(DeviceEntry device)
    {
        var text = new StringBuilder();
        ExplainText.Line(text, "device", device.Id);
        foreach (var (kind, values) in device.Identifiers)
        {
            foreach (var value in values)
            {
                ExplainText.Line(text, "", $"{kind} {value}");
            }
        }

        ExplainText.Line(text, "state", $"{device.State} since {ExplainText.Time(device.StateSince)}{(device.StateReason is { } reason ? $": {reason}" : "")}");
        (string Name, string? Value)[] lines =
        [
            ("label", device.Label), ("owner", device.Owner), ("groups", device.Groups.Count > 0 ? string.Join(' ', device.Groups) : null), ("replaced by", device.ReplacedBy),
            ("last seen", device.LastSeenAt is { } seen ? ExplainText.Time(seen) : "never"),
            ("enrolled", device.LastEnrolledAt is { } enrolled ? ExplainText.Time(enrolled) : null),
        ];
        foreach (var (name, value) in lines)
        {
            if (value is not null)
            {
                ExplainText.Line(text, name, value);
            }
        }

        foreach (var (key, value) in device.Attributes)
        {
            ExplainText.Line(text, "attribute", $"{key} = {value}");
        }

        return text.ToString();
    }

    public static string Of(DeviceEnrollments hanging)
    {
        var text = new StringBuilder();
        Section("accounts", ["ID", "PROFILE", "STATUS", "SINCE"], hanging.Accounts.Select(row => new[] { row.Id, row.Profile, row.Status, ExplainText.Time(row.CreatedAt) }));
        Section("orders", ["ID", "PROFILE", "STATUS", "AT", "ACCOUNT", "EVIDENCE", "CERTIFICATE"], hanging.Orders.Select(row => new[]
        {
            row.Id, row.Profile, row.Status, ExplainText.Time(row.CreatedAt), row.AccountId, row.EvidenceId ?? "", row.CertificateId ?? "",
        }));
        Section("evidence", ["ID", "KIND", "PROFILE", "AT"], hanging.Evidence.Select(row => new[] { row.Id, row.Kind, row.Profile, ExplainText.Time(row.At) }));
        Section("certificates", CertificateColumns, hanging.Certificates.Select(Cells));
        return text.ToString();

        void Section(string title, string[] header, IEnumerable<string[]> rows)
        {
            var all = rows.ToList();
            text.AppendLine().AppendLine(all.Count == 0 ? $"{title}: none" : title);
            if (all.Count > 0)
            {
                text.Append(Rows(header, all));
            }
        }
    }

    public static string Of(DeviceChange change)
    {
        var text = new StringBuilder(One(change.Device));
        foreach (var certificate in change.Revoked)
        {
            ExplainText.Line(text, "revoked", $"certificate {certificate.Id}, profile {certificate.Profile}, serial {certificate.Serial}");
        }

        foreach (var key in change.RevokedAttestationKeys)
        {
            ExplainText.Line(text, "revoked", $"attestation key {key.Id}, profile {key.Profile}, serial {key.Serial}");
        }

        return text.ToString();
    }

    public static string Of(AuditPage history) => Rows(
        ["AT", "WHAT", "BY", "DETAIL"],
        history.Events.Select(row => new[] { row.At, row.Kind, row.Actor ?? row.Profile ?? "", string.Join("  ", new[] { row.Reason, row.Detail, row.Order, row.Certificate }.Where(part => part is not null)) }));

    private static readonly string[] CertificateColumns = ["ID", "PROFILE", "SERIAL", "FROM", "UNTIL", "REVOKED"];

    private static string[] Cells(DeviceCertificateEntry row) =>
        [row.Id, row.Profile, row.Serial, ExplainText.Time(row.NotBefore), ExplainText.Time(row.NotAfter), row.RevokedAt is { } revoked ? ExplainText.Time(revoked) : "no"];

    private static string Names(DeviceEntry device, string between) => string.Join(between, device.Identifiers.SelectMany(kind => kind.Value.Select(value => $"{kind.Key}={value}")));

    private static string Rows(string[] header, IEnumerable<string[]> lines) => TextTable.Of([header, .. lines]);
}
