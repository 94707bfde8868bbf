using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>Account keys that no server should take (RFC 8555 §6.2: badPublicKey).</summary>
internal static class KeyFaults
{
    private const int Bits = 2048;

    public static IReadOnlyList<Fault> All { get; } =
    [
        Account("private-key", "jwk is the private key", "key-private", trial =>
        {
            var jwk = Trial.KeyOf(trial.Signer);
            jwk["d"] = Base64Url.Encode(RandomNumberGenerator.GetBytes(32));
            return jwk;
        }),
        Account("key-of-unknown-type", "an OKP key", "key-type-unsupported", _ => new JsonObject { ["kty"] = "OKP", ["crv"] = "X25519", ["x"] = Base64Url.Encode(new byte[32]) }),
        Account("unknown-curve", "a key on secp256k1", "key-curve-unsupported", trial => Changed(trial, "crv", "secp256k1")),
        Account("short-coordinate", "a coordinate without its leading octet", "key-coordinate-length", trial => Changed(trial, "x", Base64Url.Encode(RandomNumberGenerator.GetBytes(31)))),
        Account("key-not-on-curve", "a point that is not on its curve", "key-not-on-curve", trial => Changed(trial, "x", Base64Url.Encode([.. new byte[31], 7]))),
        Account("rsa-leading-zero", "a modulus with a leading zero", "key-not-canonical", _ => Rsa([0, .. Modulus(Bits)])),
        Account("rsa-short", "an RSA key of 1024 bits", "key-size", _ => Rsa(Modulus(1024))),
        Account("rsa-exponent-three", "an RSA key with the exponent 3", "key-exponent", _ => Rsa(Modulus(Bits), 3)),
        Account("rsa-small-factor", "an RSA modulus that three divides", "key-small-factor", _ => Rsa(WeakRsa.SmallFactor())),
        Account("rsa-close-primes", "an RSA modulus of two numbers that are close to each other", "key-close-primes", _ => Rsa(WeakRsa.CloseFactors())),
        Account("rsa-roca", "an RSA key of Infineon's weak generator (CVE-2017-15361)", "key-roca", _ => Rsa(WeakRsa.RocaSample)),
        Of("key-for-another-algorithm", "RFC 8555 §6.2", "alg of newAccount does not fit jwk", Refused("badPublicKey", "key-algorithm-mismatch", null, "malformed", "badSignatureAlgorithm"),
            trial => trial.AccountRequest(request => request.Header["alg"] = "RS256")),
    ];

    private static Fault Account(string name, string description, string reason, Func<Trial, JsonNode> jwk) => Of(
        name, "RFC 8555 §6.2", $"the account's key: {description}", Refused("badPublicKey", reason, null, "malformed", "badSignatureAlgorithm"), trial => trial.AccountRequest(request =>
        {
            request.Header["jwk"] = jwk(trial);
            request.Header["alg"] = (string?)request.Header["jwk"]!["kty"] == "RSA" ? "RS256" : "ES256";
        }));

    private static JsonNode Changed(Trial trial, string member, string value)
    {
        var jwk = Trial.KeyOf(trial.Signer);
        jwk[member] = value;
        return jwk;
    }

    private static JsonObject Rsa(byte[] modulus, int exponent = 65537) => new()
    {
        ["kty"] = "RSA",
        ["n"] = Base64Url.Encode(modulus),
        ["e"] = Base64Url.Encode(exponent == 3 ? [3] : [1, 0, 1]),
    };

    private static byte[] Modulus(int bits)
    {
        using var key = SpareRsaKey.Of(bits);
        return key.ExportParameters(false).Modulus!;
    }
}
