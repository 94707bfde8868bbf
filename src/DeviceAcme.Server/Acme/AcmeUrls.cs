using DeviceAcme.Core;

namespace DeviceAcme.Server.Acme;

/// <summary>The URLs of one directory. They are made from the configured base, never from a Host header.</summary>
/// <param name="Ticket">The code in the path of a ticket's own directory; null for the profile's.</param>
internal readonly record struct AcmeUrls(string BaseUrl, string Profile, string? Ticket = null)
{
    private string Root => Ticket is null ? $"{BaseUrl}/acme/{Profile}" : $"{BaseUrl}/acme/{Profile}/{Ticket}";

    public string Directory => $"{Root}/directory";
    public string NewNonce => $"{Root}/new-nonce";
    public string NewAccount => $"{Root}/new-account";
    public string NewOrder => $"{Root}/new-order";
    public string NewAuthorization => $"{Root}/new-authz";
    public string RevokeCertificate => $"{Root}/revoke-cert";
    public string KeyChange => $"{Root}/key-change";

    public string Account(AccountId id) => $"{Root}/account/{id}";

    public string Orders(AccountId id) => $"{Root}/account/{id}/orders";

    public string Order(OrderId id) => $"{Root}/order/{id}";

    public string Finalize(OrderId id) => $"{Root}/order/{id}/finalize";

    public string Authorization(AuthorizationId id) => $"{Root}/authz/{id}";

    public string Challenge(ChallengeId id) => $"{Root}/chall/{id}";

    public string Certificate(CertificateId id) => $"{Root}/cert/{id}";

    public string AlternateCertificate(CertificateId id, int number) => $"{Root}/cert/{id}/{number}";

    /// <summary>The id in an account URL of this directory, or null for any other text.</summary>
    public AccountId? AccountOf(string url)
    {
        var prefix = $"{Root}/account/";
        return url.StartsWith(prefix, StringComparison.Ordinal) ? new AccountId(url[prefix.Length..]) : null;
    }
}
