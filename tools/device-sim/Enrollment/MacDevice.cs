using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A Mac as its ACME client is known to behave: one permanent identifier, no external account, a request with a common name alone.</summary>
internal sealed class MacDevice(AppleMaker maker, string ordered, ECDsa key) : IDevice
{
    private MadeEvidence? _evidence;

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; } = [new(AcmeIdentifier.PermanentIdentifier, ordered)];

    public string ChallengeType => "device-attest-01";

    // macOS leaves the leading zeros of R and S out: about 1 in 128 of its signatures has 63 octets.
    public Func<byte[], byte[]>? SignatureTransform => ShortSignature;

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        _evidence = maker.Make(challenge, key);
        return Task.FromResult(_evidence.Payload);
    }

    public byte[] CertificateRequest() => DeviceKeys.Request(DeviceKeys.CommonName(ordered), key).CreateSigningRequest();

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
