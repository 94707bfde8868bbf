using System.Net;
using System.Net.Sockets;

namespace DeviceAcme.Server.Network;

/// <summary>Why validation does not connect to an address.</summary>
/// <param name="Reason">Stable code.</param>
/// <param name="Words">What the address is, with its article, for a problem's detail.</param>
internal sealed record AddressRefusal(string Reason, string Words);

/// <summary>Which addresses validation may connect to. Private networks are reachable, since this is an internal CA; what is refused stands in
/// the tables below, except where <c>--validation-networks</c> names it.</summary>
/// <param name="named">The networks of <c>--validation-networks</c>.</param>
/// <param name="listeners">Where this server listens; a null address stands for all of the machine's own.</param>
internal sealed class AddressPolicy(IReadOnlyList<IPNetwork> named, IReadOnlyList<(IPAddress? Address, int Port)> listeners)
{
    private static readonly (IPNetwork Network, AddressRefusal Refusal)[] Refused =
    [
        // Metadata services of cloud providers hand out credentials to whoever asks; these come first, so that they get their own reason.
        Row("169.254.169.254/32", "address-metadata", "a cloud metadata address"),
        Row("169.254.170.2/32", "address-metadata", "a cloud metadata address"),
        Row("169.254.170.23/32", "address-metadata", "a cloud metadata address"),
        Row("100.100.100.200/32", "address-metadata", "a cloud metadata address"),
        Row("168.63.129.16/32", "address-metadata", "a cloud metadata address"),
        Row("192.0.0.192/32", "address-metadata", "a cloud metadata address"),
        Row("fd00:ec2::/32", "address-metadata", "a cloud metadata address"),
        Row("fd20:ce::254/128", "address-metadata", "a cloud metadata address"),
        Row("fe80::a9fe:a9fe/128", "address-metadata", "a cloud metadata address"),
        Row("127.0.0.0/8", "address-loopback", "a loopback address"),
        Row("::1/128", "address-loopback", "a loopback address"),
        Row("0.0.0.0/8", "address-unspecified", "an unspecified address"),
        Row("::/128", "address-unspecified", "an unspecified address"),
        Row("169.254.0.0/16", "address-link-local", "a link-local address"),
        Row("fe80::/10", "address-link-local", "a link-local address"),
        Row("224.0.0.0/4", "address-multicast", "a multicast address"),
        Row("ff00::/8", "address-multicast", "a multicast address"),
        Row("255.255.255.255/32", "address-broadcast", "the broadcast address"),
        Row("240.0.0.0/4", "address-reserved", "a reserved address"),
    ];

    /// <summary>IPv6 forms that lead to an IPv4 address, and how that is read from the octets.</summary>
    private static readonly (IPNetwork Network, string Words, Func<byte[], byte[]> Inner)[] Embedding =
    [
        (IPNetwork.Parse("::ffff:0:0/96"), "an IPv4-mapped address", o => o[12..]),
        (IPNetwork.Parse("64:ff9b::/96"), "a NAT64 address", o => o[12..]),
        // RFC 8215: a translator may use any prefix length below this one; RFC 6052 §2.2: shorter prefixes go around octet 8.
        (IPNetwork.Parse("64:ff9b:1::/48"), "a NAT64 address", o => o[12..]),
        (IPNetwork.Parse("64:ff9b:1::/48"), "a NAT64 address", o => [o[6], o[7], o[9], o[10]]),
        (IPNetwork.Parse("64:ff9b:1::/48"), "a NAT64 address", o => [o[7], o[9], o[10], o[11]]),
        (IPNetwork.Parse("64:ff9b:1::/48"), "a NAT64 address", o => o[9..13]),
        (IPNetwork.Parse("2002::/16"), "a 6to4 address", o => o[2..6]),
        // RFC 4380 §4: the server, and the client with its bits inverted
        (IPNetwork.Parse("2001::/32"), "a Teredo address", o => o[4..8]),
        (IPNetwork.Parse("2001::/32"), "a Teredo address", o => Array.ConvertAll(o[12..], octet => (byte)~octet)),
        (IPNetwork.Parse("::/96"), "an IPv4-compatible address", o => o[12..]),
    ];

    /// <summary>Null where validation may connect to <paramref name="address"/>.</summary>
    public AddressRefusal? Refusal(IPAddress address, int port)
    {
        var isNamed = named.Any(network => Contains(network, address));
        if (Refused.FirstOrDefault(row => Contains(row.Network, address)) is { Refusal: { } refusal })
        {
            return isNamed ? null : refusal;
        }

        foreach (var (_, words, read) in Embedding.Where(row => Contains(row.Network, address)))
        {
            if (!isNamed)
            {
                return new("address-embeds-ipv4", words);
            }

            // Naming a translator's prefix opens the translator, not what is refused behind it.
            var inner = new IPAddress(read(address.GetAddressBytes()));
            if (Refusal(inner, port) is { Reason: not "address-unspecified" } behind)
            {
                return behind with { Words = $"{words} that leads to {inner}, {behind.Words}" };
            }
        }

        return !isNamed && IsOwnListener(address, port) ? new("address-own-listener", "an address where this server itself listens") : null;
    }

    private bool IsOwnListener(IPAddress address, int port) =>
        listeners.Any(listener => listener.Port == port && (listener.Address is { } own ? own.Equals(address) : IsOwnAddress(address)));

    /// <summary>Asks the routing table: the way to an own address starts at that address. Nothing is sent.</summary>
    private static bool IsOwnAddress(IPAddress address)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            probe.Connect(address, 9);
            return IPAddress.IsLoopback(address) || (probe.LocalEndPoint is IPEndPoint local && local.Address.Equals(address));
        }
        catch (SocketException)
        {
            return false; // no way there, so it is not here either
        }
    }

    /// <summary>By octets: <see cref="IPNetwork.Contains"/> takes an IPv4-mapped address for the IPv4 address inside.</summary>
    private static bool Contains(IPNetwork network, IPAddress address)
    {
        var prefix = network.BaseAddress.GetAddressBytes();
        var octets = address.GetAddressBytes();
        if (prefix.Length != octets.Length)
        {
            return false;
        }

        var whole = network.PrefixLength / 8;
        var rest = network.PrefixLength % 8;
        return prefix.AsSpan(0, whole).SequenceEqual(octets.AsSpan(0, whole)) && (rest == 0 || (prefix[whole] ^ octets[whole]) >> (8 - rest) == 0);
    }

    private static (IPNetwork, AddressRefusal) Row(string network, string reason, string words) => (IPNetwork.Parse(network), new(reason, words));
}
