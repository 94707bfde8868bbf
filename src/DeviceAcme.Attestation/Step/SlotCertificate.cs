using System.Formats.Asn1;
using System.Globalization;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Step;

/// <summary>
/// What a YubiKey writes into the certificate of an attested PIV key (Yubico, PIV attestation), and what step's managed device certificates
/// have in its place. Most values are raw octets, not DER.
/// </summary>
internal static class SlotCertificate
{
    /// <summary>Three octets. The attestation certificate (slot f9) above has it too.</summary>
    public const string Firmware = "1.3.6.1.4.1.41482.3.3";

    /// <summary>DER INTEGER; some models and settings leave it out.</summary>
    public const string Serial = "1.3.6.1.4.1.41482.3.7";

    /// <summary>Two octets: PIN policy and touch policy. No attestation certificate has it, every attested key's certificate has.</summary>
    public const string Policies = "1.3.6.1.4.1.41482.3.8";

    /// <summary>One octet, from firmware 5 on.</summary>
    public const string FormFactor = "1.3.6.1.4.1.41482.3.9";

    /// <summary>Present on FIPS certified keys, in the attestation certificate.</summary>
    public const string Fips = "1.3.6.1.4.1.41482.3.10";

    /// <summary>Present on keys certified by ANSSI (CSPN), in the attestation certificate.</summary>
    public const string Cspn = "1.3.6.1.4.1.41482.3.11";

    /// <summary>SEQUENCE { device identifier }: not a YubiKey, but a device that an attestation CA manages.</summary>
    public const string ManagedDevice = "1.3.6.1.4.1.37476.9000.64.4";

    public const string SerialFact = "device.serial";
    public const string ManagedDeviceFact = "step.managed-device";

    private const byte FipsSeries = 0x80;
    private const byte SecurityKeySeries = 0x40;
    private const int MaxDeviceId = 256;

    /// <summary>True for the certificate of a key that a YubiKey attested.</summary>
    public static bool IsAttestedKey(Certificate certificate) => certificate.Find(Policies) is not null;

    /// <summary>True if anything in it is said of one key or one device, as no issuer's certificate has.</summary>
    public static bool SaysMore(Certificate certificate) =>
        certificate.Find(Policies) is not null || certificate.Find(Serial) is not null || certificate.Find(FormFactor) is not null
        || certificate.Find(ManagedDevice) is not null;

    /// <summary>The facts of a YubiKey's certificate, each extension read once; throws <see cref="MalformedEvidenceException"/>.</summary>
    /// <param name="leaf">The certificate of the attested key.</param>
    /// <param name="issuer">The attestation certificate, which certifications stand in; null where it is not known.</param>
    public static List<(string Name, FactValue Value)> ReadYubiKey(Certificate leaf, Certificate? issuer)
    {
        var firmware = Raw(leaf, Firmware, 3) ?? throw new MalformedEvidenceException(Reasons.StepExtensionMissing, $"{Firmware} (firmware) is not there");
        var policies = Raw(leaf, Policies, 2) ?? throw new MalformedEvidenceException(Reasons.StepExtensionMissing, $"{Policies} (policies) is not there");
        var facts = new List<(string, FactValue)>
        {
            ("yubikey.firmware", Text(string.Create(CultureInfo.InvariantCulture, $"{firmware[0]}.{firmware[1]}.{firmware[2]}"))),
            ("yubikey.pin-policy", Text(PinPolicy(policies[0]))),
            ("yubikey.touch-policy", Text(TouchPolicy(policies[1]))),
        };
        if (Slot(leaf) is { } slot)
        {
            facts.Add(("yubikey.slot", Text(slot)));
        }

        if (leaf.Find(Serial) is { } serial)
        {
            facts.Add((SerialFact, Text(ReadSerial(serial.Value).ToString(CultureInfo.InvariantCulture))));
        }

        var factor = Raw(leaf, FormFactor, 1);
        if (factor is not null)
        {
            facts.Add(("yubikey.form-factor", Text(ShowFormFactor(factor[0]))));
        }

        // a series is what was sold, a certification stands in the attestation certificate: either tells
        facts.Add(("yubikey.fips", new FactValue.Flag((factor is not null && (factor[0] & FipsSeries) != 0) || Has(Fips))));
        facts.Add(("yubikey.cspn", new FactValue.Flag(Has(Cspn))));
        return facts;

        bool Has(string oid) => leaf.Find(oid) is not null || issuer?.Find(oid) is not null;
    }

    /// <summary>The facts of a managed device's certificate; throws <see cref="MalformedEvidenceException"/>.</summary>
    public static List<(string Name, FactValue Value)> ReadManagedDevice(CertificateExtension extension)
    {
        try
        {
            var file = new AsnReader(extension.Value, AsnEncodingRules.DER);
            var sequence = file.ReadSequence();
            file.ThrowIfNotEmpty();
            var tag = sequence.PeekTag();
            var type = tag.TagClass == TagClass.Universal ? (UniversalTagNumber)tag.TagValue : UniversalTagNumber.EndOfContents;
            var id = type is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String
                ? sequence.ReadCharacterString(type)
                : throw new AsnContentException("the device identifier is no character string");
            sequence.ThrowIfNotEmpty();
            return id.Length > MaxDeviceId
                ? throw new AsnContentException($"the device identifier has {id.Length} characters")
                : [(ManagedDeviceFact, id.Length == 0 ? new FactValue.Blank() : Text(id))];
        }
        catch (AsnContentException broken)
        {
            throw new MalformedEvidenceException(Reasons.StepExtensionMalformed, $"{ManagedDevice} (managed device): {broken.Message}");
        }
    }

    private static byte[]? Raw(Certificate certificate, string oid, int length)
    {
        if (certificate.Find(oid) is not { } extension)
        {
            return null;
        }

        return extension.Value.Length == length
            ? extension.Value.ToArray()
            : throw new MalformedEvidenceException(Reasons.StepExtensionMalformed, $"{oid} has {extension.Value.Length} octets, expected {length}");
    }

    private static long ReadSerial(ReadOnlyMemory<byte> value)
    {
        try
        {
            var reader = new AsnReader(value, AsnEncodingRules.DER);
            if (!reader.TryReadInt64(out var serial) || serial < 0)
            {
                throw new AsnContentException("the number is negative or longer than 64 bits");
            }

            reader.ThrowIfNotEmpty();
            return serial;
        }
        catch (AsnContentException broken)
        {
            throw new MalformedEvidenceException(Reasons.StepExtensionMalformed, $"{Serial} (serial number): {broken.Message}");
        }
    }

    // the device names the slot in the subject alone: CN=YubiKey PIV Attestation 9a
    private static string? Slot(Certificate leaf)
    {
        const string Before = " PIV Attestation ";
        var subject = leaf.SubjectText;
        var at = subject.LastIndexOf(Before, StringComparison.Ordinal);
        var slot = at < 0 ? "" : subject[(at + Before.Length)..];
        return slot.Length == 2 && slot.AsSpan().IndexOfAnyExcept("0123456789abcdef") < 0 ? slot : null;
    }

    private static string PinPolicy(byte value) => value switch
    {
        1 => "never",
        2 => "once",
        3 => "always",
        4 => "match-once",
        5 => "match-always",
        _ => Unknown(value),
    };

    private static string TouchPolicy(byte value) => value switch
    {
        1 => "never",
        2 => "always",
        3 => "cached",
        _ => Unknown(value),
    };

    private static string ShowFormFactor(byte value) => (value & ~(FipsSeries | SecurityKeySeries)) switch
    {
        1 => "usb-a-keychain",
        2 => "usb-a-nano",
        3 => "usb-c-keychain",
        4 => "usb-c-nano",
        5 => "usb-c-lightning",
        6 => "usb-a-bio",
        7 => "usb-c-bio",
        _ => Unknown(value),
    };

    private static string Unknown(byte value) => string.Create(CultureInfo.InvariantCulture, $"unknown-{value}");

    private static FactValue.Text Text(string text) => new(text);
}
