using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A host without attestation: dns or ip identifiers, http-01.</summary>
/// <param name="names">DNS names and IP addresses.</param>
/// <param name="key">The certificate's key.</param>
/// <param name="network">Where it answers the validation.</param>
internal sealed class ServerHost(IReadOnlyList<string> names, AsymmetricAlgorithm key, IHostNetwork network) : IDevice
{
    public const string KindName = "server";

    public string Kind => KindName;

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; } =
        [.. names.Select(name => new AcmeIdentifier(IPAddress.TryParse(name, out _) ? AcmeIdentifier.Ip : AcmeIdentifier.Dns, name))];

    public string ChallengeType => "http-01";

    public Func<byte[], byte[]>? SignatureTransform => null;

    public AsymmetricAlgorithm? Key => key;

    /// <summary>The ordered names as a request has them.</summary>
    public CsrContent Csr { get; init; } = new()
    {
        Dns = [.. names.Where(name => !IPAddress.TryParse(name, out _))],
        Addresses = [.. names.Where(name => IPAddress.TryParse(name, out _)).Select(IPAddress.Parse)],
    };

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        network.Serve(challenge.Token, challenge.KeyAuthorization);
        return Task.FromResult(new JsonObject());
    }

    public byte[] CertificateRequest() => Csr.For(key).CreateSigningRequest();

    public IReadOnlyList<(string What, string Path)> Save(string folder) => [DeviceKeys.Save(key, folder)];

    public async ValueTask DisposeAsync()
    {
        await network.DisposeAsync();
        key.Dispose();
    }
}
