using System.Text;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>What a statement is judged against: ACME's rule, or WebAuthn's where a recorded ceremony is judged offline.</summary>
/// <param name="Source">What the challenge is, for people.</param>
/// <param name="Challenge">The right attestationChallenge; null where no challenge was given.</param>
/// <param name="Signed">What <c>sig</c> is made over; null where no challenge was given.</param>
internal sealed record AndroidExpectation(string Source, byte[]? Challenge, byte[]? Signed)
{
    /// <summary>device-attest §5 as deployed: the key authorization itself, not a hash of it, in both places.</summary>
    public static AndroidExpectation Acme(Evidence evidence)
    {
        var octets = evidence.KeyAuthorization is { } keyAuthorization ? Encoding.UTF8.GetBytes(keyAuthorization) : evidence.ChallengeHash?.ToArray();
        return new AndroidExpectation(evidence.KeyAuthorization is null ? "the given challenge" : "the key authorization", octets, octets);
    }

    /// <summary>WebAuthn §8.4.</summary>
    public static AndroidExpectation WebAuthn(ReadOnlySpan<byte> authData, byte[]? clientDataHash) =>
        new("clientDataHash", clientDataHash, clientDataHash is null ? null : [.. authData, .. clientDataHash]);
}
