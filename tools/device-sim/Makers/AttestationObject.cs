using System.Formats.Cbor;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Writes WebAuthn attestation objects (WebAuthn §6.5.4), well formed or not.</summary>
internal static class AttestationObject
{
    /// <summary><c>{ "fmt": …, "attStmt": … }</c> in this order and without authData, as devices send it.</summary>
    public static byte[] Write(string format, Action<CborWriter> statement, byte[]? authData = null, bool duplicateFormat = false)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        writer.WriteStartMap(2 + (authData is null ? 0 : 1) + (duplicateFormat ? 1 : 0));
        writer.WriteTextString("fmt");
        writer.WriteTextString(format);
        if (duplicateFormat)
        {
            writer.WriteTextString("fmt");
            writer.WriteTextString(format);
        }

        writer.WriteTextString("attStmt");
        statement(writer);
        if (authData is not null)
        {
            writer.WriteTextString("authData");
            writer.WriteByteString(authData);
        }

        writer.WriteEndMap();
        return writer.Encode();
    }

    public static void WriteCertificates(this CborWriter writer, IReadOnlyList<byte[]> chain)
    {
        writer.WriteStartArray(chain.Count);
        foreach (var certificate in chain)
        {
            writer.WriteByteString(certificate);
        }

        writer.WriteEndArray();
    }

    public static void WriteNested(this CborWriter writer, int depth)
    {
        for (var level = 0; level < depth; level++)
        {
            writer.WriteStartArray(1);
        }

        writer.WriteInt32(0);
        for (var level = 0; level < depth; level++)
        {
            writer.WriteEndArray();
        }
    }
}
