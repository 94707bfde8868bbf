using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Identifiers;

/// <summary>The value syntax that both device identifier types share (device-attest §3, §4): a device part and an OID behind a slash.</summary>
internal static class DeviceIdentifierGrammar
{
    private const int MaxValue = 255;

    /// <summary>Checks a value; throws <c>malformed</c> as device-attest §3 demands, or <c>rejectedIdentifier</c> for what cannot stand in a certificate.</summary>
    public static string Read(string type, string value, bool requireOid)
    {
        // a UTF8String with U+0000 is cut short by C programs that read the certificate
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw Problems.RejectedIdentifier("identifier-has-nul", $"{type} identifier: U+0000 cannot stand in a certificate");
        }

        if (value.Length > MaxValue)
        {
            throw Problems.RejectedIdentifier("identifier-too-long", $"{type} identifier: expected at most {MaxValue} characters, found {value.Length}");
        }

        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var device = slash < 0 ? value : value[..slash];
        if (device.Length == 0)
        {
            throw Malformed(type, "expected at least one character before the '/'");
        }

        if (slash < 0)
        {
            return requireOid ? throw Malformed(type, "expected serial/OID, found no '/' (the hardware type is mandatory)") : value;
        }

        var oid = value[(slash + 1)..];
        return IsOid(oid) ? value : throw Malformed(type, "expected a dotted-decimal OID with at least two arcs and no leading zeros after the '/'");
    }

    /// <summary>The ABNF of device-attest §3: 0 or 1 with a second arc of 0 to 39, or 2 with any; no leading zeros.</summary>
    public static bool IsOid(string text)
    {
        var arcs = text.Split('.');
        if (arcs.Length < 2 || arcs.Any(arc => arc.Length is 0 or > 39 || !arc.All(char.IsAsciiDigit) || (arc.Length > 1 && arc[0] == '0')))
        {
            return false;
        }

        return arcs[0] switch
        {
            "0" or "1" => arcs[1].Length <= 2 && int.Parse(arcs[1], System.Globalization.CultureInfo.InvariantCulture) <= 39,
            "2" => true,
            _ => false,
        };
    }

    private static ProblemException Malformed(string type, string detail) => Problems.Malformed("identifier-syntax", $"{type} identifier: {detail}");
}
