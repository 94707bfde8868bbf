using System.Globalization;
using DeviceAcme.Simulator.Files;

namespace DeviceAcme.Simulator.Serve;

/// <summary>What a test server is started with and keeps until it ends.</summary>
internal sealed record ServeSettings
{
    /// <summary>The host in the directory's URLs, and the name in the TLS certificate.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>Whether other machines are served too: then real devices can be tried.</summary>
    public bool AnyAddress { get; init; }

    public int Port { get; init; } = 14000;
    public int ManagementPort { get; init; } = 15000;
    public int StatusPort { get; init; } = 14001;
    public int DnsPort { get; init; } = 8053;
    public int Http01Port { get; init; } = 5002;
    public int TlsAlpn01Port { get; init; } = 5001;

    /// <summary>The profile of <c>/directory</c>.</summary>
    public string Profile { get; init; } = "tls-server";

    /// <summary>Folder of other profiles than the shipped ones.</summary>
    public string? Profiles { get; init; }

    /// <summary>Kept afterwards; null is a folder that is thrown away.</summary>
    public string? State { get; init; }

    /// <summary>Where report.json, report.html and report.xml are written at the end.</summary>
    public string? Report { get; init; }

    /// <summary>Decides what is drawn; null draws another each time.</summary>
    public string? Seed { get; init; }

    public bool RandomPaths { get; init; }
    public bool ReuseAuthorizations { get; init; }

    /// <summary>DeviceAcme.Server.dll.</summary>
    public string? ServerProgram { get; init; }

    public Switches Switches { get; init; } = new();
}

/// <summary>One setting: as an option and as a member of a file.</summary>
internal sealed record ServeSetting(string Name, string Group, string? ValueName, string Help, Func<ServeSettings, string?> Read, Func<ServeSettings, string, ServeSettings> Apply);

/// <summary>All settings, those that are switches last.</summary>
internal static class ServeSettingTable
{
    public static IReadOnlyList<ServeSetting> All { get; } =
    [
        Port("port", "port of the ACME server, TLS", s => s.Port, (s, v) => s with { Port = v }),
        Port("management-port", "port of the management endpoint, loopback alone", s => s.ManagementPort, (s, v) => s with { ManagementPort = v }),
        Port("status-port", "port of CRLs and CA certificates", s => s.StatusPort, (s, v) => s with { StatusPort = v }),
        Port("dns-port", "port where names are answered for validations, loopback alone", s => s.DnsPort, (s, v) => s with { DnsPort = v }),
        Port("http-01-port", "port that http-01 validations connect to", s => s.Http01Port, (s, v) => s with { Http01Port = v }),
        Port("tls-alpn-01-port", "port that tls-alpn-01 validations connect to", s => s.TlsAlpn01Port, (s, v) => s with { TlsAlpn01Port = v }),
        new("host", "where", "NAME", "host in the URLs and in the TLS certificate", s => s.Host, (s, text) => s with { Host = HostName(text) }),
        Flag("any-address", "where", "listen on all addresses, so that other machines can be tried; --host must be a name that they know", s => s.AnyAddress, (s, v) => s with { AnyAddress = v }),
        new("profile", "what", "NAME", "profile of /directory", s => s.Profile, (s, text) => s with { Profile = text }),
        new("profiles", "what", "DIR", "folder of profiles (default: the shipped ones)", s => s.Profiles, (s, text) => s with { Profiles = text }),
        new("state", "what", "DIR", "keep CA, accounts and certificates there (default: all of it is thrown away at the end)", s => s.State, (s, text) => s with { State = text }),
        new("seed", "what", "TEXT", "the same text draws the same chaos and makes the same vendors", s => s.Seed, (s, text) => s with { Seed = text }),
        new("report", "what", "DIR", "write report.json, report.html and report.xml (JUnit) there at the end", s => s.Report, (s, text) => s with { Report = text }),
        new("server-program", "what", "FILE", "DeviceAcme.Server.dll (default: DEVICEACME_SERVER_PROGRAM, or the one that was built beside this program)", s => s.ServerProgram, (s, text) => s with { ServerProgram = text }),
        .. SwitchTable.All.Select(one => new ServeSetting(
            one.Name, one.Group, one.ValueName, one.Help, s => one.Read(s.Switches), (s, text) => s with { Switches = one.Apply(s.Switches, text) })),
        Flag("random-paths", "objects", "other paths at each start, and in other URLs a part that cannot be guessed", s => s.RandomPaths, (s, v) => s with { RandomPaths = v }),
        Flag("reuse-authorizations", "objects", "a valid authorization of a name serves later orders of its account too", s => s.ReuseAuthorizations, (s, v) => s with { ReuseAuthorizations = v }),
    ];

    /// <summary>Reads a file with settings by name.</summary>
    /// <exception cref="SimulatorException">It cannot be read, or something in it is wrong.</exception>
    public static ServeSettings ReadFile(string file, ServeSettings settings) => YamlFields.ReadFile(file, fields =>
    {
        foreach (var setting in All)
        {
            if (fields.Text(setting.Name) is { } text)
            {
                try
                {
                    settings = setting.Apply(settings, text);
                }
                catch (FormatException mistake)
                {
                    fields.Mistake(setting.Name, mistake.Message);
                }
            }
        }

        return settings;
    });

    /// <summary>What settings must be to each other.</summary>
    public static void Check(ServeSettings settings)
    {
        int[] ports = [settings.Port, settings.ManagementPort, settings.StatusPort, settings.DnsPort, settings.Http01Port, settings.TlsAlpn01Port];
        if (ports.Distinct().Count() < ports.Length)
        {
            throw new SimulatorException("two of the ports are the same", "--port, --management-port, --status-port, --dns-port, --http-01-port and --tls-alpn-01-port are each for one thing");
        }
    }

    private static ServeSetting Port(string name, string help, Func<ServeSettings, int> read, Func<ServeSettings, int, ServeSettings> apply) => new(
        name, "where", "PORT", help, s => read(s).ToString(CultureInfo.InvariantCulture),
        (s, text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? apply(s, port)
            : throw new FormatException($"expected a port from 1 to 65535, found '{text}'"));

    private static ServeSetting Flag(string name, string group, string help, Func<ServeSettings, bool> read, Func<ServeSettings, bool, ServeSettings> apply) => new(
        name, group, null, help, s => read(s) ? "true" : "false",
        (s, text) => apply(s, text switch { "true" => true, "false" => false, _ => throw new FormatException($"expected true or false, found '{text}'") }));

    private static string HostName(string text) =>
        Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4 ? text.ToLowerInvariant() : throw new FormatException($"expected a host name or an IPv4 address, found '{text}'");
}
