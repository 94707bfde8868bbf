using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Core.Webhooks;

/// <summary>
/// The signatures of both directions, HMAC-SHA256 in lower-case hex behind <c>v1=</c>. A request is signed over its timestamp, a dot and its body;
/// an answer over the delivery that it answers, a dot and its body, so that it is good for this one question.
/// </summary>
internal static class WebhookSignature
{
    public const string DeliveryHeader = "DeviceAcme-Delivery";
    public const string TimestampHeader = "DeviceAcme-Timestamp";
    public const string SignatureHeader = "DeviceAcme-Signature";

    private const string Version = "v1=";
    private const int MostSignatures = 4;

    /// <summary>The value of the header of a request; one signature under each secret, so that secrets can be changed one side after the other.</summary>
    public static string OfRequest(IEnumerable<string> secrets, long timestamp, ReadOnlySpan<byte> body)
    {
        var signed = Join(timestamp.ToString(CultureInfo.InvariantCulture), body);
        return string.Join(',', secrets.Select(secret => Version + Mac(secret, signed)));
    }

    /// <summary>Whether one of the header's signatures is that of an answer to this delivery under one of the secrets.</summary>
    public static bool IsOfAnswer(string? header, IEnumerable<string> secrets, string delivery, ReadOnlySpan<byte> body)
    {
        var signed = Join(delivery, body);
        var given = (header ?? "").Split(',', MostSignatures + 1, StringSplitOptions.TrimEntries).Take(MostSignatures).ToList();
        return secrets.Select(secret => Version + Mac(secret, signed)).Aggregate(false, (good, right) => given.Aggregate(good, (found, one) => Secrets.Equal(one, right) || found));
    }

    private static byte[] Join(string before, ReadOnlySpan<byte> body) => [.. Encoding.UTF8.GetBytes(before), (byte)'.', .. body];

    private static string Mac(string secret, byte[] signed) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
}
