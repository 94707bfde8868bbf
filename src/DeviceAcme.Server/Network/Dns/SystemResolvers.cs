using System.Net;
using System.Net.NetworkInformation;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>The resolvers that the operating system is set up with, for a server that was given none.</summary>
internal static class SystemResolvers
{
    private const int DnsPort = 53;
    private const int MaxResolvers = 3;
    private const string ResolvConf = "/etc/resolv.conf";

    public static IReadOnlyList<IPEndPoint> Read()
    {
        if (OperatingSystem.IsWindows())
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .Where(i => i.OperationalStatus == OperationalStatus.Up)
                .SelectMany(i => i.GetIPProperties().DnsAddresses)
                .Where(a => !a.IsIPv6SiteLocal) // fec0:0:0:ffff::1 and its neighbours stand there without any server behind
                .Distinct().Take(MaxResolvers).Select(a => new IPEndPoint(a, DnsPort))];
        }

        return File.Exists(ResolvConf) ? Parse(File.ReadLines(ResolvConf)) : [];
    }

    /// <summary>The <c>nameserver</c> lines of resolv.conf(5), the first three as in the system's own resolver.</summary>
    internal static IReadOnlyList<IPEndPoint> Parse(IEnumerable<string> lines) =>
        [.. lines.Select(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2 && words[0] == "nameserver")
            .Select(words => IPAddress.TryParse(words[1], out var address) ? address : null)
            .OfType<IPAddress>().Take(MaxResolvers).Select(address => new IPEndPoint(address, DnsPort))];
}
