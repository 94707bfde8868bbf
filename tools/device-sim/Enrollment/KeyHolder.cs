using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>Something that attests its own key and names itself by one permanent identifier; its request asks for no name.</summary>
/// <param name="identifier">What is ordered.</param>
/// <param name="make">Makes its evidence for a challenge.</param>
/// <param name="key">The key, which only the simulator can take out of the hardware.</param>
internal sealed class KeyHolder(string identifier, Func<ChallengeMaterial, MadeEvidence> make, AsymmetricAlgorithm key) : IDevice
{
    private MadeEvidence? _evidence;

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; } = [new(AcmeIdentifier.PermanentIdentifier, identifier)];

    public string ChallengeType => "device-attest-01";

    public Func<byte[], byte[]>? SignatureTransform => null;

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        _evidence = make(challenge);
        return Task.FromResult(_evidence.Payload);
    }

    public byte[] CertificateRequest() => DeviceKeys.Request(TpmDevice.NoSubject, key).CreateSigningRequest();

    public IReadOnlyList<(string What, string Path)> Save(string folder)
    {
        var files = new List<(string, string)> { DeviceKeys.Save(key, folder) };
        if (_evidence is not null)
        {
            files.Add(EvidenceFile.Save(_evidence.AttestationObject, folder));
        }

        return files;
    }

    public ValueTask DisposeAsync()
    {
        key.Dispose();
        return ValueTask.CompletedTask;
    }
}
