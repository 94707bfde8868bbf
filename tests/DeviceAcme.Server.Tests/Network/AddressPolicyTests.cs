using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using DeviceAcme.Server.Network;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Network;

public class AddressPolicyTests
{
    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("8.8.8.8")]
    [InlineData("fd12:3456::1")]
    [InlineData("2a00::1")]
    [InlineData("2001:db8::1")]
    public void Private_and_public_addresses_are_reached(string address) => Reason(address).Should().BeNull();

    [Theory, Spec("RFC 6890 §2.2")]
    [InlineData("127.0.0.1", "address-loopback")]
    [InlineData("127.255.255.254", "address-loopback")]
    [InlineData("::1", "address-loopback")]
    [InlineData("0.0.0.0", "address-unspecified")]
    [InlineData("0.1.2.3", "address-unspecified")]
    [InlineData("::", "address-unspecified")]
    [InlineData("169.254.1.1", "address-link-local")]
    [InlineData("fe80::1", "address-link-local")]
    [InlineData("fe80::1%1", "address-link-local")]
    [InlineData("febf::1", "address-link-local")]
    [InlineData("224.0.0.1", "address-multicast")]
    [InlineData("239.255.255.255", "address-multicast")]
    [InlineData("ff02::1", "address-multicast")]
    [InlineData("255.255.255.255", "address-broadcast")]
    [InlineData("240.0.0.1", "address-reserved")]
    [InlineData("169.254.169.254", "address-metadata")]
    [InlineData("169.254.170.2", "address-metadata")]
    [InlineData("100.100.100.200", "address-metadata")]
    [InlineData("168.63.129.16", "address-metadata")]
    [InlineData("fd00:ec2::254", "address-metadata")]
    [InlineData("::ffff:127.0.0.1", "address-embeds-ipv4")]
    [InlineData("::ffff:10.0.0.1", "address-embeds-ipv4")]
    [InlineData("::127.0.0.1", "address-embeds-ipv4")]
    [InlineData("64:ff9b::a9fe:a9fe", "address-embeds-ipv4")]
    [InlineData("64:ff9b::a00:1", "address-embeds-ipv4")]
    [InlineData("64:ff9b:1::a9fe:a9fe", "address-embeds-ipv4")]
    [InlineData("2002:7f00:1::", "address-embeds-ipv4")]
    [InlineData("2001:0:7f00:1::", "address-embeds-ipv4")]
    public void A_refused_address_has_its_reason(string address, string reason) => Reason(address).Should().Be(reason);

    [Theory]
    [InlineData("127.0.0.0/8", "127.0.0.1", null)]
    [InlineData("127.0.0.0/8", "::1", "address-loopback")]
    [InlineData("127.0.0.0/8", "::ffff:127.0.0.1", "address-embeds-ipv4")]
    [InlineData("::1/128", "::1", null)]
    [InlineData("169.254.0.0/16", "169.254.169.254", null)]
    [InlineData("fe80::/10", "fe80::1", null)]
    public void A_named_network_is_reached_and_no_other_form_of_it(string network, string address, string? reason) =>
        Reason(address, IPNetwork.Parse(network)).Should().Be(reason);

    [Theory, Spec("RFC 6052 §2.2"), Spec("RFC 8215 §3")]
    [InlineData("64:ff9b::/96", "64:ff9b::a00:1", null)]
    [InlineData("64:ff9b::/96", "64:ff9b::a9fe:a9fe", "address-metadata")]
    [InlineData("64:ff9b::/96", "64:ff9b::7f00:1", "address-loopback")]
    [InlineData("64:ff9b:1::/48", "64:ff9b:1::a00:1", null)]
    [InlineData("64:ff9b:1::/48", "64:ff9b:1::a9fe:a9fe", "address-metadata")]
    [InlineData("64:ff9b:1::/48", "64:ff9b:1:a9fe:a9:fe00::", "address-metadata")]
    [InlineData("64:ff9b:1::/48", "64:ff9b:1:aa:7f:0:100::", "address-loopback")]
    [InlineData("::ffff:0:0/96", "::ffff:10.0.0.1", null)]
    [InlineData("::ffff:0:0/96", "::ffff:127.0.0.1", "address-loopback")]
    [InlineData("::/0", "2002:a9fe:a9fe::", "address-metadata")]
    [InlineData("::/0", "2001:0:a00:1:0:0:8000:fffe", "address-loopback")] // the client 127.255.0.1, inverted
    public void Naming_a_translator_does_not_open_what_is_refused_behind_it(string network, string address, string? reason) =>
        Reason(address, IPNetwork.Parse(network)).Should().Be(reason);

    [Fact]
    public void The_servers_own_listeners_are_refused_and_other_ports_of_its_addresses_are_not()
    {
        var policy = new AddressPolicy([], [(IPAddress.Parse("10.1.2.3"), 14000)]);
        policy.Refusal(IPAddress.Parse("10.1.2.3"), 14000)!.Reason.Should().Be("address-own-listener");
        policy.Refusal(IPAddress.Parse("10.1.2.3"), 80).Should().BeNull();
        policy.Refusal(IPAddress.Parse("10.1.2.4"), 14000).Should().BeNull();
        new AddressPolicy([IPNetwork.Parse("10.1.2.0/24")], [(IPAddress.Parse("10.1.2.3"), 14000)]).Refusal(IPAddress.Parse("10.1.2.3"), 14000).Should().BeNull();
    }

    [Fact]
    public void A_listener_on_all_addresses_is_found_at_each_of_the_machines_own()
    {
        var policy = new AddressPolicy([], [(null, 14000)]);
        var own = NetworkInterface.GetAllNetworkInterfaces().Where(i => i.OperationalStatus == OperationalStatus.Up)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses).Select(a => a.Address)
            .Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal && !(a.AddressFamily == AddressFamily.InterNetwork && a.GetAddressBytes()[0] == 169));
        own.Select(a => policy.Refusal(a, 14000)?.Reason).Should().OnlyContain(reason => reason == "address-own-listener");
        policy.Refusal(IPAddress.Parse("198.51.100.1"), 14000).Should().BeNull();
    }

    [Fact]
    public void The_listeners_are_those_of_the_options()
    {
        var options = new ServerOptions
        {
            DataDirectory = "",
            ProfilesDirectory = "",
            Url = new("https://acme.example"),
            StatusUrl = new("http://crl.example"),
            AdminUrl = new("http://127.0.0.1:14002"),
        };
        OwnListeners.Of(options).Should().Equal((null, 443), (null, 80), (IPAddress.Loopback, 14002));
        OwnListeners.Of(options with { Listen = [new("https://10.0.0.1:8443"), new("https://[::]:8444")], StatusListen = new("http://[fd00::1]:81") })
            .Should().Equal((IPAddress.Parse("10.0.0.1"), 8443), (null, 8444), (IPAddress.Parse("fd00::1"), 81), (IPAddress.Loopback, 14002));
    }

    private static string? Reason(string address, params IPNetwork[] named) => new AddressPolicy(named, []).Refusal(IPAddress.Parse(address), 80)?.Reason;
}
