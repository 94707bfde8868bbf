using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Trials;

/// <summary>One device at one directory, with an account of its own, and ways to come right up to a step and to do that one wrongly.</summary>
internal sealed class Trial(HttpClient http, string directoryUrl, IDevice device, TimeProvider time, CancellationToken cancellation) : IDisposable
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(60);

    private readonly List<ECDsa> _keys = [];
    private AcmeClient? _client;
    private ECDsa? _accountKey;
    private JwsSigner? _signer;
    private AcmeClient? _other;

    public IDevice Device => device;

    public CancellationToken Cancellation => cancellation;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Told of each exchange.</summary>
    public Action<AcmeStep>? OnStep { get; init; }

    /// <summary>Profile to name in orders; null names none.</summary>
    public string? Profile { get; init; }

    /// <summary>External account, for directories that want one.</summary>
    public ExternalAccountCredential? ExternalAccount { get; init; }

    /// <summary>Longest pause between two looks.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The directory's URL.</summary>
    public string DirectoryUrl => directoryUrl;

    /// <summary>The account's key.</summary>
    public ECDsa AccountKey => _accountKey ??= NewKey();

    /// <summary>Signs for the account as this device's client does.</summary>
    public JwsSigner Signer => _signer ??= JwsSigner.For(AccountKey, device.SignatureTransform);

    /// <summary>The account's client; it may have no account yet.</summary>
    public AcmeClient Client => _client ??= NewClient(Signer);

    /// <summary>A key of nobody yet.</summary>
    public JwsSigner NewSigner() => JwsSigner.For(NewKey());

    public ECDsa NewKey()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _keys.Add(key);
        return key;
    }

    public AcmeClient NewClient(JwsSigner signer) => new(http, directoryUrl, signer, new AcmeClientOptions
    {
        Time = time,
        RequestTimeout = RequestLimit,
        UserAgent = "device-sim",
        OnStep = OnStep,
        LongestPause = LongestPause,
    });

    /// <summary>The attestation CA beside this directory.</summary>
    public ActivationClient AttestationCa(string suffix = "") => new(http, AttestationCaOf(directoryUrl) + suffix, new AcmeClientOptions { Time = time, RequestTimeout = RequestLimit, UserAgent = "device-sim", OnStep = OnStep });

    /// <summary>Where the attestation CA of a directory is: <c>/acme/NAME/directory</c> and <c>/tpm/NAME</c> belong together.</summary>
    public static string AttestationCaOf(string directoryUrl)
    {
        var parts = directoryUrl.Split("/acme/");
        return parts is [var server, var rest] && rest.EndsWith("/directory", StringComparison.Ordinal)
            ? $"{server}/tpm/{rest[..^"/directory".Length]}"
            : throw new SimulatorException($"{directoryUrl} is no directory with an attestation CA beside it", "--attestation-ca names one");
    }

    /// <summary>The client with its account.</summary>
    public async Task<AcmeClient> Registered()
    {
        if (Client.AccountUrl is null)
        {
            await Client.Register(Registration(), cancellation);
        }

        return Client;
    }

    public AccountRegistration Registration() => new() { TermsOfServiceAgreed = true, ExternalAccount = ExternalAccount };

    /// <summary>Somebody else's client with an account in the same directory.</summary>
    public async Task<AcmeClient> Somebody()
    {
        if (_other is null)
        {
            _other = NewClient(NewSigner());
            await _other.Register(Registration(), cancellation);
        }

        return _other;
    }

    public NewOrderRequest OrderRequest() => new(device.Identifiers, Profile: Profile);

    /// <summary>An order that nothing was done about yet.</summary>
    public async Task<AcmeResource<OrderObject>> Ordered() => await (await Registered()).NewOrder(OrderRequest(), cancellation);

    /// <summary>An order whose authorizations are valid.</summary>
    public async Task<AcmeResource<OrderObject>> Ready() => await Ready(await Ordered());

    /// <summary>The same of an order that was made otherwise.</summary>
    public async Task<AcmeResource<OrderObject>> Ready(AcmeResource<OrderObject> order)
    {
        foreach (var url in order.Value.Authorizations)
        {
            await Authorize(url);
        }

        return order with { Value = await Client.WaitUntilReady(order.Url, cancellation) };
    }

    /// <summary>An order with its certificate.</summary>
    public async Task<AcmeResource<OrderObject>> Issued() => await Issued(await Ordered());

    /// <summary>The same of an order that was made otherwise.</summary>
    public async Task<AcmeResource<OrderObject>> Issued(AcmeResource<OrderObject> ordered)
    {
        var order = await Ready(ordered);
        var finalized = await Client.Finalize(order.Value, device.CertificateRequest(), cancellation);
        return order with { Value = finalized.Status == "valid" ? finalized : await Client.WaitForCertificate(order.Url, cancellation) };
    }

    /// <summary>DER of the certificate of <see cref="Issued"/>.</summary>
    public async Task<byte[]> Certificate() => await Certificate(await Ordered());

    /// <summary>The same of an order that was made otherwise.</summary>
    public async Task<byte[]> Certificate(AcmeResource<OrderObject> ordered)
    {
        var order = await Issued(ordered);
        return (await Client.DownloadChain(order.Value.Certificate!, cancellation)).Certificates[0];
    }

    /// <summary>The challenge that the device can answer, of the first authorization of an order.</summary>
    public async Task<ChallengeObject> Challenge(OrderObject order)
    {
        var authorization = await Client.Authorization(order.Authorizations[0], cancellation);
        return Offered(authorization);
    }

    /// <summary>What an answer to a challenge is made from (RFC 8555 §8.1).</summary>
    public ChallengeMaterial Material(ChallengeObject challenge) => new(challenge.Token!, $"{challenge.Token}.{Client.AccountKey.Thumbprint}");

    /// <summary>A right request that the account signs.</summary>
    public async Task<WireRequest> Request(string step, string url, byte[] payload)
    {
        await Registered();
        var header = new JsonObject { ["alg"] = Signer.Algorithm.Name, ["kid"] = Client.AccountUrl, ["nonce"] = await Client.NewNonce(cancellation), ["url"] = url };
        return new WireRequest { Step = step, Url = url, Header = header, Signer = Signer, Payload = payload };
    }

    /// <summary>A right request that the key itself signs, as newAccount's is.</summary>
    public async Task<WireRequest> KeyedRequest(string step, string url, byte[] payload)
    {
        var header = new JsonObject { ["alg"] = Signer.Algorithm.Name, ["jwk"] = KeyOf(Signer), ["nonce"] = await Client.NewNonce(cancellation), ["url"] = url };
        return new WireRequest { Step = step, Url = url, Header = header, Signer = Signer, Payload = payload };
    }

    /// <summary>Sends a request, by now perhaps a wrong one, and says what came of it.</summary>
    public async Task<Outcome> Send(WireRequest request) => Read(request.Step, await Client.Send(request.Step, request.ToMessage(), cancellation));

    /// <summary>Posts a payload signed as it should be, and says what came of it.</summary>
    public async Task<Outcome> Post(string step, string url, byte[] payload)
    {
        await Registered();
        return Read(step, await Client.Post(step, url, payload, cancellation));
    }

    public Task<Outcome> Post(string step, string url, string payload) => Post(step, url, Encoding.UTF8.GetBytes(payload));

    public static JsonNode KeyOf(JwsSigner signer) => JsonNode.Parse(signer.Jwk!.ToJson())!;

    /// <summary>What an answer says; an object that became invalid says it in its member error.</summary>
    public static Outcome Read(string step, AcmeAnswer answer)
    {
        if (answer.Problem is { } problem)
        {
            return Of(step, answer.Status, problem);
        }

        if (answer.Status >= 400)
        {
            return new Outcome(step, answer.Status, "(no problem document)", null, answer.MediaType ?? "nothing");
        }

        return answer.MediaType == "application/json" && Error(answer.Body) is { } error
            ? Of(step, answer.Status, error)
            : new Outcome(step, answer.Status, null, null, $"HTTP status {answer.Status}");
    }

    public static Outcome Of(AcmeClientException failure) => failure.Problem is { } problem
        ? Of(failure.Step, failure.Status, problem)
        : new Outcome(failure.Step, failure.Status, "(no problem document)", null, failure.Message);

    public void Dispose()
    {
        foreach (var key in _keys)
        {
            key.Dispose();
        }
    }

    private static Outcome Of(string step, int? status, Problem problem) => new(
        step, status, problem.Type.StartsWith(Problems.Namespace, StringComparison.Ordinal) ? problem.Type[Problems.Namespace.Length..] : problem.Type, problem.Reason, problem.Detail);

    private static Problem? Error(ReadOnlyMemory<byte> body)
    {
        var json = JsonElement.Parse(body.Span);
        return json.ValueKind == JsonValueKind.Object && json.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
            ? error.Deserialize(AcmeJson.Default.Problem)
            : null;
    }

    private async Task Authorize(string url)
    {
        var authorization = await Client.Authorization(url, cancellation);
        if (authorization.Status == "valid")
        {
            return;
        }

        var challenge = Offered(authorization);
        var payload = await device.Answer(Material(challenge), cancellation);
        var answered = await Post("challenge", challenge.Url, payload.ToJsonString());
        if (answered.Problem is not null)
        {
            throw new RefusedException(answered);
        }

        await Client.WaitForAuthorization(url, cancellation);
    }

    private ChallengeObject Offered(AuthorizationObject authorization) =>
        authorization.Challenges.FirstOrDefault(offered => offered.Type == device.ChallengeType && offered.Token is not null)
        ?? throw new SimulatorException($"the server offers no {device.ChallengeType} for {authorization.Identifier.Value}", "does --directory fit --kind?");
}
