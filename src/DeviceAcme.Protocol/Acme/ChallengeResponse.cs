using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload posted to a challenge URL (RFC 8555 §7.5.1): <c>{}</c>, or evidence (device-attest §5).</summary>
/// <param name="AttestationObject">The bytes of <c>attObj</c>, not looked into; empty when it is the empty text, null when it is absent.</param>
/// <param name="Error">What an Apple client says instead of evidence; null when it says nothing.</param>
public sealed record ChallengeResponse(ReadOnlyMemory<byte>? AttestationObject, string? Error)
{
    private const int MaxShownError = 1024;

    /// <summary>Reads the payload; members that it does not know are ignored (§7.5.1).</summary>
    /// <exception cref="ProblemException"><c>malformed</c>: <c>attObj</c> is there but no string of strict base64url.</exception>
    public static ChallengeResponse Parse(JsonElement payload)
    {
        var fields = JsonFields.Of(payload);
        // null is no string either, so it is a fault here where elsewhere it would count as absent
        var evidence = payload.TryGetProperty("attObj", out var value)
            ? (ReadOnlyMemory<byte>?)JsonFields.Bytes(value, fields.PathOf("attObj"), StrictJson.MaxBytes)
            : null;
        return new ChallengeResponse(evidence, ReadError(fields));
    }

    // not in the standard, so another type than a string is ignored, and a long text is cut
    private static string? ReadError(JsonFields fields)
    {
        if (fields.Optional("error") is not { ValueKind: JsonValueKind.String } value)
        {
            return null;
        }

        var text = value.GetString()!;
        return text.Length <= MaxShownError ? text : text[..MaxShownError];
    }
}
