using System.Net;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Identifiers;

/// <summary>An IPv4 or IPv6 address in its canonical text form (RFC 8738 §3).</summary>
internal sealed class IpIdentifier : IIdentifierType
{
    public string Name => AcmeIdentifier.Ip;

    public string Read(string value)
    {
        // RFC 8738 §3: IPv4 as in RFC 1123 §2.1, IPv6 as in RFC 5952 §4; a scope id, a prefix or another spelling is not the canonical form
        if (value.Length > 45 || !IPAddress.TryParse(value, out var address))
        {
            throw Problems.RejectedIdentifier("ip-address-invalid", "ip identifier: expected an IPv4 or IPv6 address in text form");
        }

        var canonical = address.ToString();
        if (canonical != value)
        {
            throw Problems.RejectedIdentifier("ip-address-not-canonical", $"ip identifier: expected the canonical form {canonical} (RFC 8738 §3)");
        }

        return value;
    }

    // RFC 8738 §7: dns-01 cannot prove an address
    public bool CanProve(string challengeType, bool wildcard) => challengeType is ChallengeTypes.Http01 or ChallengeTypes.TlsAlpn01;
}
