namespace DeviceAcme.Attestation.Tpm;

/// <summary>TCG Vendor ID Registry 1.07: four octets, ASCII padded with NUL or space.</summary>
internal static class TpmVendors
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.Ordinal)
    {
        ["414D4400"] = "AMD",
        ["414E5400"] = "ANT",
        ["41544D4C"] = "ATML",
        ["4252434D"] = "BRCM",
        ["4353434F"] = "CSCO",
        ["464C5953"] = "FLYS",
        ["474F4F47"] = "GOOG",
        ["48504500"] = "HPE",
        ["48504900"] = "HPI",
        ["48495349"] = "HISI",
        ["49424D00"] = "IBM",
        ["49465800"] = "IFX",
        ["494E5443"] = "INTC",
        ["4C454E00"] = "LEN",
        ["4D534654"] = "MSFT",
        ["4E534D20"] = "NSM",
        ["4E534700"] = "NSG",
        ["4E544300"] = "NTC",
        ["4E545A00"] = "NTZ",
        ["51434F4D"] = "QCOM",
        ["524F4343"] = "ROCC",
        ["5345414C"] = "SEAL",
        ["53454345"] = "SECE",
        ["534D5343"] = "SMSC",
        ["534D534E"] = "SMSN",
        ["534E5300"] = "SNS",
        ["53544D20"] = "STM",
        ["54584E00"] = "TXN",
        ["57454300"] = "WEC",
    };

    /// <summary>The vendor of an <c>id:XXXXXXXX</c> value; null where it is not eight hex digits.</summary>
    public static TpmVendor? Read(string id)
    {
        if (id.Length != 11 || !id.StartsWith("id:", StringComparison.Ordinal) || !id.AsSpan(3).ContainsOnlyHex())
        {
            return null;
        }

        var hex = id[3..].ToUpperInvariant();
        var ascii = Ascii(hex);
        var hypervisor = ascii is "AMZN" or "VMW" or "PRLS";
        return new TpmVendor(
            hex, Known.GetValueOrDefault(hex) ?? ascii ?? $"id:{hex}", Known.ContainsKey(hex), hypervisor || IsSoftware(hex, ascii), hypervisor);
    }

    /// <summary>The short names of the registry.</summary>
    public static IEnumerable<string> Names => Known.Values;

    /// <summary>The id of a short name of the registry; null where it has none of this name.</summary>
    public static string? IdOf(string name) => Known.FirstOrDefault(vendor => vendor.Value == name).Key;

    private static bool ContainsOnlyHex(this ReadOnlySpan<char> digits)
    {
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit(digit))
            {
                return false;
            }
        }

        return true;
    }

    // FIDO's test id, swtpm's number, simulators (SIM0-7) and test TPMs (TST0-7)
    private static bool IsSoftware(string hex, string? ascii) =>
        hex is "FFFFF1D0" or "00001014" or "00000000"
        || (ascii is { Length: 4 } && (ascii.StartsWith("SIM", StringComparison.Ordinal) || ascii.StartsWith("TST", StringComparison.Ordinal)));

    private static string? Ascii(string hex)
    {
        var text = System.Text.Encoding.Latin1.GetString(Convert.FromHexString(hex)).TrimEnd('\0', ' ');
        return text.Length > 0 && text.All(char.IsAsciiLetterOrDigit) ? text : null;
    }
}

/// <param name="Id">Eight upper-case hex digits.</param>
/// <param name="Name">The registry's short name, the id's ASCII, or <c>id:</c> and the digits.</param>
/// <param name="Registered">True for a vendor of the registry.</param>
/// <param name="Software">True for simulators, hypervisors and test ids.</param>
/// <param name="Hypervisor">True for hypervisors alone.</param>
internal sealed record TpmVendor(string Id, string Name, bool Registered, bool Software, bool Hypervisor);
