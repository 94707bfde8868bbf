using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>
/// Google's status list of attestation certificates (<c>https://android.googleapis.com/attestation/status</c>), parsed: entries keyed by
/// lower-case hex serial number. Who is listed is revoked or suspended; both are refused. Immutable and thread-safe.
/// </summary>
public sealed class StatusList
{
    /// <summary>A list larger than this is not read; the published one has some hundred kilobytes.</summary>
    public const int MaxSize = 32 * 1024 * 1024;

    // RFC 5280 §4.1.2.2 allows 20 octets; vendors went a little beyond
    private const int MaxSerialDigits = 64;

    private readonly FrozenDictionary<string, string> _statuses;

    private StatusList(Dictionary<string, string> statuses, DateTimeOffset fetchedAt)
    {
        _statuses = statuses.ToFrozenDictionary(StringComparer.Ordinal);
        FetchedAt = fetchedAt;
    }

    /// <summary>How many certificates are listed.</summary>
    public int Count => _statuses.Count;

    /// <summary>When its source was known to say this.</summary>
    public DateTimeOffset FetchedAt { get; }

    /// <summary>Reads the JSON document. One broken entry breaks the list: half a revocation list is none.</summary>
    /// <param name="json">UTF-8, as published.</param>
    /// <param name="fetchedAt">When it was fetched; its age is counted from then.</param>
    /// <param name="list">The list; null on failure.</param>
    /// <param name="problem">What is wrong, in one sentence; null on success.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> json, DateTimeOffset fetchedAt,
        [NotNullWhen(true)] out StatusList? list, [NotNullWhen(false)] out string? problem)
    {
        list = null;
        if (json.Length > MaxSize)
        {
            problem = $"{json.Length} bytes, more than {MaxSize}";
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            problem = Read(document.RootElement, out var statuses);
            list = problem is null ? new StatusList(statuses, fetchedAt) : null;
            return list is not null;
        }
        catch (JsonException broken)
        {
            problem = $"not JSON: {EvidenceText.Visible(broken.Message)}";
            return false;
        }
    }

    /// <summary>The status of the certificate with this serial number, for example <c>REVOKED</c>; null where it is not listed.</summary>
    /// <param name="serialNumber">The content octets of the DER INTEGER.</param>
    public string? Find(ReadOnlySpan<byte> serialNumber) => _statuses.GetValueOrDefault(Key(Convert.ToHexStringLower(serialNumber)));

    private static string? Read(JsonElement root, out Dictionary<string, string> statuses)
    {
        statuses = new Dictionary<string, string>(StringComparer.Ordinal);
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("entries", out var entries) || entries.ValueKind != JsonValueKind.Object)
        {
            return "no object 'entries'";
        }

        foreach (var entry in entries.EnumerateObject())
        {
            if (entry.Name.Length is 0 or > MaxSerialDigits || !entry.Name.All(char.IsAsciiHexDigit))
            {
                return $"the key '{EvidenceText.Visible(entry.Name)}' is no serial number in hex";
            }

            if (entry.Value.ValueKind != JsonValueKind.Object || !entry.Value.TryGetProperty("status", out var status)
                || status.ValueKind != JsonValueKind.String)
            {
                return $"the entry '{entry.Name}' has no status";
            }

            statuses[Key(entry.Name.ToLower(CultureInfo.InvariantCulture))] = EvidenceText.Visible(status.GetString()!);
        }

        return null;
    }

    // lists are keyed without leading zeros, DER needs one where the first bit is set: neither side may hide a certificate behind them
    private static string Key(string hex) => hex.TrimStart('0');
}
