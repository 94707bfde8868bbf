using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Bench.Floors;

/// <summary>Signature checks with the platform's own calls and nothing around them, by keys of the kind that a certificate has.</summary>
internal sealed class SignatureChecks : IDisposable
{
    private readonly Dictionary<string, Kind> _kinds = new(StringComparer.Ordinal);

    /// <summary>As by the key of this certificate, which is imported and then forgotten.</summary>
    public Operation Imported(string name, X509Certificate2 signer)
    {
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)signer.GetECDsaPublicKey() ?? signer.GetRSAPublicKey() ?? throw new BenchFailure($"a key of {signer.Subject} that nobody measures");
        return Imported(name, key);
    }

    public Operation Imported(string name, AsymmetricAlgorithm signer)
    {
        var kind = Of(signer);
        return new Operation($"{name}, {kind.Name}, key imported", 1, () => Require(kind.VerifyImported()));
    }

    /// <summary>As by the key of this certificate, which is at hand.</summary>
    public Operation Kept(string name, X509Certificate2 signer)
    {
        using AsymmetricAlgorithm key = (AsymmetricAlgorithm?)signer.GetECDsaPublicKey() ?? signer.GetRSAPublicKey() ?? throw new BenchFailure($"a key of {signer.Subject} that nobody measures");
        var kind = Of(key);
        return new Operation($"{name}, {kind.Name}, kept key", 1, () => Require(kind.VerifyKept()));
    }

    public void Dispose()
    {
        foreach (var kind in _kinds.Values)
        {
            kind.Dispose();
        }
    }

    private Kind Of(AsymmetricAlgorithm key)
    {
        var name = $"{(key is RSA ? "RSA" : "P")}-{key.KeySize}";
        if (!_kinds.TryGetValue(name, out var kind))
        {
            kind = _kinds[name] = key is RSA ? new RsaKind(name, key.KeySize) : new EcKind(name, key.KeySize);
        }

        return kind;
    }

    private static void Require(bool verified)
    {
        if (!verified)
        {
            throw new InvalidOperationException("a signature of the bench does not verify");
        }
    }

    private abstract class Kind(string name) : IDisposable
    {
        public string Name { get; } = name;

        /// <summary>About as long as a vendor's certificate.</summary>
        protected byte[] Data { get; } = RandomNumberGenerator.GetBytes(800);

        public abstract bool VerifyKept();

        public abstract bool VerifyImported();

        public abstract void Dispose();
    }

    private sealed class EcKind : Kind
    {
        private readonly ECDsa _key;
        private readonly ECParameters _public;
        private readonly HashAlgorithmName _hash;
        private readonly byte[] _signature;

        public EcKind(string name, int size)
            : base(name)
        {
            _hash = size switch { 256 => HashAlgorithmName.SHA256, 384 => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
            _key = ECDsa.Create(size switch { 256 => ECCurve.NamedCurves.nistP256, 384 => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
            _public = _key.ExportParameters(includePrivateParameters: false);
            _signature = _key.SignData(Data, _hash, DSASignatureFormat.Rfc3279DerSequence);
        }

        public override bool VerifyKept() => _key.VerifyData(Data, _signature, _hash, DSASignatureFormat.Rfc3279DerSequence);

        public override bool VerifyImported()
        {
            using var imported = ECDsa.Create(_public);
            return imported.VerifyData(Data, _signature, _hash, DSASignatureFormat.Rfc3279DerSequence);
        }

        public override void Dispose() => _key.Dispose();
    }

    private sealed class RsaKind : Kind
    {
        private readonly RSA _key;
        private readonly RSAParameters _public;
        private readonly byte[] _signature;

        public RsaKind(string name, int size)
            : base(name)
        {
            using var whole = RSA.Create(size);
            _public = whole.ExportParameters(includePrivateParameters: false);
            _signature = whole.SignData(Data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            _key = RSA.Create(_public);
        }

        public override bool VerifyKept() => _key.VerifyData(Data, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        public override bool VerifyImported()
        {
            using var imported = RSA.Create(_public);
            return imported.VerifyData(Data, _signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        public override void Dispose() => _key.Dispose();
    }
}
