using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Orders;

/// <summary>How orders are printed for people.</summary>
internal static class OrderText
{
    public static string Table(IReadOnlyList<OrderEntry> orders)
    {
        string[][] rows =
        [
            ["ORDER", "STATUS", "PROFILE", "IDENTIFIER", "MADE", "DEVICE", "ACCOUNT", "NOTE"],
            .. orders.Select(order => new[]
            {
                order.Id, order.Status, order.Profile, order.Identifiers[0] + (order.Identifiers.Count > 1 ? ", …" : ""), ExplainText.Time(order.CreatedAt),
                order.DeviceIds.Count > 0 ? string.Join(", ", order.DeviceIds) : "-", order.AccountId, Note(order),
            }),
        ];
        return TextTable.Of(rows);
    }

    public static string One(OrderRecord order)
    {
        var rows = new List<(string Name, string? Value)>
        {
            ("order", $"{order.Id}  {order.Status}"),
            ("profile", $"{order.Profile}, version {order.ProfileHash[..12]}"),
            ("ordered", string.Join(", ", order.Identifiers)),
            ("made", $"{ExplainText.Time(order.CreatedAt)}, ends {ExplainText.Time(order.Expires)}"),
            ("error", order.Error is { } error ? $"{error.Reason}: {error.Detail}" : null),
            ("account", order.AccountId),
        };
        rows.AddRange(order.DeviceIds.Select(device => ("device", (string?)device)));
        rows.AddRange(order.Authorizations.Select(authorization => ("authorization", (string?)$"{authorization.Id}  {authorization.Identifier}  {authorization.Status}, until {ExplainText.Time(authorization.Expires)}")));
        rows.AddRange(order.EvidenceIds.Select(evidence => ("evidence", (string?)evidence)));
        rows.Add(("certificate", order.CertificateId));
        if (order.Approval is { } approval)
        {
            rows.Add(("approval", $"{approval.State}, asked for {ExplainText.Time(approval.RequestedAt)} ({string.Join(", ", approval.Causes)}), until {ExplainText.Time(approval.Expires)}"));
            rows.Add(("", approval.Decision is null ? null : $"{approval.Decision} by {approval.DecidedBy} {ExplainText.Time(approval.DecidedAt!.Value)}{(approval.Comment is null ? "" : $": {approval.Comment}")}"));
            rows.Add(("", approval.Failure is null ? null : $"tried {approval.Attempts} times, last: {approval.Failure}"));
        }

        return string.Join(Environment.NewLine, rows.Where(row => row.Value is not null).Select(row => $"{row.Name,-13}  {ExplainText.Visible(row.Value!)}"));
    }

    private static string Note(OrderEntry order) => order switch
    {
        { Status: "processing", Approval: { State: "waiting" } approval } => $"waits for an officer until {ExplainText.Time(approval.Expires)}",
        { Error.Reason: { } reason } => reason,
        { CertificateId: { } certificate } => $"certificate {certificate}",
        _ => "",
    };
}
