using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>What a statement is judged against: ACME's rule, or WebAuthn's where a recorded ceremony is judged offline.</summary>
internal sealed record TpmExpectation
{
    /// <summary>Accepted values of extraData for a signature with this hash, with what they are made from; empty where no challenge was given.</summary>
    public required Func<HashAlgorithmName, IReadOnlyList<(string Source, byte[] Value)>> ExtraData { get; init; }

    /// <summary>SHA-1 signatures: refused, except in recorded ceremonies (Windows signs them with RS1).</summary>
    public bool AllowSha1 { get; init; }

    /// <summary>device-attest §5: SHA-256 of the key authorization in every deployment; the signature's own hash where that is stronger.</summary>
    public static TpmExpectation Acme(Evidence evidence) => new()
    {
        ExtraData = hash =>
        {
            var accepted = evidence.ChallengeHash is { } given ? new List<(string, byte[])> { ("the given challenge hash", given.ToArray()) } : [];
            if (evidence.KeyAuthorization is not { } keyAuthorization)
            {
                return accepted;
            }

            accepted.Add(("SHA-256 of the key authorization", CommonChecks.Sha256(keyAuthorization)));
            if (hash == HashAlgorithmName.SHA384 || hash == HashAlgorithmName.SHA512)
            {
                accepted.Add(
                    ($"{hash.Name} of the key authorization", CryptographicOperations.HashData(hash, Encoding.UTF8.GetBytes(keyAuthorization))));
            }

            return accepted;
        },
    };

    /// <summary>WebAuthn §8.3: the hash of <c>alg</c> over authData ‖ clientDataHash.</summary>
    public static TpmExpectation WebAuthn(ReadOnlyMemory<byte> authData, byte[]? clientDataHash, bool allowSha1) => new()
    {
        ExtraData = hash => clientDataHash is null
            ? []
            : [($"{hash.Name} of authData and clientDataHash", CryptographicOperations.HashData(hash, [.. authData.Span, .. clientDataHash]))],
        AllowSha1 = allowSha1,
    };
}
