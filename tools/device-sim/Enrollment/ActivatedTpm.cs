using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Tpm;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A TPM in managed code whose attestation key the server's own attestation CA certified: it is proven from its endorsement certificate on.</summary>
internal sealed class ActivatedTpm : IDevice
{
    public const string KindName = "tpm-ek";

    private readonly EkMaker _endorsement;
    private readonly AttestingDevice _tpm;

    private ActivatedTpm(EkMaker endorsement, AttestingDevice tpm)
    {
        _endorsement = endorsement;
        _tpm = tpm;
    }

    public string Kind => KindName;

    public IReadOnlyList<AcmeIdentifier> Identifiers => _tpm.Identifiers;

    public string ChallengeType => _tpm.ChallengeType;

    public Func<byte[], byte[]>? SignatureTransform => _tpm.SignatureTransform;

    public AsymmetricAlgorithm? Key => _tpm.Key;

    /// <summary>Has the attestation key certified first.</summary>
    /// <exception cref="AcmeClientException">The attestation CA refuses.</exception>
    public static async Task<ActivatedTpm> Start(EkMaker endorsement, ActivationClient attestationCa, DeviceSettings settings, DateTimeOffset now, CancellationToken cancellation)
    {
        var exchange = await Begin(endorsement, attestationCa, cancellation);
        var certified = await attestationCa.Complete(exchange.Url, exchange.Secret, cancellation);
        var maker = new TpmMaker(endorsement.Tpm, now) { Certified = [.. certified.Certificates.Select(certificate => certificate.ToArray())], RsaAttestationKey = endorsement.RsaAttestationKey };
        return new ActivatedTpm(endorsement, TpmDevices.Machine(settings, maker, exchange.Identifier, "ec-p256", named: true));
    }

    /// <summary>Plays another exchange of the same TPM, in which a fault does something wrong.</summary>
    public static Task<Outcome> Play(Trial trial, Func<ActivationClient, Exchange, Task> play) =>
        Exchanged(async () => await play(trial.AttestationCa(), await Begin(Of(trial)._endorsement, trial.AttestationCa(), trial.Cancellation)));

    /// <summary>Begins another exchange of the same TPM at any attestation CA.</summary>
    public static Task<Outcome> Begin(Trial trial, ActivationClient attestationCa) => Exchanged(() => Begin(Of(trial)._endorsement, attestationCa, trial.Cancellation));

    private static ActivatedTpm Of(Trial trial) => trial.Device as ActivatedTpm ?? throw new SimulatorException("this fault is about attestation CAs", $"use --kind {KindName}");

    private static async Task<Outcome> Exchanged(Func<Task> exchange)
    {
        try
        {
            await exchange();
            return new Outcome("activate", 200, null, null, "the secret was taken");
        }
        catch (AcmeClientException failure) when (failure.Problem is not null)
        {
            return Trial.Of(failure);
        }
    }

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation) => _tpm.Answer(challenge, cancellation);

    public byte[] CertificateRequest() => _tpm.CertificateRequest();

    public IReadOnlyList<(string What, string Path)> Save(string folder) => _tpm.Save(folder);

    public ValueTask DisposeAsync() => _tpm.DisposeAsync();

    private static async Task<Exchange> Begin(EkMaker endorsement, ActivationClient attestationCa, CancellationToken cancellation)
    {
        var made = endorsement.Make();
        var (url, challenge) = await attestationCa.Begin(Request(made), cancellation);
        // a TPM that cannot read the secret says so, and its client has nothing to bring back
        var secret = made.Activate(challenge.CredentialBlob.ToArray(), challenge.EncryptedSecret.ToArray()) ?? RandomNumberGenerator.GetBytes(32);
        return new Exchange(url, secret, challenge.Identifier);
    }

    private static ActivationRequest Request(MadeEk made) => new()
    {
        EndorsementPublicKey = made.EkPublicArea is null ? made.EkPublicKey : (ReadOnlyMemory<byte>?)null,
        EndorsementPublicArea = made.EkPublicArea is { } area ? area : (ReadOnlyMemory<byte>?)null,
        EndorsementCertificates = [.. made.Certificates.Select(certificate => new ReadOnlyMemory<byte>(certificate))],
        AttestationPublicArea = made.AkPublic,
        CreationData = made.CreateData,
        CreationAttestation = made.CreateAttestation,
        CreationSignature = made.CreateSignature,
    };

    /// <summary>An exchange that has begun: where the secret goes, the secret, and how the machine is called.</summary>
    public sealed record Exchange(string Url, byte[] Secret, string Identifier);
}
