using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload of finalize (RFC 8555 §7.4).</summary>
/// <param name="Csr">DER of the PKCS #10 request, not looked into.</param>
public sealed record FinalizeRequest(ReadOnlyMemory<byte> Csr)
{
    /// <summary>Largest certificate request, in bytes.</summary>
    public const int MaxCsrBytes = 16 * 1024;

    /// <summary>Reads the payload.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static FinalizeRequest Parse(JsonElement payload) => new(JsonFields.Of(payload).RequiredBase64Url("csr", MaxCsrBytes));
}
