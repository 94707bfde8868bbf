using System.Security.Cryptography;

namespace DeviceAcme.Protocol.Jose;

/// <summary>The platform's objects for one public key, kept because importing costs twice what verifying does.</summary>
/// <remarks>
/// ECDsa and RSA do not promise that one instance may be used by two threads at once. So each verification takes an idle instance
/// or imports another, and gives it back to a few slots: in step with the cores, without a lock. What finds no slot is disposed.
/// </remarks>
internal sealed class ImportedKeys
{
    private readonly Func<AsymmetricAlgorithm> _import;
    private readonly AsymmetricAlgorithm?[] _idle = new AsymmetricAlgorithm?[4];
    private byte[]? _spki;

    public ImportedKeys(ECParameters key) => _import = () => ECDsa.Create(key);

    public ImportedKeys(RSAParameters key) => _import = () => RSA.Create(key);

    public byte[] Spki
    {
        get
        {
            if (_spki is null)
            {
                var key = Take();
                _spki = key.ExportSubjectPublicKeyInfo();
                GiveBack(key);
            }

            return _spki;
        }
    }

    public bool Verify(HashAlgorithmName hash, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var key = Take();
        var valid = key switch
        {
            ECDsa ecdsa => ecdsa.VerifyData(data, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
            RSA rsa => rsa.VerifyData(data, signature, hash, RSASignaturePadding.Pkcs1),
            _ => throw new InvalidOperationException($"no verification for {key.GetType()}"),
        };
        GiveBack(key);
        return valid;
    }

    private AsymmetricAlgorithm Take()
    {
        for (var slot = 0; slot < _idle.Length; slot++)
        {
            if (_idle[slot] is not null && Interlocked.Exchange(ref _idle[slot], null) is { } key)
            {
                return key;
            }
        }

        return _import();
    }

    private void GiveBack(AsymmetricAlgorithm key)
    {
        for (var slot = 0; slot < _idle.Length; slot++)
        {
            if (Interlocked.CompareExchange(ref _idle[slot], key, null) is null)
            {
                return;
            }
        }

        key.Dispose();
    }
}
