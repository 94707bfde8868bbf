using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Simulator.Makers;

/// <summary>One answer to a <c>device-attest-01</c> challenge, with all that a test wants to compare.</summary>
internal sealed record MadeEvidence
{
    /// <summary>The attestation object; what <see cref="AttObj"/> decodes to, unless a fault broke that member.</summary>
    public required byte[] AttestationObject { get; init; }

    /// <summary>The attested public key, DER SubjectPublicKeyInfo.</summary>
    public required byte[] PublicKey { get; init; }

    /// <summary>The private key of the CSR; another one than the attested only by a fault.</summary>
    public required AsymmetricAlgorithm Key { get; init; }

    /// <summary>The identifier that an honest order names.</summary>
    public required string Identifier { get; init; }

    /// <summary>The type of that identifier.</summary>
    public string IdentifierType { get; init; } = AcmeIdentifier.PermanentIdentifier;

    /// <summary>Certificates of the statement, leaf first, DER.</summary>
    public required IReadOnlyList<byte[]> Chain { get; init; }

    /// <summary>The member <c>attObj</c>; a string unless a fault makes it something else.</summary>
    public required JsonNode? AttObj { get; init; }

    /// <summary>Apple's member <c>error</c>, beside an attestation that could not be made.</summary>
    public string? Error { get; init; }

    /// <summary>The payload of the challenge's POST (device-attest §5).</summary>
    public JsonObject Payload
    {
        get
        {
            var payload = new JsonObject { ["attObj"] = AttObj?.DeepClone() };
            if (Error is not null)
            {
                payload["error"] = Error;
            }

            return payload;
        }
    }

    public static JsonNode Encode(byte[] attestationObject) => JsonValue.Create(Base64Url.EncodeToString(attestationObject));
}
