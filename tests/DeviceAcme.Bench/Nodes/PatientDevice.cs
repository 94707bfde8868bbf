using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Fleet;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Bench.Nodes;

/// <summary>What devices enroll with.</summary>
/// <param name="Http">Connections of all of them.</param>
/// <param name="Directory">The directory of a kind.</param>
internal sealed record NodeSurroundings(HttpMessageHandler Http, Func<string, string> Directory, FakeVendors Vendors, IHostNetwork Network, TimeProvider Time, NodeNotes Notes);

/// <summary>
/// A device of a fleet that does what real clients do where a server does not answer, or says that it cannot now: it waits and enrolls again, with the account
/// that it has and a new order. Any other refusal is a problem.
/// </summary>
internal sealed class PatientDevice(FleetDevice device, NodeSurroundings surroundings) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Looking = TimeSpan.FromSeconds(20);

    private readonly ECDsa _account = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly NotingHandler _noted = new(surroundings.Http);
    private string? _lastOrder;
    private bool _enrolled;

    public async Task Enroll(CancellationToken cancellation)
    {
        var begun = surroundings.Time.GetTimestamp();
        using var http = Http();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await EnrollOnce(http, cancellation);
                surroundings.Notes.Enrolled(surroundings.Time.GetElapsedTime(begun));
                _enrolled = true;
                return;
            }
            catch (AcmeClientException failure) when (Passes(failure) && surroundings.Time.GetElapsedTime(begun) < Patience)
            {
                surroundings.Notes.Trouble(Name(failure));
                await Task.Delay(pause, surroundings.Time, cancellation);
            }
            catch (AcmeClientException failure)
            {
                surroundings.Notes.Problem($"{device.Kind} {device.Serial}: {failure.Message}");
                return;
            }
        }
    }

    /// <summary>Asks for everything that was acknowledged.</summary>
    public async Task Verify(CancellationToken cancellation)
    {
        using var http = Http();
        var client = new AcmeClient(http, surroundings.Directory(device.Kind), JwsSigner.For(_account), new AcmeClientOptions { Time = surroundings.Time, UserAgent = "deviceacme-bench" });
        try
        {
            var (account, orders, certificates) = (_noted.Account, _noted.Orders, _noted.Certificates.ToList());
            if (account is null)
            {
                return;
            }

            client.UseAccount(account);
            Require((await client.Account(cancellation)).Status == "valid", $"account {account} is no longer valid");
            foreach (var order in orders)
            {
                var status = (await client.Order(order, cancellation)).Status;
                Require(order != _lastOrder || !_enrolled || status == "valid", $"order {order} was valid and is {status}");
            }

            foreach (var (url, hash) in certificates)
            {
                var chain = await client.DownloadChain(url, cancellation);
                Require(SHA256.HashData(Encoding.UTF8.GetBytes(chain.Pem)).AsSpan().SequenceEqual(hash), $"certificate {url} is another one than it was");
            }
        }
        catch (AcmeClientException lost)
        {
            surroundings.Notes.Problem($"{device.Kind} {device.Serial}: acknowledged and not there: {lost.Message}");
        }
    }

    /// <summary>Orders that this device was told about.</summary>
    public int Orders => _noted.Orders.Count;

    /// <summary>Certificates that it has.</summary>
    public int Certificates => _noted.Certificates.Count;

    public void Dispose() => _account.Dispose();

    private async Task EnrollOnce(HttpClient http, CancellationToken cancellation)
    {
        var settings = new DeviceSettings
        {
            Kind = device.Kind,
            Serial = device.Kind == ServerHost.KindName ? null : device.Serial,
            Names = device.Kind == ServerHost.KindName ? [device.Serial] : [],
            Key = "ec-p256",
            InHaste = true,
            Network = new SharedNetwork(surroundings.Network),
        };
        await using var started = await Devices.Start(settings, () => surroundings.Vendors, surroundings.Time.GetUtcNow(), cancellation);
        var run = new EnrollmentRun(http, surroundings.Directory(device.Kind), _account, surroundings.Time)
        {
            Behaviour = Devices.Find(device.Kind).Client with { LongestPause = TimeSpan.FromSeconds(1) },
            PollTimeout = Looking,
        };
        var order = await run.Finalize(started, cancellation);
        await run.Collect(order, cancellation);
        _lastOrder = order.Url;
    }

    /// <summary>No answer, the proxy's word that no server has one, or the server's that it cannot now (RFC 8555 §6.7: rateLimited; RFC 9110 §15.6).</summary>
    private static bool Passes(AcmeClientException failure) =>
        failure.Problem is null || failure.Status >= 500 || failure.Problem.Type is Problems.Namespace + "rateLimited" or Problems.Namespace + "badNonce";

    private static string Name(AcmeClientException failure) =>
        failure.Problem is { } problem ? $"{problem.Reason ?? problem.Type}" : failure.Status is { } status ? $"HTTP {status.ToString(CultureInfo.InvariantCulture)} of the proxy" : "no answer";

    private HttpClient Http() => new(_noted, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            surroundings.Notes.Problem($"{device.Kind} {device.Serial}: {otherwise}");
        }
    }
}
