using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Download and revocation (RFC 8555 §7.4.2, §7.6).</summary>
internal static class CertificateRules
{
    private const string PemChain = "application/pem-certificate-chain";

    // RFC 5280 §5.3.1 has no 7
    private static readonly int[] Reasons = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("certificate-downloaded", "RFC 8555 §7.4.2", Level.Must, "downloads the certificate of a valid order", Downloaded),
        new("accept-pem", "RFC 8555 §7.4.2", Level.Should, "accepts application/pem-certificate-chain", story =>
            Downloads(story).Select(exchange => Finding.Of(AcceptsPem(exchange.Header("Accept")), $"Accept: {exchange.Header("Accept")}", exchange.Number))),
        new("certificate-downloaded-once", "RFC 8555 §7.4.2", Level.Advice, "downloads a chain once", story =>
            Downloads(story).Where(exchange => exchange.Status == 200).GroupBy(exchange => exchange.Url).Select(group => Finding.Of(
                group.Count() <= 2, $"downloaded {group.Count()} times", [.. group.Select(exchange => exchange.Number).Take(4)]))),
        new("alternate-chains", "RFC 8555 §7.4.2", Level.Advice, "looks at the other chains that are offered (a client that takes the first one is right too: seen or not seen)", story =>
            Downloads(story).Where(exchange => exchange.Url.Contains("alternate=", StringComparison.Ordinal) && exchange.Status == 200).Select(exchange => Finding.Good(exchange.Number))),
        new("revocation-request", "RFC 8555 §7.6", Level.Must, "revokes with the certificate's DER in base64url", story =>
            Revocations(story).Select(pair => Finding.Of(IsCertificate(pair.Jws.Content), "certificate is no certificate in base64url", pair.Exchange.Number))),
        new("revocation-reason", "RFC 8555 §7.6", Level.Must, "names a reason of RFC 5280 §5.3.1, or none", story =>
            Revocations(story).Select(pair => Finding.Of(
                pair.Jws.Content?["reason"] is not { } reason || (reason is JsonValue value && value.TryGetValue(out int number) && Reasons.Contains(number)), $"reason {pair.Jws.Content?["reason"]?.ToJsonString()}", pair.Exchange.Number))),
    ];

    private static IEnumerable<Recorded> Downloads(Story story) => story.Posts.Where(exchange => exchange.Resource == Resource.Certificate);

    private static IEnumerable<(Recorded Exchange, SentJws Jws)> Revocations(Story story) => story.Signed.Where(pair => pair.Exchange.Resource == Resource.RevokeCertificate);

    private static IEnumerable<Finding> Downloaded(Story story)
    {
        foreach (var order in story.Orders.Where(order => order.Certificate is not null))
        {
            var told = order.Told.First(told => told.Status == "valid");
            var download = Downloads(story).FirstOrDefault(exchange => exchange.Url == order.Certificate && exchange.Number > told.Number);
            if (download is not null || story.Ripe(story.Exchanges.First(exchange => exchange.Number == told.Number), Patience))
            {
                yield return download is not null ? Finding.Good(told.Number, download.Number) : Finding.Bad("never downloaded", told.Number);
            }
        }
    }

    private static bool AcceptsPem(string? accept) =>
        accept is null || accept.Split(',').Select(one => one.Split(';')[0].Trim()).Any(type => type is PemChain or "*/*" or "application/*");

    private static bool IsCertificate(JsonObject? content)
    {
        try
        {
            return SentJws.Octets(SentJws.Text(content?["certificate"])) is { } der && X509CertificateLoader.LoadCertificate(der).Handle != 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
