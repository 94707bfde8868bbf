using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>An account with its own connections, for tests that look between the steps of an enrollment.</summary>
internal sealed class Enrollee : IDisposable
{
    private readonly ECDsa _key;
    private readonly HttpClient _http;
    private readonly FakeVendors _vendors;
    private readonly string _directory;

    private Enrollee(RunningServer server, HttpClient http, string profile, ECDsa key)
    {
        _http = http;
        _key = key;
        _vendors = new VendorFolder(server.Vendors).Open();
        _directory = $"{server.Url}/acme/{profile}/directory";
        Client = new AcmeClient(http, _directory, JwsSigner.For(key), new AcmeClientOptions { Time = TimeProvider.System, LongestPause = TimeSpan.FromMilliseconds(200) });
    }

    public AcmeClient Client { get; }

    /// <summary>A new account.</summary>
    /// <param name="server">Where.</param>
    /// <param name="profile">Whose directory.</param>
    /// <param name="http">Carries the requests; null for one that trusts the server's root.</param>
    public static async Task<Enrollee> Register(RunningServer server, string profile = "tls-server", HttpClient? http = null)
    {
        var enrollee = new Enrollee(server, http ?? server.Client(), profile, ECDsa.Create(ECCurve.NamedCurves.nistP256));
        await enrollee.Client.Register(new AccountRegistration { TermsOfServiceAgreed = true });
        return enrollee;
    }

    /// <summary>The same account with connections of its own, as another process of the client has, or this one after the server's end.</summary>
    public Enrollee Again(RunningServer server)
    {
        var key = ECDsa.Create(_key.ExportParameters(includePrivateParameters: true));
        var again = new Enrollee(server, server.Client(), new Uri(_directory).Segments[2].TrimEnd('/'), key);
        again.Client.UseAccount(Client.AccountUrl!);
        return again;
    }

    /// <summary>A Mac of the simulator, from order to certificate; needs the profile <c>apple-device</c>.</summary>
    public async Task<(AcmeResource<OrderObject> Order, CertificateChain Chain)> EnrollMac(string serial, CancellationToken cancellation)
    {
        var (order, csr) = await AttestMac(serial, cancellation);
        var done = await Client.Finalize(order.Value, csr, cancellation);
        return (order with { Value = done }, await Client.DownloadChain(done.Certificate!, cancellation));
    }

    /// <summary>The same up to the order that can be finalized, and the request for it.</summary>
    public async Task<(AcmeResource<OrderObject> Order, byte[] Csr)> AttestMac(string serial, CancellationToken cancellation)
    {
        await using var device = await Devices.Start(new DeviceSettings { Kind = "mac", Serial = serial }, () => _vendors, TimeProvider.System.GetUtcNow(), cancellation);
        var order = await Client.NewOrder(new NewOrderRequest(device.Identifiers), cancellation);
        var authorization = await Client.Authorization(order.Value.Authorizations[0], cancellation);
        var challenge = authorization.Challenges.Single();
        var evidence = await device.Answer(new ChallengeMaterial(challenge.Token!, KeyAuthorizationOf(challenge)), cancellation);
        Base64Url.TryDecode((string?)evidence["attObj"], 1 << 16, out var statement);
        await Client.AnswerWithEvidence(challenge, statement, cancellation: cancellation);
        return (order with { Value = await Client.Order(order.Url, cancellation) }, device.CertificateRequest());
    }

    public string KeyAuthorizationOf(ChallengeObject challenge) => $"{challenge.Token}.{Client.AccountKey.Thumbprint}";

    /// <summary>A request for a DNS name with a new key.</summary>
    public static byte[] Csr(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    public void Dispose()
    {
        _http.Dispose();
        _key.Dispose();
    }
}

/// <summary>What a proxy does that ends TLS: requests for the public URL go to the plain listener behind it.</summary>
internal sealed class ToListener(int port) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
{
    /// <summary>Headers that the proxy adds, or lets through.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = new UriBuilder(request.RequestUri!) { Scheme = "http", Host = IPAddress.Loopback.ToString(), Port = port }.Uri;
        foreach (var (name, value) in Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return base.SendAsync(request, cancellationToken);
    }
}
