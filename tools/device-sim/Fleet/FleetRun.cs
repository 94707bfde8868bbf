using System.Collections.Concurrent;
using System.Security.Cryptography;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Fleet;

/// <summary>What a fleet runs against and with.</summary>
internal sealed record FleetSurroundings
{
    public required HttpClient Http { get; init; }

    /// <summary>The directory of a kind.</summary>
    public required Func<string, string> Directory { get; init; }
    public required FakeVendors Vendors { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Where hosts answer; null for a fleet without any.</summary>
    public IHostNetwork? Network { get; init; }
    public required int Concurrency { get; init; }
}

/// <summary>Lets the devices of a plan enroll, renew, revoke and make their mistakes, several at a time.</summary>
internal sealed class FleetRun(FleetSurroundings surroundings, FleetStatistics statistics)
{
    // P-384 would be most of the simulator's own time
    private const string FleetKey = "ec-p256";

    // never so slow in looking that the longest pause is what is measured
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, DirectoryObject> _directories = new(StringComparer.Ordinal);
    private long _start;

    /// <summary>Reads the directory of each kind once, for all devices: what is wrong with all is said once, and thousands of copies of one document would be the simulator's time and no test of the server.</summary>
    /// <exception cref="AcmeClientException">There is no directory.</exception>
    public async Task Look(IEnumerable<string> kinds, CancellationToken cancellation)
    {
        foreach (var directory in kinds.Select(surroundings.Directory).Distinct())
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            _directories[directory] = await Run(directory, key, new ClientBehaviour()).Client.Directory(cancellation);
        }
    }

    public async Task Run(IEnumerable<FleetDevice> plan, CancellationToken cancellation)
    {
        _start = surroundings.Time.GetTimestamp();
        var waiting = new ConcurrentQueue<FleetDevice>(plan);
        await Task.WhenAll(Enumerable.Range(0, surroundings.Concurrency).Select(_ => Task.Run(() => Work(waiting, cancellation), CancellationToken.None)));
    }

    private TimeSpan SinceStart => surroundings.Time.GetElapsedTime(_start);

    private async Task Work(ConcurrentQueue<FleetDevice> waiting, CancellationToken cancellation)
    {
        while (waiting.TryDequeue(out var device))
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                await (device.Fault is null ? Enroll(device, cancellation) : Play(device, device.Fault, cancellation));
            }
            catch (AcmeClientException failure)
            {
                statistics.Failure(device, Name(failure), failure.Message, SinceStart);
            }
            catch (SimulatorException failure)
            {
                statistics.Failure(device, failure.Message, failure.Message, SinceStart);
            }

            statistics.Done();
        }
    }

    private async Task Enroll(FleetDevice device, CancellationToken cancellation)
    {
        using var accountKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var run = Run(surroundings.Directory(device.Kind), accountKey, Devices.Find(device.Kind).Client);
        var chain = await Certificate(run, device, renewed: false, cancellation);
        if (device.Renews)
        {
            chain = await Certificate(run, device, renewed: true, cancellation);
        }

        if (device.Revokes)
        {
            await run.Client.Revoke(chain.Certificates[0], cancellation: cancellation);
            statistics.Revocation();
        }
    }

    private async Task<CertificateChain> Certificate(EnrollmentRun run, FleetDevice device, bool renewed, CancellationToken cancellation)
    {
        var begun = surroundings.Time.GetTimestamp();
        await using var started = await Start(device, null, cancellation);
        var chain = await run.Run(started, cancellation);
        statistics.Certificate(renewed, surroundings.Time.GetElapsedTime(begun), SinceStart);
        return chain;
    }

    private async Task Play(FleetDevice device, Fault fault, CancellationToken cancellation)
    {
        var outcome = await FaultRun.Play(
            fault, evidence => Start(device, evidence, cancellation),
            started => new Trial(surroundings.Http, surroundings.Directory(device.Kind), started, surroundings.Time, cancellation) { OnStep = statistics.Step });
        statistics.Fault(device, fault.Expected.Missed(outcome), SinceStart);
    }

    private Task<IDevice> Start(FleetDevice device, string? fault, CancellationToken cancellation)
    {
        var isHost = device.Kind == ServerHost.KindName;
        return Devices.Start(
            new DeviceSettings
            {
                Kind = device.Kind,
                Serial = isHost ? null : device.Serial,
                Names = isHost ? [device.Serial] : [],
                Key = FleetKey,
                Fault = fault,
                InHaste = true,
                Network = surroundings.Network is { } network ? new SharedNetwork(network) : null,
            },
            () => surroundings.Vendors, surroundings.Time.GetUtcNow(), cancellation);
    }

    private EnrollmentRun Run(string directory, ECDsa accountKey, ClientBehaviour habits) => new(surroundings.Http, directory, accountKey, surroundings.Time)
    {
        OnStep = statistics.Step,
        KnownDirectory = _directories.GetValueOrDefault(directory),
        // where the challenge is valid the order is ready (RFC 8555 §7.1.6): no need to ask for it
        Behaviour = habits with { LongestPause = LongestPause, LooksAtOrderBeforeFinalize = false },
    };

    private static string Name(AcmeClientException failure) => failure.Problem is { } problem
        ? $"{problem.Type.Replace(Problems.Namespace, "", StringComparison.Ordinal)}{(problem.Reason is null ? "" : $" ({problem.Reason})")} at {failure.Step}"
        : $"no answer of ACME at {failure.Step}";
}
