using System.Security.Cryptography;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Jose;

/// <summary>How an algorithm signs.</summary>
public enum JwsScheme
{
    /// <summary>ECDSA, signature = R and S of fixed size (RFC 7518 §3.4).</summary>
    Ecdsa,

    /// <summary>RSASSA-PKCS1-v1_5 (RFC 7518 §3.3).</summary>
    Rsa,

    /// <summary>HMAC (RFC 7518 §3.2); only for external account binding.</summary>
    Hmac,
}

/// <summary>One signature algorithm (RFC 7518 §3.1).</summary>
/// <param name="Name">The <c>alg</c> value.</param>
/// <param name="Scheme">How it signs.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Curve">The one curve of an ECDSA algorithm, as JWK names it.</param>
public sealed record JwsAlgorithm(string Name, JwsScheme Scheme, HashAlgorithmName Hash, string? Curve = null)
{
    /// <summary>Whether <paramref name="key"/> can be used with this algorithm.</summary>
    public bool Fits(Jwk key) => Scheme switch
    {
        JwsScheme.Ecdsa => key.Curve == Curve,
        JwsScheme.Rsa => key.KeyType == Jwk.Rsa,
        _ => false,
    };
}

/// <summary>The table of algorithms that are supported.</summary>
/// <remarks>EdDSA SHOULD be there (RFC 8555 §6.2), but the platform has no Ed25519; clients are told the list instead.</remarks>
public static class JwsAlgorithms
{
    public static readonly JwsAlgorithm Es256 = new("ES256", JwsScheme.Ecdsa, HashAlgorithmName.SHA256, "P-256");
    public static readonly JwsAlgorithm Es384 = new("ES384", JwsScheme.Ecdsa, HashAlgorithmName.SHA384, "P-384");
    public static readonly JwsAlgorithm Es512 = new("ES512", JwsScheme.Ecdsa, HashAlgorithmName.SHA512, "P-521");
    public static readonly JwsAlgorithm Rs256 = new("RS256", JwsScheme.Rsa, HashAlgorithmName.SHA256);
    public static readonly JwsAlgorithm Hs256 = new("HS256", JwsScheme.Hmac, HashAlgorithmName.SHA256);
    public static readonly JwsAlgorithm Hs384 = new("HS384", JwsScheme.Hmac, HashAlgorithmName.SHA384);
    public static readonly JwsAlgorithm Hs512 = new("HS512", JwsScheme.Hmac, HashAlgorithmName.SHA512);

    private static readonly JwsAlgorithm[] ForSignatures = [Es256, Es384, Es512, Rs256];
    private static readonly JwsAlgorithm[] ForMacs = [Hs256, Hs384, Hs512];

    /// <summary>What <c>badSignatureAlgorithm</c> answers list (RFC 8555 §6.2).</summary>
    public static IReadOnlyList<string> Signatures { get; } = [.. ForSignatures.Select(a => a.Name)];

    /// <summary>What an external account binding may use (RFC 8555 §7.3.4).</summary>
    public static IReadOnlyList<string> Macs { get; } = [.. ForMacs.Select(a => a.Name)];

    /// <summary>The signature algorithm named <paramref name="name"/>.</summary>
    /// <exception cref="ProblemException"><c>badSignatureAlgorithm</c>: anything else, <c>none</c> and MACs included.</exception>
    public static JwsAlgorithm Signature(string name) =>
        Array.Find(ForSignatures, a => a.Name == name) ??
        throw Problems.BadSignatureAlgorithm(
            "signature-algorithm-unsupported", $"alg: expected one of {string.Join(", ", Signatures)}, found {Quoted(name)}", Signatures);

    /// <summary>The MAC algorithm named <paramref name="name"/>.</summary>
    /// <exception cref="ProblemException"><c>badSignatureAlgorithm</c> that lists the MACs.</exception>
    public static JwsAlgorithm Mac(string name) =>
        Array.Find(ForMacs, a => a.Name == name) ??
        throw Problems.BadSignatureAlgorithm(
            "mac-algorithm-unsupported", $"alg of externalAccountBinding: expected one of {string.Join(", ", Macs)}, found {Quoted(name)}", Macs);

    // what a client sent is echoed only where it is short and harmless to print
    private static string Quoted(string name) => name.Length is > 0 and <= 24 && name.All(char.IsAsciiLetterOrDigit) ? name : "another value";
}
