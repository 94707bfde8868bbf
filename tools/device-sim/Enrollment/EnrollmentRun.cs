using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>One account that enrolls, from directory to certificate (RFC 8555 §7.1, table 1), once or again.</summary>
/// <param name="http">Trusts the server's root.</param>
/// <param name="directory">The directory's URL.</param>
/// <param name="accountKey">A new account's key.</param>
/// <param name="time">The clock.</param>
internal sealed class EnrollmentRun(HttpClient http, string directory, ECDsa accountKey, TimeProvider time)
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(20);

    private AcmeClient? _client;
    private byte[]? _answer;

    /// <summary>Told of each exchange.</summary>
    public Action<AcmeStep>? OnStep { get; init; }

    /// <summary>Profile to name in the order; null names none.</summary>
    public string? Profile { get; init; }

    /// <summary>The directory, where it was read before; null lets this account's client read it.</summary>
    public DirectoryObject? KnownDirectory { get; init; }

    /// <summary>The client's habits.</summary>
    public ClientBehaviour Behaviour { get; init; } = new();

    /// <summary>External account, for directories that want one.</summary>
    public ExternalAccountCredential? ExternalAccount { get; init; }

    /// <summary>Longest time to wait for an order or an authorization.</summary>
    public TimeSpan PollTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The account's client.</summary>
    public AcmeClient Client => _client ??= NewClient(null);

    /// <param name="device">Who enrolls; its habits of signing are those of the account from the first time on.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<CertificateChain> Run(IDevice device, CancellationToken cancellation) => await Collect(await Finalize(device, cancellation), cancellation);

    /// <summary>The same up to an order that is finalized: it is valid, or it waits for the server or for an officer.</summary>
    public async Task<AcmeResource<OrderObject>> Finalize(IDevice device, CancellationToken cancellation)
    {
        var client = _client ??= NewClient(device.SignatureTransform);
        if (client.AccountUrl is null)
        {
            await Register(client, cancellation);
        }

        var order = await client.NewOrder(new NewOrderRequest(device.Identifiers, Profile: Profile), cancellation);
        foreach (var url in order.Value.Authorizations)
        {
            await Authorize(client, device, url, cancellation);
        }

        var ready = Behaviour.LooksAtOrderBeforeFinalize ? await client.WaitUntilReady(order.Url, cancellation) : order.Value;
        return order with { Value = await client.Finalize(ready, device.CertificateRequest(), cancellation) };
    }

    /// <summary>Waits for the certificate of a finalized order and takes it.</summary>
    public async Task<CertificateChain> Collect(AcmeResource<OrderObject> order, CancellationToken cancellation)
    {
        var finalized = order.Value.Status == "valid" ? order.Value : await Client.WaitForCertificate(order.Url, cancellation);
        var certificate = finalized.Certificate
            ?? throw new AcmeClientException("order", $"{order.Url} is valid and names no certificate (RFC 8555 §7.1.3)");
        return await Client.DownloadChain(certificate, cancellation);
    }

    private AcmeClient NewClient(Func<byte[], byte[]>? signatureTransform)
    {
        var client = new AcmeClient(http, directory, JwsSigner.For(accountKey, signatureTransform), Options());
        if (KnownDirectory is { } known)
        {
            client.UseDirectory(known);
        }

        return client;
    }

    private AcmeClientOptions Options() => new()
    {
        Time = time,
        RequestTimeout = RequestLimit,
        UserAgent = Behaviour.UserAgent,
        OnStep = OnStep,
        LongestPause = Behaviour.LongestPause,
        PollTimeout = PollTimeout,
        // A challenge is answered with what the device made, which a fault may have spoiled beyond what the client's types can say.
        PayloadTransform = (step, payload) => step == "challenge" && _answer is not null ? _answer : payload,
    };

    private async Task Register(AcmeClient client, CancellationToken cancellation)
    {
        if (Behaviour.LooksForAccountFirst)
        {
            try
            {
                await client.Register(new AccountRegistration { OnlyReturnExisting = true }, cancellation);
                return;
            }
            catch (AcmeClientException unknown) when (unknown.Problem?.Type == Problems.Namespace + "accountDoesNotExist")
            {
                // RFC 8555 §7.3.1: that is how the server says that there is none yet, and now it is made
            }
        }

        await client.Register(new AccountRegistration { TermsOfServiceAgreed = Behaviour.AgreesToTerms, Contact = Behaviour.Contact, ExternalAccount = ExternalAccount }, cancellation);
    }

    private async Task Authorize(AcmeClient client, IDevice device, string url, CancellationToken cancellation)
    {
        var authorization = await client.Authorization(url, cancellation);
        if (authorization.Status == "valid")
        {
            return;
        }

        var challenge = authorization.Challenges.FirstOrDefault(offered => offered.Type == device.ChallengeType)
            ?? throw new SimulatorException(
                $"the server offers {string.Join(", ", authorization.Challenges.Select(offered => offered.Type))} for {authorization.Identifier.Value}, and this device can only answer {device.ChallengeType}",
                "does --directory fit --kind?");
        var token = challenge.Token ?? throw new SimulatorException($"the challenge {challenge.Url} has no token");
        var material = new ChallengeMaterial(token, $"{token}.{client.AccountKey.Thumbprint}");
        JsonObject payload = await device.Answer(material, cancellation);
        _answer = Encoding.UTF8.GetBytes(payload.ToJsonString());
        var answered = await client.AnswerChallenge(challenge, cancellation);
        _answer = null;
        if (answered.Status != "valid" && Behaviour.Polls == Polled.Challenge)
        {
            await WaitForChallenge(client, challenge.Url, cancellation);
        }
        else if (answered.Status != "valid" && Behaviour.Polls == Polled.Authorization)
        {
            await client.WaitForAuthorization(url, cancellation);
        }
    }

    // RFC 8555 §7.5.1 lets clients look at the authorization; several look at the challenge
    private async Task WaitForChallenge(AcmeClient client, string url, CancellationToken cancellation)
    {
        var pause = TimeSpan.FromMilliseconds(Math.Min(500, Behaviour.LongestPause.TotalMilliseconds));
        for (var looks = 0; (await client.Challenge(url, cancellation)).Status is "pending" or "processing"; looks++)
        {
            if (looks * pause > RequestLimit)
            {
                throw new AcmeClientException("challenge", $"{url} is still not decided after {RequestLimit.TotalSeconds:0} s");
            }

            await Task.Delay(pause, time, cancellation);
        }
    }
}
