using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Protocol.Client;

/// <summary>An ACME client (RFC 8555) for one directory and one account key.</summary>
/// <remarks>
/// Every method ends in an <see cref="AcmeClientException"/> when the server refuses, does not answer, or answers something else.
/// Requests of one account may run side by side; registering, key change and deactivation stand alone.
/// </remarks>
/// <param name="http">Carries the requests; it decides which TLS roots are trusted.</param>
/// <param name="directoryUrl">The directory's URL.</param>
/// <param name="accountKey">Signs for the account.</param>
/// <param name="options">Clock, bounds and hooks.</param>
public sealed partial class AcmeClient(HttpClient http, string directoryUrl, JwsSigner accountKey, AcmeClientOptions options)
{
    private static readonly byte[] Empty = [];

    private readonly AcmeConnection _connection = new(http, options);
    private DirectoryObject? _directory;
    private JwsSigner _accountKey = accountKey;

    /// <summary>The account's URL, known after <see cref="Register"/> or <see cref="UseAccount"/>.</summary>
    public string? AccountUrl { get; private set; }

    /// <summary>The account's public key.</summary>
    public Jwk AccountKey => _accountKey.Jwk ?? throw new InvalidOperationException("an account key must be a signature key");

    /// <summary>Continues with an account that was registered before.</summary>
    public void UseAccount(string accountUrl) => AccountUrl = accountUrl;

    /// <summary>Takes a directory that somebody read before (§7.1.1), so that this client does not ask for it.</summary>
    public void UseDirectory(DirectoryObject directory) => _directory = directory;

    /// <summary>The directory, read once.</summary>
    public async Task<DirectoryObject> Directory(CancellationToken cancellation = default) =>
        _directory ??= (await _connection.Get("directory", directoryUrl, cancellation)).Read(AcmeJson.Default.DirectoryObject);

    /// <summary>newAccount (§7.3): makes the account, or finds the one of this key.</summary>
    public async Task<AcmeResource<AccountObject>> Register(AccountRegistration registration, CancellationToken cancellation = default)
    {
        var url = (await Directory(cancellation)).NewAccount;
        var answer = await PostWith(_accountKey, null, "newAccount", url, RequestPayloads.NewAccount(registration, AccountKey, url), cancellation);
        var account = answer.Read(AcmeJson.Default.AccountObject);
        AccountUrl = answer.Location ?? throw new AcmeClientException("newAccount", $"{url} answered without the account's Location (RFC 8555 §7.3)", status: answer.Status);
        return new AcmeResource<AccountObject>(AccountUrl, account);
    }

    /// <summary>The account as the server has it.</summary>
    public async Task<AccountObject> Account(CancellationToken cancellation = default) =>
        (await PostAsGet("account", Kid(), cancellation)).Read(AcmeJson.Default.AccountObject);

    /// <summary>Replaces the contacts (§7.3.2).</summary>
    public async Task<AccountObject> UpdateContact(IReadOnlyList<string> contact, CancellationToken cancellation = default) =>
        (await Post("account", Kid(), RequestPayloads.Contact(contact), cancellation)).Read(AcmeJson.Default.AccountObject);

    /// <summary>Gives the account up for good (§7.3.6).</summary>
    public async Task<AccountObject> DeactivateAccount(CancellationToken cancellation = default) =>
        (await Post("account", Kid(), RequestPayloads.Deactivate(), cancellation)).Read(AcmeJson.Default.AccountObject);

    /// <summary>keyChange (§7.3.5): from now on <paramref name="newKey"/> signs.</summary>
    public async Task ChangeKey(JwsSigner newKey, CancellationToken cancellation = default)
    {
        var url = (await Directory(cancellation)).KeyChange;
        var inner = newKey.Sign(url, RequestPayloads.KeyChange(Kid(), AccountKey), nonce: null, kid: null);
        (await Post("keyChange", url, inner, cancellation)).RequireSuccess();
        _accountKey = newKey;
    }

    /// <summary>URLs of all of the account's orders, page by page (§7.1.2.1).</summary>
    public async Task<IReadOnlyList<string>> Orders(CancellationToken cancellation = default)
    {
        const int MaxPages = 10_000;
        var orders = new List<string>();
        var next = (await Account(cancellation)).Orders ?? throw new AcmeClientException("orders", "the server has no list of orders for this account");
        for (var page = 0; page < MaxPages; page++)
        {
            var answer = await PostAsGet("orders", next, cancellation);
            orders.AddRange(answer.Read(AcmeJson.Default.OrdersObject).Orders);
            if (answer.Links("next") is not [var following, ..])
            {
                return orders;
            }

            next = following;
        }

        throw new AcmeClientException("orders", $"the list of orders does not end after {MaxPages} pages");
    }

    /// <summary>newOrder (§7.4).</summary>
    public async Task<AcmeResource<OrderObject>> NewOrder(NewOrderRequest order, CancellationToken cancellation = default) =>
        Created("newOrder", await Post("newOrder", (await Directory(cancellation)).NewOrder, RequestPayloads.NewOrder(order), cancellation), AcmeJson.Default.OrderObject);

    /// <summary>newAuthz: authorizes an identifier before there is an order (§7.4.1).</summary>
    public async Task<AcmeResource<AuthorizationObject>> NewAuthorization(AcmeIdentifier identifier, CancellationToken cancellation = default)
    {
        var url = (await Directory(cancellation)).NewAuthz ?? throw new AcmeClientException("newAuthz", "the directory offers no pre-authorization (newAuthz)");
        return Created("newAuthz", await Post("newAuthz", url, RequestPayloads.NewAuthorization(identifier), cancellation), AcmeJson.Default.AuthorizationObject);
    }

    /// <summary>An order as it is now.</summary>
    public async Task<OrderObject> Order(string url, CancellationToken cancellation = default) =>
        (await PostAsGet("order", url, cancellation)).Read(AcmeJson.Default.OrderObject);

    /// <summary>An authorization as it is now.</summary>
    public async Task<AuthorizationObject> Authorization(string url, CancellationToken cancellation = default) =>
        (await PostAsGet("authorization", url, cancellation)).Read(AcmeJson.Default.AuthorizationObject);

    /// <summary>Gives an authorization up (§7.5.2).</summary>
    public async Task<AuthorizationObject> DeactivateAuthorization(string url, CancellationToken cancellation = default) =>
        (await Post("authorization", url, RequestPayloads.Deactivate(), cancellation)).Read(AcmeJson.Default.AuthorizationObject);

    /// <summary>A challenge as it is now; does not start its validation.</summary>
    public async Task<ChallengeObject> Challenge(string url, CancellationToken cancellation = default) =>
        (await PostAsGet("challenge", url, cancellation)).Read(AcmeJson.Default.ChallengeObject);

    /// <summary>Says that the challenge can be validated (§7.5.1), with <c>{}</c>.</summary>
    /// <exception cref="AcmeClientException">Also when the answer is the challenge, invalid: with its error.</exception>
    public Task<ChallengeObject> AnswerChallenge(ChallengeObject challenge, CancellationToken cancellation = default) =>
        AnswerChallenge(challenge, RequestPayloads.Nothing(), cancellation);

    /// <summary>Answers <c>device-attest-01</c> with evidence (device-attest §5).</summary>
    /// <param name="challenge">The challenge.</param>
    /// <param name="attestationObject">CBOR of the attestation object; empty sends the empty text.</param>
    /// <param name="error">What an Apple client adds when it has no evidence.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="AcmeClientException">Also when the answer is the challenge, invalid: with its error.</exception>
    public Task<ChallengeObject> AnswerWithEvidence(
        ChallengeObject challenge, ReadOnlyMemory<byte> attestationObject, string? error = null, CancellationToken cancellation = default) =>
        AnswerChallenge(challenge, RequestPayloads.Evidence(attestationObject.Span, error), cancellation);

    /// <summary>finalize (§7.4); the order may still be <c>processing</c> afterwards, see <see cref="WaitForCertificate"/>.</summary>
    /// <param name="order">The order, <c>ready</c>.</param>
    /// <param name="csr">DER of the PKCS #10 request.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task<OrderObject> Finalize(OrderObject order, ReadOnlyMemory<byte> csr, CancellationToken cancellation = default)
    {
        var answer = await Post("finalize", order.Finalize, RequestPayloads.Finalize(csr.Span), cancellation);
        var finalized = answer.Read(AcmeJson.Default.OrderObject);
        // §7.4: an order that is processing is looked at after the time given here
        if (finalized.Status == "processing" && answer.Location is { } url && answer.RetryAfter(options.Time.GetUtcNow()) is { } pause)
        {
            _firstPauses[url] = pause;
        }

        return finalized;
    }

    /// <summary>Downloads a chain (§7.4.2); its <see cref="CertificateChain.Alternates"/> can be downloaded the same way.</summary>
    public async Task<CertificateChain> DownloadChain(string url, CancellationToken cancellation = default) =>
        CertificateChain.Read("certificate", await PostAsGet("certificate", url, cancellation));

    /// <summary>revokeCert signed by the account (§7.6).</summary>
    /// <param name="certificate">DER.</param>
    /// <param name="reason">Reason code (RFC 5280 §5.3.1); null sends none.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task Revoke(ReadOnlyMemory<byte> certificate, int? reason = null, CancellationToken cancellation = default) =>
        (await Post("revokeCert", (await Directory(cancellation)).RevokeCert, RequestPayloads.Revoke(certificate.Span, reason), cancellation)).RequireSuccess();

    /// <summary>revokeCert signed by the certificate's own key (§7.6).</summary>
    /// <inheritdoc cref="Revoke"/>
    public async Task RevokeWithKey(JwsSigner certificateKey, ReadOnlyMemory<byte> certificate, int? reason = null, CancellationToken cancellation = default)
    {
        var url = (await Directory(cancellation)).RevokeCert;
        (await PostWith(certificateKey, null, "revokeCert", url, RequestPayloads.Revoke(certificate.Span, reason), cancellation)).RequireSuccess();
    }

    /// <summary>Posts any payload signed by the account and hands over the answer as it is, for what has no method here.</summary>
    public Task<AcmeAnswer> Post(string step, string url, byte[] payload, CancellationToken cancellation = default) =>
        PostWith(_accountKey, Kid(), step, url, payload, cancellation);

    /// <summary>POST-as-GET (§6.3).</summary>
    public Task<AcmeAnswer> PostAsGet(string step, string url, CancellationToken cancellation = default) => Post(step, url, Empty, cancellation);

    /// <summary>Posts any payload signed by any key; without <paramref name="kid"/> the key itself is sent.</summary>
    public async Task<AcmeAnswer> PostWith(JwsSigner signer, string? kid, string step, string url, byte[] payload, CancellationToken cancellation = default) =>
        await _connection.Post(step, url, payload, signer, kid, (await Directory(cancellation)).NewNonce, cancellation);

    /// <summary>A nonce that was not used yet (§7.2), for requests that <see cref="Send"/> carries.</summary>
    public async Task<string> NewNonce(CancellationToken cancellation = default) =>
        await _connection.NewNonce((await Directory(cancellation)).NewNonce, cancellation);

    /// <summary>Sends any request as it is, also a wrong one: nothing is signed, nothing is tried again after <c>badNonce</c>. For simulators and tests.</summary>
    /// <param name="step">The step's name, see <see cref="AcmeStep"/>.</param>
    /// <param name="request">The request; it is disposed.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public Task<AcmeAnswer> Send(string step, HttpRequestMessage request, CancellationToken cancellation = default) => _connection.Send(step, request, cancellation);

    private static AcmeResource<T> Created<T>(string step, AcmeAnswer answer, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        var value = answer.Read(type);
        return answer.Location is { } url
            ? new AcmeResource<T>(url, value)
            : throw new AcmeClientException(step, $"{answer.Url} answered without the Location of what it made (RFC 8555 §7.4)", status: answer.Status);
    }

    private async Task<ChallengeObject> AnswerChallenge(ChallengeObject challenge, byte[] payload, CancellationToken cancellation)
    {
        var answer = await Post("challenge", challenge.Url, payload, cancellation);
        var answered = answer.Read(AcmeJson.Default.ChallengeObject);
        // RFC 9110 §10.2.3: while it is validated, the authorization (§7.1: Link "up") is not worth a look before the time given here
        if (answered.Status == "processing" && answer.RetryAfter(options.Time.GetUtcNow()) is { } pause && answer.Links("up") is [var authorization, ..])
        {
            _firstPauses[authorization] = pause;
        }

        return answered.Status != "invalid" ? answered : throw Failure("challenge", $"{challenge.Type} is invalid", answered.Error);
    }

    private static AcmeClientException Failure(string step, string what, Problem? problem) =>
        problem is null ? new AcmeClientException(step, $"{what}, and the server does not say why") : AcmeAnswer.Refusal(step, problem);

    private string Kid() => AccountUrl ?? throw new InvalidOperationException("the client has no account yet: call Register or UseAccount first");
}
