using System.Text;

namespace DeviceAcme.Attestation.Packed;

/// <summary>What a statement is judged against. Only ACME's rule is used for orders; recorded WebAuthn ceremonies are judged with the other one.</summary>
/// <param name="Source">What is signed, for people.</param>
/// <param name="Signed">What <c>sig</c> is made over; null where no challenge was given.</param>
/// <param name="ClientData">For a ceremony: the hash that was signed, and the one that it should have been; null where the server made what is signed.</param>
internal sealed record PackedExpectation(string Source, byte[]? Signed, (byte[] Found, byte[] Right)? ClientData)
{
    /// <summary>device-attest §5: the key authorization in place of authData and clientDataHash.</summary>
    public static PackedExpectation Acme(Evidence evidence) => new(
        "the key authorization", evidence.KeyAuthorization is { } keyAuthorization ? Encoding.UTF8.GetBytes(keyAuthorization) : null, null);

    /// <summary>WebAuthn §8.2.</summary>
    public static PackedExpectation WebAuthn(byte[] authData, byte[] clientDataHash, byte[] rightHash) =>
        new("authData and clientDataHash", [.. authData, .. clientDataHash], (clientDataHash, rightHash));
}
