using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>What a statement is judged against. Only ACME's rule is used outside of tests, which judge recorded WebAuthn ceremonies too.</summary>
internal sealed record TpmExpectation
{
    /// <summary>Accepted values of extraData for a signature with this hash, with what they are made from; empty where no challenge was given.</summary>
    public required Func<HashAlgorithmName, IReadOnlyList<(string Source, byte[] Value)>> ExtraData { get; init; }

    /// <summary>SHA-1 signatures: refused, except to judge old recorded evidence.</summary>
    public bool AllowSha1 { get; init; }

    /// <summary>device-attest §5: SHA-256 of the key authorization in every deployment; the signature's own hash where that is stronger.</summary>
    public static TpmExpectation Acme(Evidence evidence) => new()
    {
        ExtraData = hash =>
        {
            if (evidence.KeyAuthorization is not { } keyAuthorization)
            {
                return [];
            }

            var accepted = new List<(string, byte[])> { ("SHA-256 of the key authorization", CommonChecks.Sha256(keyAuthorization)) };
            if (hash == HashAlgorithmName.SHA384 || hash == HashAlgorithmName.SHA512)
            {
                accepted.Add(
                    ($"{hash.Name} of the key authorization", CryptographicOperations.HashData(hash, Encoding.UTF8.GetBytes(keyAuthorization))));
            }

            return accepted;
        },
    };

    /// <summary>WebAuthn §8.3: the hash of <c>alg</c> over authData ‖ clientDataHash.</summary>
    public static TpmExpectation WebAuthn(ReadOnlyMemory<byte> toBeSigned, bool allowSha1) => new()
    {
        ExtraData = hash => [($"{hash.Name} of authData and clientDataHash", CryptographicOperations.HashData(hash, toBeSigned.Span))],
        AllowSha1 = allowSha1,
    };
}
