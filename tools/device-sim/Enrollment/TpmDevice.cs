using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A machine with a TPM that exists in this process alone.</summary>
internal sealed class TpmDevice(TpmMaker maker, AsymmetricAlgorithm key) : IDevice
{
    private MadeEvidence? _evidence;

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; } = [new(AcmeIdentifier.PermanentIdentifier, maker.Tpm.Identifier)];

    public string ChallengeType => "device-attest-01";

    public Func<byte[], byte[]>? SignatureTransform => null;

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        _evidence = maker.Make(challenge, key);
        return Task.FromResult(_evidence.Payload);
    }

    public byte[] CertificateRequest() => WithIdentifier(DeviceKeys.Request(NoSubject, key), maker.Tpm.Identifier).CreateSigningRequest();

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

    internal static X500DistinguishedName NoSubject { get; } = new("");

    /// <summary>Puts the ordered identifier into the request as device-attest §3.2 wishes.</summary>
    internal static CertificateRequest WithIdentifier(CertificateRequest request, string identifier)
    {
        var names = TpmVendor.AlternativeName(identifier.Split('/')[0], oneRdn: null);
        request.CertificateExtensions.Add(new X509Extension(names.Oid, names.Value, names.Critical));
        return request;
    }
}
