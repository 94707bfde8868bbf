using System.Formats.Asn1;
using System.Security.Cryptography;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>What a new CA of this installation is made of: names that no other installation has, a validity, and its folder's files.</summary>
internal static class NewAuthority
{
    public const string Product = "DeviceAcme";

    // devices whose clock is behind still accept a fresh CA, and leaves that are set back fit into it
    private static readonly TimeSpan Backdate = TimeSpan.FromDays(1);

    /// <summary>Eight hex digits: two installations must never have two CAs of one name (RFC 5280 §4.1.2.4 takes names for unique).</summary>
    public static string Suffix() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    /// <summary>DER Name of a common name, below a unit where one is given.</summary>
    public static byte[] Name(string commonName, string? unit = null)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var (type, value) in new[] { ("OU", unit), ("CN", commonName) })
            {
                if (value is not null)
                {
                    using (writer.PushSetOf())
                    {
                        AttributeType.Find(type)!.Write(writer, value);
                    }
                }
            }
        }

        return writer.Encode();
    }

    /// <summary>What stands in a CA's certificate besides its extensions.</summary>
    public static CertificatePlan Plan(ReadOnlyMemory<byte> subject, ReadOnlyMemory<byte> publicKey, DateTimeOffset now, TimeSpan life)
    {
        var seconds = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        return new CertificatePlan
        {
            PublicKey = publicKey,
            Subject = subject,
            Extensions = [],
            NotBefore = seconds - Backdate,
            NotAfter = seconds + life,
            CertificateRequest = default,
        };
    }

    /// <summary>The certificate of a CA that certifies itself.</summary>
    public static byte[] SelfSigned(SigningKey key, ReadOnlyMemory<byte> name, DateTimeOffset now, TimeSpan life, int pathLength) =>
        CertificateBuilder.Authority(
            Plan(name, key.PublicKey, now, life),
            new CertificateIssuer { Name = name, KeyIdentifier = key.KeyIdentifier, Key = key },
            CertificateBuilder.Serial(),
            pathLength);

    /// <summary>The files of a CA's folder.</summary>
    public static Dictionary<string, byte[]> Files(ECDsa key, string? passphrase, byte[] certificate)
    {
        var pem = CaCertificate.Pem([certificate]);
        return new Dictionary<string, byte[]>
        {
            [CaDirectory.KeyName] = KeyFile.Write(key, passphrase),
            [CaDirectory.CertificateName] = pem,
            [CaDirectory.ChainName] = pem,
        };
    }
}
