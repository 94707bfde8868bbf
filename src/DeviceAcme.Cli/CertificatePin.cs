using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Cli;

/// <summary>Trust in one certificate by its fingerprint: that of the server itself, or of a CA above it, which stays the same when the server's is renewed.</summary>
internal sealed class CertificatePin(byte[] fingerprint)
{
    // whether the system knows the root is not asked: the fingerprint says who is trusted
    private const X509ChainStatusFlags Trust = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.RevocationStatusUnknown | X509ChainStatusFlags.OfflineRevocation;

    /// <summary>Reads 64 hex digits, with or without colons.</summary>
    public static byte[] Parse(GivenValue given)
    {
        var digits = given.Text.Replace(":", "", StringComparison.Ordinal);
        return digits.Length == 2 * SHA256.HashSizeInBytes && digits.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(digits)
            : throw new WrongUse($"{given.Name}: expected 64 hex digits, the SHA-256 fingerprint of a certificate; found '{given.Text}'", "openssl x509 -in root.pem -noout -fingerprint -sha256");
    }

    /// <summary>Whether the server is the one that is meant.</summary>
    /// <exception cref="AuthenticationException">It is not; says whom it shows.</exception>
    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 own)
        {
            throw new AuthenticationException("the server has no certificate");
        }

        // the very certificate: its name and what is above it do not matter
        if (Is(own))
        {
            return true;
        }

        var above = chain?.ChainElements.Skip(1).ToList() ?? [];
        var pinned = above.FindIndex(element => Is(element.Certificate));
        if (pinned < 0)
        {
            throw new AuthenticationException(
                $"no certificate that the server shows has the fingerprint {Convert.ToHexStringLower(fingerprint)}: {string.Join("; ", above.Select(element => element.Certificate).Prepend(own).Select(Show))}");
        }

        var wrong = chain!.ChainElements.Take(pinned + 2).SelectMany(element => element.ChainElementStatus).Where(status => (status.Status & ~Trust) != X509ChainStatusFlags.NoError).ToList();
        return wrong.Count > 0 ? throw new AuthenticationException($"the server's certificate ({Show(own)}): {wrong[0].StatusInformation.Trim()}")
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? throw new AuthenticationException($"the server's certificate ({Show(own)}) is for another name")
            : true;
    }

    private bool Is(X509Certificate2 certificate) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(certificate.RawData), fingerprint);

    private static string Show(X509Certificate2 certificate) => $"{certificate.Subject}, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))}";
}
