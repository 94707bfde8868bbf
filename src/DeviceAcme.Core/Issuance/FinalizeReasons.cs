using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Issuance;

/// <summary>The one table of reasons for which a finalize is refused: stable code, class, and what would help.</summary>
internal static class FinalizeReasons
{
    private const string Request = "csr";
    private const string Key = "key-mismatch";
    private const string Certificate = "certificate";

    public static IReadOnlyList<Reason> All { get; } =
    [
        new("csr-too-large", Request, "The request is larger than any that names what this order names."),
        new("csr-malformed", Request, "The request must be PKCS#10 in strict DER, base64url without armour."),
        new("csr-duplicate-extension", Request, "The request asks twice for the same extension."),
        new("csr-names-malformed", Request, "The subject alternative name of the request is not well formed."),
        new("csr-signature-algorithm", Request, "Sign the request with SHA-256 or stronger."),
        new("csr-signature-invalid", Request, "The request must be signed by the key that it carries: it was altered, or made with two keys."),
        new("csr-key-malformed", Request, "The public key of the request is not a valid key of its kind."),
        new("csr-key-type-unsupported", Request, "Make a key of a kind that this server knows."),
        new("csr-key-weak", Request, "The key is weak or broken: make a new one, with newer firmware where the old one made it."),
        new("csr-key-type-not-allowed", Request, "Make a key of a kind that the profile allows, or add this kind to certificate.keys."),
        new("csr-key-is-account-key", Key, "Make a key of its own for the certificate; the account's key signs requests alone."),
        new("csr-key-not-attested", Key, "The certificate is for the attested key alone: the client must use the key that its evidence is about, and make a new order for a new key."),
        new("authorization-not-attested", Key, "The identifier was authorized while the profile merely observed: make a new order."),
        new("csr-identifier-not-ordered", Request, "The request names something that was not ordered: order it, or leave it out."),
        new("csr-identifier-missing", Request, "The request must name every dns and ip identifier of the order."),
        new("csr-common-name-not-ordered", Request, "The common name must be one of the ordered names, or be left out."),
        new("csr-device-name-not-wanted", Request, "Leave device identifiers out of the request: the profile keeps them out of certificates."),
        new("csr-device-name-not-ordered", Request, "The device identifier in the request must be the ordered one octet for octet, or be left out."),
        new("csr-uri-not-ordered", Request, "The URI in the request must be an ordered one octet for octet, or be left out."),
        new("uri-not-vouched", "ledger", "Give the device the attribute of the ledger that the profile's 'vouched' names, or order the URI that it is called by."),
        .. Devices.Admission.Reasons,
        .. Devices.LimitReasons.All,
        .. Webhooks.WebhookReasons.All,
        .. Orders.ApprovalReasons.All,
        .. Tickets.TicketReasons.All,
        new("facts-contradict", Certificate, "The order's identifiers belong to different devices: order them separately."),
        new("template-value-missing", Certificate, "The certificate needs a value that the evidence does not have: name a default in the profile, as {{fact|text}}, or ask for other evidence."),
        new("template-value-not-encodable", Certificate, "A value does not fit its place in the certificate: change the profile's template."),
        new("certificate-without-name", Certificate, "The profile must give the certificate a subject or an alternative name."),
        new("validity-not-possible", Certificate, "Order a validity that the profile allows, or none."),
        new("validity-beyond-issuer", Certificate, "The issuing CA ends before the certificate would: renew it, or shorten certificate.validity."),
    ];

    private static readonly Dictionary<string, Reason> ByCode = All.ToDictionary(reason => reason.Code, StringComparer.Ordinal);

    /// <summary>The row of a code; a CA of its own may have codes of its own.</summary>
    public static Reason Find(string code) => ByCode.TryGetValue(code, out var reason) ? reason : new Reason(code, Certificate, "The issuing CA says in the detail what it wants.");
}
