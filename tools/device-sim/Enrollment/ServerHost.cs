using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A host without attestation: dns or ip identifiers, http-01. It answers the validation's DNS questions and requests itself.</summary>
internal sealed class ServerHost : IDevice
{
    private readonly DnsAnswerer _dns;
    private readonly Http01Responder _http;
    private readonly AsymmetricAlgorithm _key;

    private ServerHost(IReadOnlyList<AcmeIdentifier> identifiers, DnsAnswerer dns, Http01Responder http, AsymmetricAlgorithm key)
    {
        Identifiers = identifiers;
        _dns = dns;
        _http = http;
        _key = key;
    }

    public IReadOnlyList<AcmeIdentifier> Identifiers { get; }

    public string ChallengeType => "http-01";

    public Func<byte[], byte[]>? SignatureTransform => null;

    public static async Task<ServerHost> Start(
        IEnumerable<string> names, AsymmetricAlgorithm key, IPEndPoint dnsListen, int httpPort, TxtRecords texts, CancellationToken cancellation)
    {
        var identifiers = names.Select(name => new AcmeIdentifier(IPAddress.TryParse(name, out _) ? AcmeIdentifier.Ip : AcmeIdentifier.Dns, name)).ToList();
        // A machine without IPv6 must not promise an address that nobody answers at.
        IReadOnlyList<IPAddress> addresses = System.Net.Sockets.Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        var dns = DnsAnswerer.Start(dnsListen, addresses, texts);
        try
        {
            return new ServerHost(identifiers, dns, await Http01Responder.Start(addresses, httpPort, cancellation), key);
        }
        catch
        {
            await dns.DisposeAsync();
            throw;
        }
    }

    public Task<JsonObject> Answer(ChallengeMaterial challenge, CancellationToken cancellation)
    {
        _http.Serve(challenge.Token, challenge.KeyAuthorization);
        return Task.FromResult(new JsonObject());
    }

    public byte[] CertificateRequest()
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var identifier in Identifiers)
        {
            if (identifier.Type == AcmeIdentifier.Ip)
            {
                names.AddIpAddress(IPAddress.Parse(identifier.Value));
            }
            else
            {
                names.AddDnsName(identifier.Value);
            }
        }

        var request = DeviceKeys.Request(TpmDevice.NoSubject, _key);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    public IReadOnlyList<(string What, string Path)> Save(string folder) => [DeviceKeys.Save(_key, folder)];

    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _dns.DisposeAsync();
        _key.Dispose();
    }
}
