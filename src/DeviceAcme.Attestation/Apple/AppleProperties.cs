using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Apple;

/// <summary>
/// The extensions of a Managed Device Attestation leaf (Apple device-management, information.device.yaml). Texts are raw ASCII without a
/// DER wrapper, only 13.1 and 13.3 are DER INTEGERs. A value may be blank where Apple could not verify the property.
/// </summary>
internal static class AppleProperties
{
    public const string Arc = "1.2.840.113635.100.8.";
    public const string Freshness = Arc + "11.1";

    /// <summary>The nonce of WebAuthn's own <c>apple</c> format and of App Attest.</summary>
    public const string WebAuthnNonce = Arc + "2";

    private const string SystemIntegrityProtection = Arc + "13.1";
    private const string ThirdPartyKernelExtensions = Arc + "13.3";

    private static readonly Dictionary<string, string> Texts = new(StringComparer.Ordinal)
    {
        [Arc + "9.1"] = "device.serial",
        [Arc + "9.2"] = "device.udid",
        [Arc + "9.4"] = "device.model-id",
        [Arc + "10.1"] = "os.version",
        [Arc + "10.2"] = "apple.sep-os-version",
        [Arc + "10.3"] = "apple.llb-version",
        [Arc + "13.2"] = "apple.secure-boot",
    };

    /// <summary>True if the certificate has any property that only Managed Device Attestation has.</summary>
    public static bool HasAny(Certificate leaf) => leaf.Extensions.Any(extension =>
        Texts.ContainsKey(extension.Oid) || extension.Oid is Freshness or SystemIntegrityProtection or ThirdPartyKernelExtensions);

    /// <summary>Reads all properties; those of Apple's arc that are not documented are named in <paramref name="ignored"/>.</summary>
    /// <exception cref="MalformedEvidenceException">A property is not encoded as Apple does it.</exception>
    public static List<(string Name, FactValue Value)> Read(Certificate leaf, List<string> ignored)
    {
        var facts = new List<(string, FactValue)>();
        foreach (var (oid, _, value) in leaf.Extensions)
        {
            if (Texts.TryGetValue(oid, out var name))
            {
                facts.Add((name, value.IsEmpty ? new FactValue.Blank() : new FactValue.Text(Ascii(oid, value.Span))));
            }
            else if (oid == SystemIntegrityProtection)
            {
                // 0 is on
                facts.Add(("apple.sip", value.IsEmpty ? new FactValue.Blank() : new FactValue.Flag(Number(oid, value) == 0)));
            }
            else if (oid == ThirdPartyKernelExtensions)
            {
                // 0 is none
                facts.Add(("apple.third-party-kexts", value.IsEmpty ? new FactValue.Blank() : new FactValue.Flag(Number(oid, value) != 0)));
            }
            else if (oid.StartsWith(Arc, StringComparison.Ordinal) && oid != Freshness)
            {
                ignored.Add(oid);
            }
        }

        return facts;
    }

    private static string Ascii(string oid, ReadOnlySpan<byte> value)
    {
        foreach (var octet in value)
        {
            if (octet is < 0x20 or > 0x7E)
            {
                throw new MalformedEvidenceException(
                    Reasons.ApplePropertyMalformed, $"{oid} must be printable ASCII, found {Convert.ToHexStringLower(value[..Math.Min(value.Length, 64)])}");
            }
        }

        return System.Text.Encoding.ASCII.GetString(value);
    }

    private static int Number(string oid, ReadOnlyMemory<byte> value)
    {
        try
        {
            var reader = new AsnReader(value, AsnEncodingRules.DER);
            var read = reader.TryReadInt32(out var number);
            reader.ThrowIfNotEmpty();
            return read ? number : throw new MalformedEvidenceException(Reasons.ApplePropertyMalformed, $"{oid} is not a small number");
        }
        catch (AsnContentException)
        {
            throw new MalformedEvidenceException(
                Reasons.ApplePropertyMalformed, $"{oid} must be a DER INTEGER, found {Convert.ToHexStringLower(value.Span[..Math.Min(value.Length, 64)])}");
        }
    }
}
