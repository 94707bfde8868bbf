using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Certificates;

/// <summary>How issued certificates are printed for people.</summary>
internal static class CertificateListText
{
    public static string Table(IReadOnlyList<CertificateEntry> certificates)
    {
        string[][] rows =
        [
            ["CERTIFICATE", "STATUS", "PROFILE", "SUBJECT", "SERIAL", "UNTIL", "DEVICE"],
            .. certificates.Select(certificate => new[]
            {
                certificate.Id, certificate.Status, certificate.Profile, certificate.Subject.Length > 0 ? certificate.Subject : "-", certificate.Serial, ExplainText.Time(certificate.NotAfter), certificate.DeviceId ?? "-",
            }),
        ];
        return TextTable.Of(rows);
    }

    public static string One(CertificateRecord certificate)
    {
        (string Name, string? Value)[] rows =
        [
            ("certificate", $"{certificate.Id}  {certificate.Status}"),
            ("serial", certificate.Serial),
            ("subject", certificate.Subject.Length > 0 ? certificate.Subject : "(empty)"),
            ("ordered", string.Join(", ", certificate.Identifiers)),
            ("profile", certificate.Profile),
            ("valid", $"{ExplainText.Time(certificate.NotBefore)} to {ExplainText.Time(certificate.NotAfter)}, issued {ExplainText.Time(certificate.IssuedAt)}"),
            ("revoked", certificate.RevokedAt is { } at ? $"{ExplainText.Time(at)}{(certificate.RevocationReason is { } reason ? $", {reason}" : "")}" : null),
            ("SHA-256", certificate.Fingerprint),
            ("issuer key", certificate.IssuerKeyId),
            ("order", certificate.OrderId),
            ("account", certificate.AccountId),
            ("device", certificate.DeviceId),
        ];
        return string.Join(Environment.NewLine, rows.Where(row => row.Value is not null).Select(row => $"{row.Name,-13}  {ExplainText.Visible(row.Value!)}"));
    }
}
