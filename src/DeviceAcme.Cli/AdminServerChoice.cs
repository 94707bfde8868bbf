using System.CommandLine;
using System.Net.Sockets;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>Which server a command administers, and as whom: its options, then the environment, then what a server left in its data directory.</summary>
/// <remarks>One for a group of commands: <c>new Command("token", "…") { server, json, add, list }</c>, then <c>await server.Open(parsed, cancellation)</c>.</remarks>
internal sealed class AdminServerChoice
{
    private const string DataVariable = "DEVICEACME_DATA";

    private readonly Func<AdminConnection>? _instead;
    private readonly bool _ownsData;
    private readonly Option<string> _data;
    private readonly IReadOnlyDictionary<AdminSetting, Option<string?>> _others;

    /// <param name="instead">What is opened in the place of a server; null where there is one.</param>
    public AdminServerChoice(Func<AdminConnection>? instead = null)
        : this(
            new("--data")
            {
                HelpName = "DIR",
                Description = $"the data directory of a server on this machine [default: data, or {DataVariable}]",
                DefaultValueFactory = _ => Environment.GetEnvironmentVariable(DataVariable) is { Length: > 0 } folder ? folder : "data",
                Recursive = true,
            },
            "--")
    {
        _instead = instead;
        _ownsData = true;
    }

    private AdminServerChoice(Option<string> data, string prefix)
    {
        _data = data;
        _others = AdminSetting.All.ToDictionary(
            setting => setting,
            setting => new Option<string?>(prefix + setting.Name) { HelpName = setting.ValueName, Description = $"{setting.Description}; {setting.Variable} says it too", Recursive = true });
    }

    /// <summary>For a command whose <c>--url</c> is what clients see: the same options as <c>--admin-url</c>, <c>--admin-token</c> and so on.</summary>
    /// <param name="data">The command's own <c>--data</c>.</param>
    public static AdminServerChoice Beside(Option<string> data) => new(data, "--admin-");

    public void AddTo(Command command)
    {
        if (_ownsData)
        {
            command.Options.Add(_data);
        }

        foreach (var setting in AdminSetting.All)
        {
            command.Options.Add(_others[setting]);
        }
    }

    /// <summary>The data directory that was named, or the usual one.</summary>
    public string DataDirectory(ParseResult parsed) => parsed.GetRequiredValue(_data);

    /// <summary>Connects; says what to do where no server answers.</summary>
    public async Task<AdminConnection> Open(ParseResult parsed, CancellationToken cancellation) =>
        await TryOpen(parsed, cancellation)
        ?? throw new CommandFailure(
            $"no server runs on the data directory '{DataDirectory(parsed)}'",
            $"start it, or name its directory with --data or {DataVariable}; a server elsewhere is named with {AdminSetting.Url.Option} or {AdminSetting.Url.Variable}");

    /// <summary>Connects to the server that is named, or else to the one that runs on the data directory; null where none does.</summary>
    public async Task<AdminConnection?> TryOpen(ParseResult parsed, CancellationToken cancellation)
    {
        if (_instead is not null)
        {
            return _instead();
        }

        // a directory that was just typed is meant, whatever stands in the environment
        var isLocal = parsed.GetResult(_data) is { Implicit: false } && parsed.GetValue(_others[AdminSetting.Url]) is null;
        var given = Given(parsed, isLocal ? _ => null : Environment.GetEnvironmentVariable);
        if (RemoteServer.Find(given) is { } remote)
        {
            return new AdminConnection(remote.Connect());
        }

        var data = DataDirectory(parsed);
        var admin = RunningServer.Read(Path.Combine(data, RunningServer.FileName))?.AdminUrl;
        if (admin is not null && await Answers(admin, cancellation))
        {
            return new AdminConnection(RemoteServer.OnDataDirectory(data, admin, given).Connect());
        }

        return AdminSetting.All.Select(given).FirstOrDefault(value => value is not null) is { } useless
            ? throw new CommandFailure($"no server runs on the data directory '{data}', so {useless.Name} is of no use", $"{AdminSetting.Url.Option} names a server elsewhere")
            : null;
    }

    /// <summary>What was said of a setting, and where.</summary>
    /// <remarks>The environment speaks of one server: what it says is not sent to another.</remarks>
    private Func<AdminSetting, GivenValue?> Given(ParseResult parsed, Func<string, string?> environment)
    {
        var url = parsed.GetValue(_others[AdminSetting.Url]);
        var known = environment(AdminSetting.Url.Variable);
        var isAnother = url is not null && known is { Length: > 0 } && known != url;
        return setting => parsed.GetValue(_others[setting]) is { Length: > 0 } said ? new GivenValue(said, _others[setting].Name)
            : !isAnother && environment(setting.Variable) is { Length: > 0 } meant ? new GivenValue(meant, setting.Variable)
            : null;
    }

    // The file says who started last; only a connection says that it still runs.
    private static async Task<bool> Answers(Uri admin, CancellationToken cancellation)
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync(admin.DnsSafeHost, admin.Port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>A part of the answer to "which server, and as whom".</summary>
internal sealed record AdminSetting(string Name, string Variable, string ValueName, string Description)
{
    public static readonly AdminSetting Url = new("url", "DEVICEACME_ADMIN_URL", "URL", "the admin listener of a server elsewhere, https://acme.example:14002");
    public static readonly AdminSetting Token = new("token", "DEVICEACME_ADMIN_TOKEN", "TOKEN", "who asks; others on this machine can see what stands on a command line");
    public static readonly AdminSetting TokenFile = new("token-file", "DEVICEACME_ADMIN_TOKEN_FILE", "FILE", "a file with the token");
    public static readonly AdminSetting Certificate = new("client-certificate", "DEVICEACME_ADMIN_CERTIFICATE", "FILE", "who asks, by a client certificate, PEM");
    public static readonly AdminSetting Key = new("client-key", "DEVICEACME_ADMIN_KEY", "FILE", "its key, PEM");
    public static readonly AdminSetting Ca = new("ca", "DEVICEACME_ADMIN_CA", "FILE", "the root to trust and no other, PEM");
    public static readonly AdminSetting Pin = new("pin", "DEVICEACME_ADMIN_PIN", "SHA256", "the fingerprint to trust and no other, of the server's TLS certificate or of a CA above it");

    public static IReadOnlyList<AdminSetting> All { get; } = [Url, Token, TokenFile, Certificate, Key, Ca, Pin];

    /// <summary>As most commands call it.</summary>
    public string Option => "--" + Name;
}

/// <summary>What was said, and by which option or variable.</summary>
internal sealed record GivenValue(string Text, string Name);

internal static class CollectionInitializers
{
    /// <summary>So that the options stand among the others where a command is made.</summary>
    public static void Add(this Command command, AdminServerChoice server) => server.AddTo(command);

    /// <inheritdoc cref="Add(Command, AdminServerChoice)"/>
    public static void Add(this Command command, ListReading reading) => reading.AddTo(command);
}
