using System.Net;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>The record types that validation asks for (RFC 1035 §3.2.2, RFC 3596, RFC 8659); OPT is RFC 6891.</summary>
internal enum DnsType : ushort
{
    A = 1,
    Cname = 5,
    Txt = 16,
    Aaaa = 28,
    Opt = 41,
    Caa = 257,
}

/// <summary>One record of an answer section; its type and class are already checked.</summary>
internal abstract record DnsRecord(DnsName Owner, DnsType Type);

/// <summary>A or AAAA.</summary>
internal sealed record AddressRecord(DnsName Owner, DnsType Type, IPAddress Address) : DnsRecord(Owner, Type);

internal sealed record CnameRecord(DnsName Owner, DnsName Target) : DnsRecord(Owner, DnsType.Cname);

/// <summary>TXT; the character strings of one record are joined without a separator (RFC 8555 §8.4 after RFC 7208 §3.3).</summary>
internal sealed record TxtRecord(DnsName Owner, byte[] Value) : DnsRecord(Owner, DnsType.Txt);

/// <summary>CAA (RFC 8659 §4.1); the tag is ASCII letters and digits, the value any octets.</summary>
internal sealed record CaaRecord(DnsName Owner, bool Critical, string Tag, byte[] Value) : DnsRecord(Owner, DnsType.Caa);
