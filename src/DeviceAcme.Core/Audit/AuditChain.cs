using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Core.Audit;

/// <summary>How events hold each other in place: what is hashed of each.</summary>
internal static class AuditChain
{
    public const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>What stands for the hash before the first event.</summary>
    public static ReadOnlySpan<byte> Genesis => new byte[SHA256.HashSizeInBytes];

    /// <summary>SHA-256 of the canonical JSON (RFC 8785) of everything but the hash itself.</summary>
    public static byte[] Hash(AuditRecord record)
    {
        var text = Encoding.UTF8.GetBytes(Write(record, withHash: false));
        return SHA256.HashData(text);
    }

    /// <summary>The record as canonical JSON (RFC 8785) in one line: members sorted by name, none that is absent.</summary>
    public static string Write(AuditRecord record, bool withHash)
    {
        var json = new StringBuilder(512).Append('{');
        Text("account", record.Account);
        Text("actor", record.Actor);
        Text("at", record.At);
        Text("authorization", record.Authorization);
        Text("certificate", record.Certificate);
        Text("detail", record.Detail);
        Text("device", record.Device);
        Text("hash", withHash ? record.Hash : null);
        Text("kind", record.Kind);
        Text("order", record.Order);
        Text("previous", record.Previous);
        Text("profile", record.Profile);
        Text("reason", record.Reason);
        return json.Append("\"sequence\":").Append(record.Sequence.ToString(CultureInfo.InvariantCulture)).Append('}').ToString();

        void Text(string name, string? value)
        {
            if (value is not null)
            {
                json.Append('"').Append(name).Append("\":\"");
                Escape(json, value);
                json.Append("\",");
            }
        }
    }

    public static AuditRecord Record(AuditEvent happened) => new()
    {
        Sequence = happened.Sequence,
        At = happened.At.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture),
        Kind = happened.Kind,
        Actor = happened.Actor,
        Profile = happened.Profile,
        Account = happened.Account?.Value,
        Order = happened.Order?.Value,
        Authorization = happened.Authorization?.Value,
        Certificate = happened.Certificate?.Value,
        Device = happened.Device?.Value,
        Reason = happened.Reason,
        Detail = happened.Detail,
        Previous = Hex(happened.Previous),
        Hash = Hex(happened.Hash),
    };

    // RFC 8785 §3.2.2.2: only what JSON forbids in a string is escaped
    private static void Escape(StringBuilder json, string value)
    {
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                < ' ' => json.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => json.Append(letter),
            };
        }
    }

    private static string Hex(byte[]? hash) => hash is null ? "" : Convert.ToHexStringLower(hash);
}
