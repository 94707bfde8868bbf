using System.Security.Cryptography;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Devices;

/// <summary>A secret that was hidden for a TPM and that only the TPM with both keys can bring back: single use, short-lived, stored as its hash.</summary>
internal sealed class Activation
{
    /// <summary>TPMs answer within seconds; slow discrete ones with RSA keys to be made first within a minute.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public required ActivationId Id { get; init; }
    public required string Profile { get; init; }

    /// <summary>Lower-case hex SHA-256 of the secret.</summary>
    public required string SecretHash { get; init; }

    /// <summary>Lower-case hex SHA-256 of the endorsement key's SubjectPublicKeyInfo.</summary>
    public required string EndorsementKeyHash { get; init; }

    /// <summary>The request in our own form, JSON: judged once more when the secret comes back.</summary>
    public required byte[] Request { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset Expires { get; init; }

    /// <summary>When a secret was brought, right or wrong.</summary>
    public DateTimeOffset? UsedAt { get; private set; }

    public static string HashOf(ReadOnlySpan<byte> secret) => Convert.ToHexStringLower(SHA256.HashData(secret));

    /// <summary>Whether this is the secret; compared in constant time.</summary>
    public bool IsSecret(ReadOnlySpan<byte> secret) => Secrets.Equal(SecretHash, HashOf(secret));

    /// <summary>Refuses a secret that was used or came too late.</summary>
    public void RequireOpen(DateTimeOffset now)
    {
        if (UsedAt is not null)
        {
            throw Problems.Unauthorized("activation-secret-used", "secret: expected one that was not used before; begin a new exchange");
        }

        if (now >= Expires)
        {
            throw Problems.Unauthorized("activation-expired", $"secret: expected within {Lifetime.TotalMinutes:0} minutes of the first request; begin a new exchange");
        }
    }

    /// <summary>The one use.</summary>
    public void Use(DateTimeOffset now)
    {
        RequireOpen(now);
        UsedAt = now;
    }
}
