using System.Text.Json;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Tpm;

/// <summary>
/// The first request of credential activation: a TPM's endorsement key, and the attestation key that is to be certified. It has two wire
/// forms: that of the Smallstep attestation CA (<see cref="ParseSmallstep"/>), and our own (<see cref="Parse"/>), which says what the endorsement
/// key's template is and so needs no guess about its hash and AES size. <c>docs/tpm-protocol.md</c> has both.
/// </summary>
/// <remarks>All octets are taken as they are; judging them is the server's.</remarks>
public sealed record ActivationRequest
{
    /// <summary>Most certificates that are read: the endorsement certificate, and those of an on-die CA above it.</summary>
    public const int MaxCertificates = 10;

    /// <summary>Largest certificate, in bytes.</summary>
    public const int MaxCertificateBytes = 8 * 1024;

    /// <summary>Largest TPM structure or public key, in bytes.</summary>
    public const int MaxStructureBytes = 4 * 1024;

    /// <summary>The endorsement key, DER SubjectPublicKeyInfo; null where <see cref="EndorsementPublicArea"/> or a certificate says it.</summary>
    public ReadOnlyMemory<byte>? EndorsementPublicKey { get; init; }

    /// <summary>The endorsement key, TPMT_PUBLIC; null where the client does not say its template.</summary>
    public ReadOnlyMemory<byte>? EndorsementPublicArea { get; init; }

    /// <summary>The endorsement certificate and those above it, DER, in any order; empty where the TPM has none.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> EndorsementCertificates { get; init; }

    /// <summary>The attestation key, TPMT_PUBLIC.</summary>
    public required ReadOnlyMemory<byte> AttestationPublicArea { get; init; }

    /// <summary>TPMS_CREATION_DATA of the attestation key.</summary>
    public required ReadOnlyMemory<byte> CreationData { get; init; }

    /// <summary>TPMS_ATTEST of TPM2_CertifyCreation over the attestation key.</summary>
    public required ReadOnlyMemory<byte> CreationAttestation { get; init; }

    /// <summary>TPMT_SIGNATURE over <see cref="CreationAttestation"/> by the attestation key itself.</summary>
    public required ReadOnlyMemory<byte> CreationSignature { get; init; }

    /// <summary>Reads our own form.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static ActivationRequest Parse(JsonElement payload)
    {
        var fields = JsonFields.Of(payload);
        var endorsement = fields.RequiredObject("endorsementKey");
        var attestation = fields.RequiredObject("attestationKey");
        return new ActivationRequest
        {
            EndorsementPublicKey = Optional(endorsement, "publicKey"),
            EndorsementPublicArea = Optional(endorsement, "publicArea"),
            EndorsementCertificates = endorsement.OptionalArray<ReadOnlyMemory<byte>>(
                "certificates", MaxCertificates, (item, path) => JsonFields.Bytes(item, path, MaxCertificateBytes)) ?? [],
            AttestationPublicArea = attestation.RequiredBase64Url("publicArea", MaxStructureBytes),
            CreationData = attestation.RequiredBase64Url("creationData", MaxStructureBytes),
            CreationAttestation = attestation.RequiredBase64Url("creationAttestation", MaxStructureBytes),
            CreationSignature = attestation.RequiredBase64Url("creationSignature", MaxStructureBytes),
        };

        static ReadOnlyMemory<byte>? Optional(JsonFields fields, string name) =>
            fields.Optional(name) is null ? (ReadOnlyMemory<byte>?)null : fields.RequiredBase64Url(name, MaxStructureBytes);
    }

    /// <summary>Reads the body of <c>POST …/attest</c>. What the client says about its TPM (<c>tpmInfo</c>) is its own word and not kept; <c>akCert</c> is not looked at.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static ActivationRequest ParseSmallstep(JsonElement body)
    {
        var fields = JsonFields.Of(body);
        RequireTpm20(fields);
        var parameters = fields.RequiredObject("params");
        if (parameters.OptionalBool("useTCSDActivationFormat") == true)
        {
            throw Problems.Malformed("tpm-version-unsupported", "params.useTCSDActivationFormat: expected false, the activation of TPM 2.0; found true, that of TPM 1.2");
        }

        return new ActivationRequest
        {
            EndorsementPublicKey = OptionalOctets(fields, "ek", MaxStructureBytes),
            EndorsementCertificates = fields.OptionalArray<ReadOnlyMemory<byte>>("ekCerts", MaxCertificates, (item, path) => Octets(item, path, MaxCertificateBytes)) ?? [],
            AttestationPublicArea = RequiredOctets(parameters, "public"),
            CreationData = RequiredOctets(parameters, "createData"),
            CreationAttestation = RequiredOctets(parameters, "createAttestation"),
            CreationSignature = RequiredOctets(parameters, "createSignature"),
        };
    }

    /// <summary>Our own form, UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonBytes.Object(writer =>
    {
        writer.WriteStartObject("endorsementKey");
        WriteOptional("publicKey", EndorsementPublicKey);
        WriteOptional("publicArea", EndorsementPublicArea);
        writer.WriteStartArray("certificates");
        foreach (var certificate in EndorsementCertificates)
        {
            writer.WriteStringValue(Jose.Base64Url.Encode(certificate.Span));
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteStartObject("attestationKey");
        Write("publicArea", AttestationPublicArea);
        Write("creationData", CreationData);
        Write("creationAttestation", CreationAttestation);
        Write("creationSignature", CreationSignature);
        writer.WriteEndObject();

        void Write(string name, ReadOnlyMemory<byte> octets) => writer.WriteString(name, Jose.Base64Url.Encode(octets.Span));

        void WriteOptional(string name, ReadOnlyMemory<byte>? octets)
        {
            if (octets is { } value)
            {
                Write(name, value);
            }
        }
    });

    /// <summary>The octets of an element in base64 with padding.</summary>
    internal static ReadOnlyMemory<byte> Octets(JsonElement value, string path, int maxBytes) =>
        StandardBase64.TryDecode(JsonFields.Ascii(value, path), maxBytes, out var octets)
            ? octets
            : throw Problems.Malformed("base64-invalid", $"{path}: expected at most {maxBytes} bytes in base64 with padding and without whitespace (RFC 4648 §4), found another text");

    /// <summary>Octets that must be there.</summary>
    internal static ReadOnlyMemory<byte> RequiredOctets(JsonFields fields, string name, int maxBytes = MaxStructureBytes) => fields.Optional(name) is { } value
        ? Octets(value, fields.PathOf(name), maxBytes)
        : throw Problems.Malformed("json-missing-member", $"{fields.PathOf(name)}: expected a base64 string, found nothing");

    private static ReadOnlyMemory<byte>? OptionalOctets(JsonFields fields, string name, int maxBytes) =>
        fields.Optional(name) is { } value ? Octets(value, fields.PathOf(name), maxBytes) : null;

    // go-attestation counts: 0 any, 1 TPM 1.2, 2 TPM 2.0; Go leaves a 0 out
    private static void RequireTpm20(JsonFields fields)
    {
        if (fields.Optional("tpmInfo") is { } info && JsonFields.Of(info, "tpmInfo").OptionalInt("version") is not (null or 0 or 2))
        {
            throw Problems.Malformed("tpm-version-unsupported", "tpmInfo.version: expected 2, TPM 2.0; found another version");
        }
    }
}
