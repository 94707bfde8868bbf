using System.Security.Cryptography;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>A device in the course of a scenario: its account, its last certificate, its order that waits.</summary>
/// <param name="declared">What the file says of it.</param>
/// <param name="profile">The file's profile.</param>
/// <param name="around">What it runs against.</param>
/// <param name="ticket">The ticket that it presents.</param>
internal sealed class DeviceInPlay(ScenarioDevice declared, string? profile, ScenarioSurroundings around, TicketEntry? ticket) : IAsyncDisposable
{
    // an order that nobody decides about is not waited for much longer than a validation takes
    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(20);

    // scenarios are about what comes of it, and not about how long a polite client waits
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    private readonly List<IDisposable> _keys = [];
    private EnrollmentRun? _run;
    private IDevice? _device;
    private AcmeResource<OrderObject>? _waiting;
    private CertificateChain? _chain;
    private int _enrollments;

    public ScenarioDevice Declared => declared;

    /// <summary>What it ordered last.</summary>
    public string Identifier => _device?.Identifiers[0].Value ?? "";

    public string? TicketId => ticket?.Id;

    /// <summary>Id of the order that waits, or that was made last.</summary>
    public string? OrderId => _waiting?.Url.TrimEnd('/').Split('/')[^1];

    public bool HasCertificate => _chain is not null;

    /// <summary>From order to certificate, or to an order that waits.</summary>
    /// <param name="step">What is special this time.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The certificate; null where the order waits.</returns>
    /// <exception cref="AcmeClientException">The server refuses.</exception>
    public async Task<CertificateFacts?> Enroll(Step step, CancellationToken cancellation)
    {
        var file = step.Device ?? declared.File;
        var directory = Directory(file);
        if (step.NewAccount)
        {
            _run = null;
        }

        await Forget();
        _device = await Start(file, directory, step.Fault is { Play: null } fault ? fault.Name : null, cancellation);
        _run ??= new EnrollmentRun(around.Http, directory, Own(AccountKey(file)), around.Time)
        {
            Profile = file.Profile,
            ExternalAccount = ExternalAccount(file),
            Behaviour = file.Client with { LongestPause = Least(file.Client.LongestPause, LongestPause) },
            PollTimeout = PollTimeout,
        };
        _waiting = await _run.Finalize(_device, cancellation);
        return step.Expected.Waiting && _waiting.Value.Status == "processing" ? null : await Collect(cancellation);
    }

    /// <summary>Takes the certificate of the order that waits.</summary>
    public async Task<CertificateFacts> Collect(CancellationToken cancellation)
    {
        var order = _waiting ?? throw new SimulatorException($"{declared.Name} has no order that waits");
        _chain = await _run!.Collect(order, cancellation);
        return CertificateFacts.Read(_chain.Certificates);
    }

    /// <summary>Whether a certificate is for the key of the request; true for a key that is in a TPM.</summary>
    public bool IsForItsKey(CertificateFacts certificate) => _device?.Key is not { } key || certificate.PublicKey.AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());

    /// <summary>Plays a fault of the protocol, with an account of its own.</summary>
    public Task<Outcome> Play(Step step, Fault fault, CancellationToken cancellation)
    {
        var file = step.Device ?? declared.File;
        var directory = Directory(file);
        return FaultRun.Play(
            fault, evidence => Start(file, directory, evidence, cancellation),
            device => new Trial(around.Http, directory, device, around.Time, cancellation) { Profile = file.Profile, ExternalAccount = ExternalAccount(file), LongestPause = LongestPause });
    }

    public async Task Revoke(Step step, CancellationToken cancellation)
    {
        var certificate = (_chain ?? throw new SimulatorException($"{declared.Name} has no certificate to revoke")).Certificates[0];
        if (step.ByCertificateKey)
        {
            var key = _device?.Key ?? throw new SimulatorException($"the key of {declared.Name} signs no requests");
            await _run!.Client.RevokeWithKey(JwsSigner.For(key), certificate, step.ReasonCode, cancellation);
        }
        else
        {
            await _run!.Client.Revoke(certificate, step.ReasonCode, cancellation);
        }
    }

    public Task ChangeKey(CancellationToken cancellation) => Account().ChangeKey(JwsSigner.For(Own(ECDsa.Create(ECCurve.NamedCurves.nistP256)), _device?.SignatureTransform), cancellation);

    public Task Deactivate(CancellationToken cancellation) => Account().DeactivateAccount(cancellation);

    public async ValueTask DisposeAsync()
    {
        await Forget();
        foreach (var key in _keys)
        {
            key.Dispose();
        }
    }

    private AcmeClient Account() => _run?.Client ?? throw new SimulatorException($"{declared.Name} has no account yet");

    private string Directory(DeviceFile file) => declared.Presented == Presented.Directory && ticket?.Secrets?.DirectoryUrl is { } own
        ? own
        : around.DirectoryOf(file.Directory, profile, declared.Kind);

    private ExternalAccountCredential? ExternalAccount(DeviceFile file) =>
        declared.Presented == Presented.ExternalAccount && ticket?.Secrets is { } secrets && Base64Url.TryDecode(secrets.MacKey, 1024, out var key)
            ? new ExternalAccountCredential(secrets.KeyId, key)
            : file.ExternalAccount;

    private Task<IDevice> Start(DeviceFile file, string directory, string? fault, CancellationToken cancellation)
    {
        var settings = file.Settings();
        return Devices.Start(
            settings with
            {
                Fault = fault,
                Ordered = settings.Ordered ?? (declared.Presented == Presented.ClientIdentifier ? ticket?.Secrets?.ClientIdentifier : null),
                // a renewal has a new key, the same in each run
                Seed = file.Seed is null ? null : new Seed($"device:{file.Seed}:{++_enrollments}"),
                Network = around.Network is { } network ? new SharedNetwork(network) : null,
                AttestationCa = file.Kind == ActivatedTpm.KindName ? around.AttestationCa(directory) : null,
            },
            () => around.Vendors, around.Time.GetUtcNow(), cancellation);
    }

    private static ECDsa AccountKey(DeviceFile file) =>
        file.Seed is { } seed ? (ECDsa)DeviceKeys.Grow(new Seed("device:" + seed), "account", "ec-p256") : ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private T Own<T>(T key)
        where T : IDisposable
    {
        _keys.Add(key);
        return key;
    }

    private async Task Forget()
    {
        if (_device is not null)
        {
            await _device.DisposeAsync();
            _device = null;
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
