using System.Text;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>What a statement is judged against. Only ACME's rule is used outside of tests, which judge recorded WebAuthn ceremonies too.</summary>
/// <param name="Source">What the challenge is, for people.</param>
/// <param name="Challenge">The right attestationChallenge; null where no challenge was given.</param>
/// <param name="Signed">What <c>sig</c> is made over; null where no challenge was given.</param>
internal sealed record AndroidExpectation(string Source, byte[]? Challenge, byte[]? Signed)
{
    /// <summary>device-attest §5 as deployed: the key authorization itself, not a hash of it, in both places.</summary>
    public static AndroidExpectation Acme(Evidence evidence)
    {
        var octets = evidence.KeyAuthorization is { } keyAuthorization ? Encoding.UTF8.GetBytes(keyAuthorization) : null;
        return new AndroidExpectation("the key authorization", octets, octets);
    }

    /// <summary>WebAuthn §8.4.</summary>
    public static AndroidExpectation WebAuthn(byte[] authData, byte[] clientDataHash) =>
        new("clientDataHash", clientDataHash, [.. authData, .. clientDataHash]);
}
