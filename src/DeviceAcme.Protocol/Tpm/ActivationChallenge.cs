using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Tpm;

/// <summary>The answer to an <see cref="ActivationRequest"/>: a secret that only the right TPM can read (TPM 2.0 part 1 §24).</summary>
/// <param name="CredentialBlob">TPM2B_ID_OBJECT.</param>
/// <param name="EncryptedSecret">TPM2B_ENCRYPTED_SECRET.</param>
/// <param name="Identifier">The permanent identifier that the attestation key's certificate will have, as an order names it.</param>
/// <param name="Expires">When the secret is worth nothing any more.</param>
public sealed record ActivationChallenge(ReadOnlyMemory<byte> CredentialBlob, ReadOnlyMemory<byte> EncryptedSecret, string Identifier, DateTimeOffset Expires)
{
    private const int MaxBytes = ActivationRequest.MaxStructureBytes;

    /// <summary>Reads our own form.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static ActivationChallenge Parse(JsonElement body)
    {
        var fields = JsonFields.Of(body);
        return new ActivationChallenge(
            fields.RequiredBase64Url("credentialBlob", MaxBytes),
            fields.RequiredBase64Url("encryptedSecret", MaxBytes),
            fields.RequiredString("identifier"),
            fields.OptionalTime("expires") ?? throw Problems.Malformed("json-missing-member", "expires: expected a time, found nothing"));
    }

    /// <summary>Our own form, UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonBytes.Object(writer =>
    {
        writer.WriteString("credentialBlob", Jose.Base64Url.Encode(CredentialBlob.Span));
        writer.WriteString("encryptedSecret", Jose.Base64Url.Encode(EncryptedSecret.Span));
        writer.WriteString("identifier", Identifier);
        writer.WriteString("expires", Expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    });

    /// <summary>The Smallstep attestation CA's form, UTF-8 JSON.</summary>
    public byte[] ToSmallstepJson() => JsonBytes.Object(writer =>
    {
        writer.WriteBase64String("credential", CredentialBlob.Span);
        writer.WriteBase64String("secret", EncryptedSecret.Span);
    });
}

/// <summary>The second request: the secret, as TPM2_ActivateCredential gave it back.</summary>
/// <param name="Secret">The octets.</param>
public sealed record ActivationSecret(ReadOnlyMemory<byte> Secret)
{
    /// <summary>The longest secret that any TPM can give back, in bytes.</summary>
    public const int MaxBytes = 64;

    /// <summary>Reads our own form.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static ActivationSecret Parse(JsonElement body) => new(JsonFields.Of(body).RequiredBase64Url("secret", MaxBytes));

    /// <summary>Reads the body of <c>POST …/secret</c>.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static ActivationSecret ParseSmallstep(JsonElement body) => new(ActivationRequest.RequiredOctets(JsonFields.Of(body), "secret", MaxBytes));

    /// <summary>Our own form, UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonBytes.Object(writer => writer.WriteString("secret", Jose.Base64Url.Encode(Secret.Span)));
}

/// <summary>What the exchange ends with: the attestation key's certificate and those above it.</summary>
/// <param name="Certificates">DER, the attestation key's first, the attestation CA's last.</param>
public sealed record AttestationKeyCertificate(IReadOnlyList<ReadOnlyMemory<byte>> Certificates)
{
    private const int MostCertificates = 4;

    /// <summary>Reads our own form.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static AttestationKeyCertificate Parse(JsonElement body) => new(JsonFields.Of(body).RequiredArray<ReadOnlyMemory<byte>>(
        "certificates", MostCertificates, (item, path) => JsonFields.Bytes(item, path, ActivationRequest.MaxCertificateBytes)));

    /// <summary>Our own form, UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonBytes.Object(writer =>
    {
        writer.WriteStartArray("certificates");
        foreach (var certificate in Certificates)
        {
            writer.WriteStringValue(Jose.Base64Url.Encode(certificate.Span));
        }

        writer.WriteEndArray();
    });

    /// <summary>The Smallstep attestation CA's form, UTF-8 JSON.</summary>
    public byte[] ToSmallstepJson() => JsonBytes.Object(writer =>
    {
        writer.WriteStartArray("chain");
        foreach (var certificate in Certificates)
        {
            writer.WriteBase64StringValue(certificate.Span);
        }

        writer.WriteEndArray();
    });
}
