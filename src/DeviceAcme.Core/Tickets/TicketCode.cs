using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Tickets;

/// <summary>The secret of a ticket as a device shows it: a one-time ClientIdentifier, or a part of a directory's URL. The store has its hash.</summary>
internal static partial class TicketCode
{
    /// <summary>So that whoever finds one knows what it is, and so that it can be taken out of logs.</summary>
    public const string Prefix = "tkt_";

    /// <summary>What stands in its place where it must not be read.</summary>
    public const string Redacted = Prefix + "…";

    /// <summary>128 random bits, base64url, behind the prefix.</summary>
    public const int Length = 26;

    public static string New() => Prefix + Secrets.Code();

    public static bool Is(string text) => Code().Match(text) is { Success: true, Length: Length } && text.Length == Length;

    public static string Hash(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code)));

    /// <summary>The text without the codes in it.</summary>
    public static string Redact(string text) => text.Contains(Prefix, StringComparison.Ordinal) ? Code().Replace(text, Redacted) : text;

    /// <summary>The identifiers as administrators see them: what is a code stays the device's.</summary>
    public static IReadOnlyList<AcmeIdentifier> Redact(IReadOnlyList<AcmeIdentifier> identifiers) => [.. identifiers.Select(Redact)];

    public static AcmeIdentifier Redact(AcmeIdentifier identifier) => identifier with { Value = Redact(identifier.Value) };

    [GeneratedRegex(@"tkt_[A-Za-z0-9_-]{22}", RegexOptions.CultureInvariant)]
    private static partial Regex Code();
}
