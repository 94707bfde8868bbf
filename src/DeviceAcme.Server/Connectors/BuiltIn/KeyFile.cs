using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>A CA's private key in a PEM file: PKCS#8, encrypted when a passphrase is given.</summary>
internal static class KeyFile
{
    private const string Encrypted = "ENCRYPTED PRIVATE KEY";

    // once per start; whoever steals the file pays it for every guess
    private static readonly PbeParameters Protection = new(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 200_000);

    /// <summary>The PEM of a key.</summary>
    public static byte[] Write(AsymmetricAlgorithm key, string? passphrase) => Encoding.ASCII.GetBytes(
        (passphrase is null ? key.ExportPkcs8PrivateKeyPem() : key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, Protection)) + "\n");

    /// <summary>Reads the key of a file. A plain key is encrypted in place when a passphrase is given.</summary>
    /// <exception cref="IssuerException">The file is missing, is no key, or the passphrase does not open it.</exception>
    public static SigningKey Read(string path, string? passphrase)
    {
        if (!File.Exists(path))
        {
            throw new IssuerException($"{path} is missing: the CA cannot sign without its key", "bring it back from the backup");
        }

        if (DurableFiles.IsReadableByOthers(path))
        {
            throw new IssuerException($"{path} can be read by other users of this machine", $"chmod 600 {path}");
        }

        var pem = File.ReadAllText(path);
        if (!PemEncoding.TryFind(pem, out var fields))
        {
            throw new IssuerException($"{path} is not a PEM file");
        }

        var encrypted = pem[fields.Label] == Encrypted;
        if (encrypted && passphrase is null)
        {
            throw new IssuerException($"{path} is encrypted and no passphrase was given", "set DEVICEACME_CA_PASSPHRASE or --ca-passphrase-file");
        }

        var key = Import(path, pem, encrypted ? passphrase : null);
        if (!encrypted && passphrase is not null)
        {
            DurableFiles.Write(path, Write(key, passphrase));
        }

        return key is ECDsa ec ? new SigningKey(ec) : new SigningKey((RSA)key);
    }

    private static AsymmetricAlgorithm Import(string path, string pem, string? passphrase)
    {
        AsymmetricAlgorithm[] kinds = [ECDsa.Create(), RSA.Create()];
        Exception? failure = null;
        for (var index = 0; index < kinds.Length; index++)
        {
            try
            {
                if (passphrase is null)
                {
                    kinds[index].ImportFromPem(pem);
                }
                else
                {
                    kinds[index].ImportFromEncryptedPem(pem, passphrase);
                }

                foreach (var other in kinds.Where((_, position) => position != index))
                {
                    other.Dispose();
                }

                return kinds[index];
            }
            catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
            {
                failure ??= wrong;
            }
        }

        throw new IssuerException(
            passphrase is null ? $"{path} has no EC or RSA private key: {failure!.Message}" : $"the passphrase does not open {path}",
            passphrase is null ? null : "look at DEVICEACME_CA_PASSPHRASE and --ca-passphrase-file",
            failure);
    }
}
