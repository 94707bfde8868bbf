using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload of revokeCert (RFC 8555 §7.6).</summary>
/// <param name="Certificate">DER of the certificate, not looked into.</param>
/// <param name="Reason">The reason code as it was sent (RFC 5280 §5.3.1); null when there is none.</param>
public sealed record RevocationRequest(ReadOnlyMemory<byte> Certificate, int? Reason)
{
    /// <summary>Largest certificate, in bytes.</summary>
    public const int MaxCertificateBytes = 32 * 1024;

    /// <summary>Reads the payload.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>; <c>badRevocationReason</c> for a number that no reason can have.</exception>
    public static RevocationRequest Parse(JsonElement payload)
    {
        var fields = JsonFields.Of(payload);
        return new RevocationRequest(fields.RequiredBase64Url("certificate", MaxCertificateBytes), ReadReason(fields));
    }

    private static int? ReadReason(JsonFields fields) =>
        fields.Optional("reason") is not { ValueKind: JsonValueKind.Number } value || value.TryGetInt32(out _)
            ? fields.OptionalInt("reason")
            : throw Problems.BadRevocationReason("revocation-reason-unknown", "reason: expected a code of RFC 5280 §5.3.1, found another number");
}
