using System.Net;
using System.Security.Cryptography;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tests.Tpm;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;
using Xunit;

namespace DeviceAcme.Server.Tests.Trials;

/// <summary>A server with a directory for each kind of device that the simulator has, and trials at it.</summary>
public sealed class FaultServer : IAsyncLifetime
{
    private const string Authenticators = "authenticators";

    private readonly string _statusList = Path.GetTempFileName();
    private int _count;
    private TestServer? _server;

    internal TestServer Server => _server ?? throw new InvalidOperationException("the fixture was not initialized");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_statusList, Simulated.Vendors.Android.StatusList);
        File.SetLastWriteTimeUtc(_statusList, Simulated.Now.UtcDateTime);
        _server = await TestServer.Start(
            new Dictionary<string, string>(TestProfiles.All)
            {
                [Authenticators] = PackedTests.Profile,
                [TpmServer.Lab] = TpmServer.Profile(TpmServer.Lab, TpmServer.Simulators),
            },
            options => options with { AndroidStatusList = new Uri(_statusList) },
            Simulated.Anchors);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        File.Delete(_statusList);
    }

    /// <summary>Plays a fault at the directory that fits the kind.</summary>
    internal async Task<Outcome> Play(string kind, Fault fault)
    {
        var directory = $"{TestServer.BaseUrl}/acme/{Directory(kind, fault)}/directory";
        var external = fault.Needs is Need.ExternalAccount or Need.SingleUseAccount ? await ExternalAccount() : null;
        return await FaultRun.Play(fault, evidence => Start(kind, directory, evidence), device => new Trial(Server.Http, directory, device, TimeProvider.System, TestContext.Current.CancellationToken)
        {
            ExternalAccount = external,
        });
    }

    private static string Directory(string kind, Fault fault) => kind switch
    {
        ServerHost.KindName when fault.Needs is Need.ExternalAccount or Need.SingleUseAccount => TestProfiles.EabRequired,
        ActivatedTpm.KindName => TpmServer.Lab,
        "authenticator" => Authenticators,
        _ => Devices.Find(kind).Profile,
    };

    private Task<IDevice> Start(string kind, string directory, string? evidence)
    {
        // a number of its own for each, because what one device proved is compared with what another proves
        var number = Interlocked.Increment(ref _count);
        return Devices.Start(
            new DeviceSettings
            {
                Kind = kind,
                Serial = kind switch
                {
                    "yubikey" => $"{31_000_000 + number}",
                    "authenticator" => $"51a0{number:x8}",
                    // their RSA keys grow from the serial number, and that takes a second
                    "printer" => "FAULTPRINTER",
                    ActivatedTpm.KindName => "FAULTTPM",
                    _ => $"FAULT{number:D7}",
                },
                Names = [$"host{number}.example"],
                Fault = evidence,
                Network = new NoNetwork(),
                DnsListen = new IPEndPoint(IPAddress.Loopback, 8053),
                HttpPort = 5002,
                TxtRecords = "",
                SwtpmFolder = name => throw new InvalidOperationException($"no TPM {name} is wanted here"),
                AttestationCa = kind == ActivatedTpm.KindName ? new ActivationClient(Server.Http, Trial.AttestationCaOf(directory), new AcmeClientOptions { Time = TimeProvider.System }) : null,
            },
            () => Simulated.Vendors, Simulated.Now, TestContext.Current.CancellationToken);
    }

    private async Task<ExternalAccountCredential> ExternalAccount()
    {
        var credential = new ExternalAccountCredential($"key-{Interlocked.Increment(ref _count)}", RandomNumberGenerator.GetBytes(32));
        await SharedServer.AddKey(Server, credential.KeyId, credential.MacKey);
        return credential;
    }

    /// <summary>The test's server finds every challenge fulfilled.</summary>
    private sealed class NoNetwork : IHostNetwork
    {
        public void Serve(string token, string keyAuthorization)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
