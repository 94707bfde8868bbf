using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>One run from directory to certificate (RFC 8555 §7.1, table 1).</summary>
/// <param name="http">Trusts the server's root.</param>
/// <param name="directory">The directory's URL.</param>
/// <param name="accountKey">A new account's key.</param>
/// <param name="device">Who enrolls.</param>
/// <param name="time">The clock.</param>
internal sealed class EnrollmentRun(HttpClient http, string directory, ECDsa accountKey, IDevice device, TimeProvider time)
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(20);

    private byte[]? _answer;

    /// <summary>Told of each exchange.</summary>
    public Action<AcmeStep>? OnStep { get; init; }

    /// <summary>Profile to name in the order; null names none.</summary>
    public string? Profile { get; init; }

    /// <summary>External account, for directories that want one.</summary>
    public ExternalAccountCredential? ExternalAccount { get; init; }

    public async Task<CertificateChain> Run(CancellationToken cancellation)
    {
        var client = new AcmeClient(http, directory, JwsSigner.For(accountKey, device.SignatureTransform), new AcmeClientOptions
        {
            Time = time,
            RequestTimeout = RequestLimit,
            UserAgent = "device-sim",
            OnStep = OnStep,
            // A challenge is answered with what the device made, which a fault may have spoiled beyond what the client's types can say.
            PayloadTransform = (step, payload) => step == "challenge" && _answer is not null ? _answer : payload,
        });
        await client.Register(new AccountRegistration { TermsOfServiceAgreed = true, ExternalAccount = ExternalAccount }, cancellation);
        var order = await client.NewOrder(new NewOrderRequest(device.Identifiers, Profile: Profile), cancellation);
        foreach (var url in order.Value.Authorizations)
        {
            await Authorize(client, url, cancellation);
        }

        var ready = await client.WaitUntilReady(order.Url, cancellation);
        var finalized = await client.Finalize(ready, device.CertificateRequest(), cancellation);
        if (finalized.Status != "valid")
        {
            finalized = await client.WaitForCertificate(order.Url, cancellation);
        }

        var certificate = finalized.Certificate
            ?? throw new AcmeClientException("order", $"{order.Url} is valid and names no certificate (RFC 8555 §7.1.3)");
        return await client.DownloadChain(certificate, cancellation);
    }

    private async Task Authorize(AcmeClient client, string url, CancellationToken cancellation)
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
        if (answered.Status != "valid")
        {
            await client.WaitForAuthorization(url, cancellation);
        }
    }
}
