using System.Text.RegularExpressions;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Identifiers;

/// <summary>An absolute URI, for example a SPIFFE ID; our own type, registered nowhere. Compared octet for octet, never normalized.</summary>
internal sealed partial class UriIdentifier : IIdentifierType
{
    private const string Spiffe = "spiffe:";

    public string Name => AcmeIdentifier.Uri;

    public string Read(string value)
    {
        if (NameFilling.Parse(AlternativeNames.Uri, value, out var error) is null)
        {
            throw Problems.RejectedIdentifier("uri-invalid", $"uri identifier: '{Shown(value)}' {error}; an absolute URI of at most 2048 ASCII characters was expected (RFC 3986)");
        }

        // the SPIFFE-ID standard §2: two spellings of one identity must not exist
        if (value.StartsWith(Spiffe, StringComparison.OrdinalIgnoreCase) && !SpiffeId().IsMatch(value))
        {
            throw Problems.RejectedIdentifier("uri-invalid", $"uri identifier: '{Shown(value)}' is not a SPIFFE ID: spiffe://trust-domain/path was expected, the trust domain in lower case, the path without empty, '.' or '..' segments, nothing behind it");
        }

        return value;
    }

    public bool CanProve(string challengeType, bool wildcard) => challengeType == ChallengeTypes.Ledger01;

    private static string Shown(string text) => string.Concat(text.Take(100).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '\uFFFD' : letter)) + (text.Length > 100 ? "…" : "");

    [GeneratedRegex(@"\Aspiffe://[a-z0-9._-]{1,255}(?:/(?!\.{1,2}(?:/|\z))[A-Za-z0-9._-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SpiffeId();
}
