using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Simulator.Makers;

/// <summary>What a device knows of its challenge: the token and the key authorization (RFC 8555 §8.1).</summary>
internal sealed record ChallengeMaterial(string Token, string KeyAuthorization)
{
    /// <summary>A challenge for tests that have no server; the token is the one of device-attest's worked examples in peers' tests.</summary>
    public static ChallengeMaterial Sample { get; } = new(
        "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA",
        "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");

    public byte[] TokenHash => SHA256.HashData(Encoding.ASCII.GetBytes(Token));
    public byte[] KeyAuthorizationHash => SHA256.HashData(Encoding.ASCII.GetBytes(KeyAuthorization));
}
