using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A printer or IoT module with a birth certificate: it orders the name of its hardware module and asks for no name in the request.</summary>
internal sealed class BornDevice(IdevidMaker maker, AsymmetricAlgorithm key) : IDevice
{
    private MadeEvidence? _evidence;

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; } = [new(AcmeIdentifier.HardwareModule, maker.Device.Identifier)];

    public string ChallengeType => "device-attest-01";

    public Func<byte[], byte[]>? SignatureTransform => null;

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        _evidence = maker.Make(challenge, key);
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
