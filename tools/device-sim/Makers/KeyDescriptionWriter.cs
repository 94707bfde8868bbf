using System.Formats.Asn1;
using System.Text;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Collects authorizations and writes them as KeyMint does: [tag] EXPLICIT in ascending order.</summary>
internal sealed class AuthorizationFields
{
    private readonly List<(int Tag, byte[] Value)> _entries = [];

    public AuthorizationFields Number(int tag, int value) => Add(tag, Der.Integer(value));

    public AuthorizationFields Set(int tag, params int[] values) => Add(tag, Der.Write(writer =>
    {
        using (writer.PushSetOf())
        {
            foreach (var value in values)
            {
                writer.WriteInteger(value);
            }
        }
    }));

    public AuthorizationFields Flag(int tag) => Add(tag, Der.Write(writer => writer.WriteNull()));

    public AuthorizationFields Octets(int tag, byte[]? value) => value is null ? this : Add(tag, Der.Write(writer => writer.WriteOctetString(value)));

    public AuthorizationFields Text(int tag, string? value) => Octets(tag, value is null ? null : Encoding.UTF8.GetBytes(value));

    public AuthorizationFields Add(int tag, byte[] der)
    {
        _entries.Add((tag, der));
        return this;
    }

    public byte[] Encode() => Der.Sequence(writer =>
    {
        foreach (var (tag, value) in _entries.OrderBy(entry => entry.Tag))
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, tag)))
            {
                writer.WriteEncodedValue(value);
            }
        }
    });
}

/// <summary>Writes the attestation extension of Android keys.</summary>
internal static class KeyDescriptionWriter
{
    public const string Oid = "1.3.6.1.4.1.11129.2.1.17";

    public const int Purpose = 1;
    public const int Algorithm = 2;
    public const int KeySize = 3;
    public const int Digest = 5;
    public const int EcCurve = 10;
    public const int RsaPublicExponent = 200;
    public const int NoAuthRequired = 503;
    public const int AllApplications = 600;
    public const int CreationDateTime = 701;
    public const int Origin = 702;
    public const int RootOfTrust = 704;
    public const int OsVersion = 705;
    public const int OsPatchLevel = 706;
    public const int ApplicationId = 709;
    public const int Brand = 710;
    public const int Device = 711;
    public const int Product = 712;
    public const int Serial = 713;
    public const int Imei = 714;
    public const int Manufacturer = 716;
    public const int Model = 717;
    public const int VendorPatchLevel = 718;
    public const int BootPatchLevel = 719;

    private const int Version = 400;

    public static byte[] Write(int attestationLevel, int keyLevel, byte[] challenge, AuthorizationFields software, AuthorizationFields hardware) =>
        Der.Sequence(writer =>
        {
            writer.WriteInteger(Version);
            writer.WriteEncodedValue(Level(attestationLevel));
            writer.WriteInteger(Version);
            writer.WriteEncodedValue(Level(keyLevel));
            writer.WriteOctetString(challenge);
            writer.WriteOctetString([]);
            writer.WriteEncodedValue(software.Encode());
            writer.WriteEncodedValue(hardware.Encode());
        });

    /// <param name="state">0 verified, 1 self-signed, 2 unverified, 3 failed.</param>
    public static byte[] RootOfTrustValue(byte[] key, bool locked, int state, byte[] hash) => Der.Sequence(writer =>
    {
        writer.WriteOctetString(key);
        writer.WriteBoolean(locked);
        writer.WriteEncodedValue(Level(state));
        writer.WriteOctetString(hash);
    });

    public static byte[] ApplicationIdValue(string package, int version, byte[] signer) => Der.Sequence(writer =>
    {
        using (writer.PushSetOf())
        using (writer.PushSequence())
        {
            writer.WriteOctetString(Encoding.UTF8.GetBytes(package));
            writer.WriteInteger(version);
        }

        using (writer.PushSetOf())
        {
            writer.WriteOctetString(signer);
        }
    });

    // ENUMERATED of one octet
    private static byte[] Level(int value) => [0x0A, 0x01, (byte)value];
}
