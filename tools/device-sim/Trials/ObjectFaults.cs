using System.Formats.Cbor;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>Attestation objects that are none, whatever the device (WebAuthn §6.5.4, CTAP2 canonical CBOR).</summary>
internal static class ObjectFaults
{
    private const string Cbor = "CTAP2 canonical CBOR";

    public static IReadOnlyList<Fault> All { get; } =
    [
        Object("evidence-not-cbor", "RFC 8949 §3", "the attestation object is no CBOR", "cbor-malformed", ["malformed-cbor"], _ => [0xFF]),
        Object("evidence-of-indefinite-length", Cbor, "a map of indefinite length", "cbor-indefinite-length", ["malformed-cbor"], _ => [0xBF, 0xFF]),
        Object("evidence-with-long-lengths", Cbor, "a number that is not written in its shortest form", "cbor-non-minimal-length", ["non-canonical-cbor", "malformed-cbor"], _ => [0xA1, 0x18, 0x01, 0x00]),
        Object("evidence-of-many-items", "WebAuthn §6.5.4", "a list of a thousand numbers", "cbor-too-many-items", ["oversized", "malformed-cbor"], _ => [0x99, 0x03, 0xE8, .. new byte[1000]]),
        Object("evidence-without-format", "WebAuthn §6.5.4", "no fmt", "format-missing", ["missing-field"], _ => Map(writer => Statement(writer))),
        Object("evidence-without-statement", "WebAuthn §6.5.4", "no attStmt", "statement-missing", ["missing-field"], _ => Map(writer => Format(writer, "apple"))),
        Object("evidence-of-another-vendor", "device-attest §5", "a format that the server knows and the directory does not take", "format-not-allowed", ["unsupported-format"], trial => Map(writer =>
        {
            Format(writer, trial.Device.Kind.Contains("tpm", StringComparison.Ordinal) ? "apple" : "tpm");
            Statement(writer);
        })),
        Object("huge-certificate", "WebAuthn §6.5.4", "a certificate of 20000 octets", "certificate-too-large", ["oversized"], _ => Map(writer =>
        {
            Format(writer, "apple");
            writer.WriteTextString("attStmt");
            writer.WriteStartMap(1);
            writer.WriteTextString("x5c");
            writer.WriteStartArray(1);
            writer.WriteByteString(new byte[20000]);
            writer.WriteEndArray();
            writer.WriteEndMap();
        })) with { Kinds = Devices.Of(EvidenceFormat.Apple) },
    ];

    private static Fault Object(string name, string section, string description, string reason, string[] classes, Func<Trial, byte[]> make) =>
        (Of(name, section, $"the attestation object: {description}", Expected(reason, classes), trial => Answer(trial, make)) with { Area = FaultArea.Evidence }).OfDevices();

    private static Expectation Expected(string reason, string[] classes) => Expectation.Refused("badAttestationStatement", reason) with { Classes = classes };

    private static async Task<Outcome> Answer(Trial trial, Func<Trial, byte[]> make)
    {
        var order = await trial.Ordered();
        var challenge = await trial.Challenge(order.Value);
        return await trial.Post("challenge", challenge.Url, $$"""{"attObj":"{{Base64Url.Encode(make(trial))}}"}""");
    }

    private static byte[] Map(Action<CborWriter> members)
    {
        // the map counts its members itself
        var writer = new CborWriter(CborConformanceMode.Lax, convertIndefiniteLengthEncodings: true);
        writer.WriteStartMap(null);
        members(writer);
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void Format(CborWriter writer, string format)
    {
        writer.WriteTextString("fmt");
        writer.WriteTextString(format);
    }

    private static void Statement(CborWriter writer)
    {
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(0);
        writer.WriteEndMap();
    }
}
