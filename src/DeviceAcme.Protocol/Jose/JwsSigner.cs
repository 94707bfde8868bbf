using System.Security.Cryptography;

namespace DeviceAcme.Protocol.Jose;

/// <summary>Makes flattened JWS (RFC 7515 §7.2.2): for clients, the simulator and tests.</summary>
public abstract class JwsSigner
{
    // names and punctuation of the JSON around the three texts
    private const int JsonFrame = 64;

    /// <summary>The algorithm that it names in the header.</summary>
    public abstract JwsAlgorithm Algorithm { get; }

    /// <summary>The public key; null for a MAC.</summary>
    public abstract Jwk? Jwk { get; }

    /// <summary>Changes each signature before it is encoded, for example to drop leading zeros; null leaves it as it is.</summary>
    public Func<byte[], byte[]>? SignatureTransform { get; init; }

    /// <summary>Signs with an EC key (P-256, P-384, P-521) or an RSA key (RS256). The key stays the caller's to dispose.</summary>
    /// <exception cref="ArgumentException">A key of another kind.</exception>
    public static JwsSigner For(AsymmetricAlgorithm key, Func<byte[], byte[]>? signatureTransform = null) =>
        new KeySigner(key) { SignatureTransform = signatureTransform };

    /// <summary>Authenticates with a MAC key, for external account binding (RFC 8555 §7.3.4).</summary>
    public static JwsSigner ForMac(byte[] key, JwsAlgorithm? algorithm = null) => new MacSigner(key, algorithm ?? JwsAlgorithms.Hs256);

    /// <summary>A JWS with the header that ACME asks for.</summary>
    /// <param name="url">The <c>url</c> member.</param>
    /// <param name="payload">The payload's bytes; empty for POST-as-GET.</param>
    /// <param name="nonce">The nonce; null leaves it out (inner JWS).</param>
    /// <param name="kid">Account URL or key identifier; null puts the public key into the header as <c>jwk</c>.</param>
    /// <returns>UTF-8 JSON.</returns>
    public byte[] Sign(string url, ReadOnlySpan<byte> payload, string? nonce, string? kid)
    {
        var header = JsonBytes.Object(writer =>
        {
            writer.WriteString("alg", Algorithm.Name);
            if (kid is not null)
            {
                writer.WriteString("kid", kid);
            }
            else if (Jwk is not null)
            {
                writer.WritePropertyName("jwk");
                writer.WriteRawValue(Jwk.ToJson());
            }

            if (nonce is not null)
            {
                writer.WriteString("nonce", nonce);
            }

            writer.WriteString("url", url);
        });
        return SignRaw(header, payload);
    }

    /// <summary>A JWS over any protected header, also a wrong one.</summary>
    public byte[] SignRaw(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload)
    {
        var header = Base64Url.EncodedLength(protectedHeader.Length);
        var input = new byte[header + 1 + Base64Url.EncodedLength(payload.Length)];
        Base64Url.Encode(protectedHeader, input);
        input[header] = (byte)'.';
        Base64Url.Encode(payload, input.AsSpan(header + 1));
        var signature = SignData(input);
        signature = SignatureTransform?.Invoke(signature) ?? signature;
        var signatureText = new byte[Base64Url.EncodedLength(signature.Length)];
        Base64Url.Encode(signature, signatureText);
        return JsonBytes.Object(
            writer =>
            {
                writer.WriteString("protected"u8, input.AsSpan(0, header));
                writer.WriteString("payload"u8, input.AsSpan(header + 1));
                writer.WriteString("signature"u8, signatureText);
            },
            JsonFrame + input.Length + signatureText.Length);
    }

    /// <summary>Signs or authenticates the signing input.</summary>
    protected abstract byte[] SignData(byte[] signingInput);

    private sealed class KeySigner : JwsSigner
    {
        private readonly AsymmetricAlgorithm _key;
        private readonly Jwk _jwk;

        public KeySigner(AsymmetricAlgorithm key)
        {
            _key = key;
            _jwk = Jwk.FromKey(key);
            Algorithm = _jwk.Curve switch
            {
                "P-256" => JwsAlgorithms.Es256,
                "P-384" => JwsAlgorithms.Es384,
                "P-521" => JwsAlgorithms.Es512,
                _ => JwsAlgorithms.Rs256,
            };
        }

        public override JwsAlgorithm Algorithm { get; }

        public override Jwk? Jwk => _jwk;

        protected override byte[] SignData(byte[] signingInput) => _key switch
        {
            ECDsa ecdsa => ecdsa.SignData(signingInput, Algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
            RSA rsa => rsa.SignData(signingInput, Algorithm.Hash, RSASignaturePadding.Pkcs1),
            _ => throw new ArgumentException($"no signatures with {_key.GetType()}"),
        };
    }

    private sealed class MacSigner(byte[] key, JwsAlgorithm algorithm) : JwsSigner
    {
        public override JwsAlgorithm Algorithm => algorithm;

        public override Jwk? Jwk => null;

        protected override byte[] SignData(byte[] signingInput) => CryptographicOperations.HmacData(algorithm.Hash, key, signingInput);
    }
}
