using System.Net;
using System.Text;
using DeviceAcme.Server.Network;
using DeviceAcme.Server.Network.Dns;
using DeviceAcme.Simulator.Dns;
using FluentAssertions;
using Xunit;
using DnsAnswer = DeviceAcme.Server.Network.Dns.DnsAnswer;
using DnsType = DeviceAcme.Server.Network.Dns.DnsType;

namespace DeviceAcme.Server.Tests.Network;

/// <summary>The server's DNS client and the simulator's name server were written apart; a trial needs both.</summary>
public sealed class SimulatorDnsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task What_the_simulators_name_server_answers_is_understood()
    {
        var texts = new TxtRecords(Path.Combine(_folder, "txt"));
        for (var i = 0; i < 20; i++)
        {
            texts.Add("_acme-challenge.many.example", $"{i}-{new string('x', 60)}"); // too many for UDP
        }

        await using var server = DnsAnswerer.Start(new(IPAddress.Loopback, 0), [IPAddress.Loopback, IPAddress.IPv6Loopback], texts);
        var client = new DnsClient(() => [server.EndPoint], new NetworkTiming());
        async Task<DnsAnswer> Ask(string name, DnsType type) =>
            await client.Resolve(DnsName.TryParse(name, out var parsed) ? parsed : throw new FormatException(name), type, TestContext.Current.CancellationToken);

        (await Ask("a.example", DnsType.A)).Records.OfType<AddressRecord>().Single().Address.Should().Be(IPAddress.Loopback);
        (await Ask("a.example", DnsType.Aaaa)).Records.OfType<AddressRecord>().Single().Address.Should().Be(IPAddress.IPv6Loopback);
        (await Ask("a.example", DnsType.Caa)).Reason.Should().Be("dns-no-records");
        (await Ask("a.invalid", DnsType.A)).Reason.Should().Be("dns-no-such-name");
        (await Ask("_acme-challenge.many.example", DnsType.Txt)).Records.OfType<TxtRecord>()
            .Select(r => Encoding.ASCII.GetString(r.Value)[..2]).Should().HaveCount(20).And.Contain("19");
    }
}
