using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>The one secret that all fake vendors and devices grow from: the same text gives the same keys, serials and certificates.</summary>
internal sealed class Seed
{
    private readonly byte[] _key;

    public Seed(string text) => _key = SHA256.HashData(Encoding.UTF8.GetBytes("DeviceAcme simulator seed:" + text));

    public byte[] Bytes(string label, int count) =>
        HKDF.Expand(HashAlgorithmName.SHA256, _key, count, Encoding.UTF8.GetBytes(label));

    public EcKey Key(string label, EcDomain domain)
    {
        // eight octets more than the order needs, so that the remainder is as good as uniform (FIPS 186-5 A.2.1)
        var wide = new BigInteger(Bytes("key:" + label, domain.Size + 8), isUnsigned: true, isBigEndian: true);
        return new EcKey(domain, (wide % (domain.Order - 1)) + 1);
    }

    /// <summary>A positive serial number of 16 octets.</summary>
    public BigInteger Serial(string label)
    {
        var bytes = Bytes("serial:" + label, 16);
        bytes[0] = (byte)((bytes[0] & 0x3F) | 0x40);
        return new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
    }
}
