using System.Text.Json;
using DeviceAcme.EndToEnd.Operation;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Simulator;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>The server with a directory for every kind of device that the simulator has, with terms of service and tickets; each request may name a defect that it is to meet.</summary>
public sealed class ConformanceServer : IAsyncLifetime
{
    /// <summary>The header that names the defect of a request, see Server/Defects.</summary>
    public const string DefectHeader = "Planted-Defect";

#if PLANTED_DEFECTS
    private static readonly string[] Defects = ["--defect", "by-request"];
#else
    private static readonly string[] Defects = [];
#endif

    private const string Authenticators = """
        name: authenticators
        description: FIDO authenticators of the tests
        accounts: { external-account-binding: none }
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation: { mode: required, formats: [packed], anchors: [packed] }
        certificate:
          subject: CN={{device.serial}}
          subject-alternative-names: [identifiers]
          keys: [ec-p256]
          key-usage: [digital-signature]
          extended-key-usage: [client-auth]
          validity: 90d
        issuer: default
        """;

    private readonly string _profiles = Directory.CreateTempSubdirectory("deviceacme-conformance-").FullName;

    public ConformanceServer()
    {
        OpenProfiles.Write(Settings.ShippedProfiles, _profiles);
        var linux = Path.Combine(_profiles, "linux-tpm.yaml");
        // the simulator's TPMs have a vendor that nobody registered
        File.WriteAllText(linux, File.ReadAllText(linux).Replace("vendors: [registered]", "vendors: [registered, 'id:53494D30']", StringComparison.Ordinal));
        File.WriteAllText(Path.Combine(_profiles, "authenticators.yaml"), Authenticators);
        Server = new RunningServer { Options = ["--profiles", _profiles, "--terms-of-service", "https://terms.example/v1", .. Defects] };
    }

    public RunningServer Server { get; }

    /// <summary>One directory for each profile that some kind of device fits.</summary>
    public string[] Directories =>
    [
        .. new[] { "apple-device", "apple-user-enrollment", "linux-tpm", "windows-tpm", "android-device", "yubikey", "iot-idevid", "authenticators", "tls-server", "printer" }.Select(DirectoryOf),
    ];

    public string DirectoryOf(string profile) => $"{Server.Url}/acme/{profile}/directory";

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        // the simulator answers the server's questions itself
        await Server.StopAnsweringDns();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_profiles, recursive: true);
    }

    /// <summary>A ticket's secrets.</summary>
    /// <param name="uses">How often it can be used; 0 for any number.</param>
    public async Task<JsonElement> Ticket(string profile, int uses) =>
        JsonElement.Parse((await DeviceAcmeProgram.Run("ticket", "add", "--profile", profile, "--uses", $"{uses}", "--json", "--data", Server.Data)).ShouldExit(0).Output).GetProperty("secrets");

    /// <summary>The options that name external accounts: one for any number of accounts, one for a single account.</summary>
    public async Task<string[]> ExternalAccounts()
    {
        var (many, once) = (await Ticket("printer", 0), await Ticket("printer", 1));
        return ["--eab-key-id", Text(many, "keyId"), "--eab-key", Text(many, "macKey"), "--eab-once-key-id", Text(once, "keyId"), "--eab-once-key", Text(once, "macKey")];
    }

    /// <summary>Runs <c>device-sim conformance</c>.</summary>
    public Task<(int Code, string Data, string Talk)> Conformance(params string[] arguments) => Conformance(Server, arguments);

    /// <summary>The same at another server.</summary>
    public static async Task<(int Code, string Data, string Talk)> Conformance(RunningServer server, params string[] arguments)
    {
        using var data = new StringWriter();
        using var talk = new StringWriter();
        var code = await DeviceAcme.Simulator.Commands.CommandLine.Run(
            ["conformance", .. arguments, "--ca", server.Root, "--vendor-roots", server.Vendors, "--dns-listen", $"127.0.0.1:{server.DnsPort}", "--http-port", $"{server.Http01Port}"],
            new Terminal(data, talk), TimeProvider.System);
        return (code, data.ToString(), talk.ToString());
    }

    public static string Text(JsonElement secrets, string name) => secrets.GetProperty(name).GetString()!;
}
