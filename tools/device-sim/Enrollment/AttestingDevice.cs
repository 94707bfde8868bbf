using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A device that proves one identifier with evidence of its format, and whose key the simulator alone can take out of its hardware.</summary>
/// <param name="kind">One of <see cref="Devices.All"/>.</param>
/// <param name="identifier">What it orders.</param>
/// <param name="make">Makes its evidence for a challenge.</param>
/// <param name="key">The certificate's key.</param>
internal sealed class AttestingDevice(string kind, AcmeIdentifier identifier, Func<ChallengeMaterial, MadeEvidence> make, AsymmetricAlgorithm key) : IDevice
{
    private MadeEvidence? _evidence;

    public string Kind => kind;

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; } = [identifier];

    public string ChallengeType => "device-attest-01";

    public Func<byte[], byte[]>? SignatureTransform => ShortSignatures ? ShortSignature : null;

    public AsymmetricAlgorithm? Key => key;

    /// <summary>Whether it leaves leading zeros of its signatures out: macOS does, so about 1 in 128 of its signatures has 63 octets.</summary>
    public bool ShortSignatures { get; init; }

    /// <summary>What its request asks for.</summary>
    public CsrContent Csr { get; init; } = CsrContent.Nothing;

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        _evidence = make(challenge);
        return Task.FromResult(_evidence.Payload);
    }

    public byte[] CertificateRequest() => Csr.For(key).CreateSigningRequest();

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

    internal static byte[] ShortSignature(byte[] signature)
    {
        var half = signature.Length / 2;
        return [.. WithoutLeadingZero(signature.AsSpan(0, half)), .. WithoutLeadingZero(signature.AsSpan(half))];
    }

    private static ReadOnlySpan<byte> WithoutLeadingZero(ReadOnlySpan<byte> number) => number[0] == 0 ? number[1..] : number;
}
