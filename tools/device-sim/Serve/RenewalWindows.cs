using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Simulator.Serve;

/// <summary>Renewal information (RFC 9773) for the certificates that clients fetched here, and what newer orders replace.</summary>
internal sealed class RenewalWindows
{
    private const int Most = 20_000;
    private static readonly TimeSpan LookAgain = TimeSpan.FromHours(6);
    private static readonly TimeSpan LookAgainSoon = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Issued> _issued = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _replacedBy = new(StringComparer.Ordinal);

    /// <summary>A certificate that an account fetched.</summary>
    public void Saw(X509Certificate2 certificate, string? account)
    {
        if (IdOf(certificate) is { } id)
        {
            lock (_lock)
            {
                if (_issued.Count >= Most)
                {
                    _issued.Clear();
                    _replacedBy.Clear();
                }

                _issued[id] = new Issued(account, certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
            }
        }
    }

    /// <summary>RFC 9773 §4.1: authority key identifier and serial number as they stand in the certificate.</summary>
    public static string? IdOf(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier is { } authority
            ? $"{Base64Url.Encode(authority.Span)}.{Base64Url.Encode(certificate.SerialNumberBytes.Span)}"
            : null;

    /// <summary>The answer to a question for a window; null where there is no such certificate.</summary>
    public (JsonObject Window, TimeSpan RetryAfter)? Find(string id, bool over, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (!_issued.TryGetValue(id, out var issued))
            {
                return null;
            }

            var life = issued.NotAfter - issued.NotBefore;
            var (start, end) = over ? (now.AddHours(-2), now.AddHours(-1)) : (issued.NotBefore + (life * 0.66), issued.NotBefore + (life * 0.7));
            return (new JsonObject { ["suggestedWindow"] = new JsonObject { ["start"] = Text(start), ["end"] = Text(end) } }, over ? LookAgainSoon : LookAgain);
        }
    }

    /// <summary>What is wrong with <c>replaces</c> in an order (RFC 9773 §5): status, type and words; null where it is right.</summary>
    public (int Status, string Type, string Detail)? Wrong(string replaces, string? account)
    {
        lock (_lock)
        {
            return !_issued.TryGetValue(replaces, out var issued) ? (400, "malformed", "replaces: no certificate of this server has this identifier")
                : issued.Account != account ? (403, "unauthorized", "replaces: expected a certificate of the same account")
                : _replacedBy.ContainsKey(replaces) ? (409, "alreadyReplaced", "replaces: another order replaces this certificate")
                : null;
        }
    }

    public void Replaced(string replaces, string order)
    {
        lock (_lock)
        {
            _replacedBy[replaces] = order;
        }
    }

    /// <summary>What an order replaces.</summary>
    public string? ReplacedBy(string order)
    {
        lock (_lock)
        {
            return _replacedBy.FirstOrDefault(pair => pair.Value == order).Key;
        }
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private sealed record Issued(string? Account, DateTimeOffset NotBefore, DateTimeOffset NotAfter);
}
