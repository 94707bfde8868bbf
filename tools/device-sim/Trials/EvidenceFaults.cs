using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Trials;

/// <summary>The faults of evidence as rows of the one table: what the makers can spoil.</summary>
internal static class EvidenceFaults
{
    private const string Object = "WebAuthn §6.5.4";
    private const string Path = "RFC 5280 §6.1";

    public static IReadOnlyList<Fault> All { get; } =
    [
        .. Rows<AppleFault>(FaultArea.Evidence, "Apple MDA", EvidenceFormat.Apple),
        .. Rows<TpmFault>(FaultArea.Evidence, "WebAuthn §8.3", EvidenceFormat.Tpm),
        .. Rows<AndroidFault>(FaultArea.Evidence, "WebAuthn §8.4", EvidenceFormat.Android),
        .. Rows<YubiKeyFault>(FaultArea.Evidence, "Yubico PIV attestation", EvidenceFormat.YubiKey),
        .. Rows<IdevidFault>(FaultArea.Evidence, "docs/idevid-format.md", EvidenceFormat.Idevid),
        .. Rows<PackedFault>(FaultArea.Evidence, "WebAuthn §8.2", EvidenceFormat.Packed),
        .. Rows<EkFault>(FaultArea.AttestationCa, "docs/tpm-protocol.md", EvidenceFormat.Endorsement),
        new Fault
        {
            Name = SwtpmEnrollee.OtherKey,
            Area = FaultArea.Evidence,
            Kinds = ["tpm"],
            Description = "right in itself: the CSR is for another key of the TPM than the attested one, finalize must refuse",
            Section = "device-attest §5",
            Expected = Expectation.Refused("badCSR", "csr-key-not-attested", null, "unauthorized") with { Classes = ["key-mismatch"] },
            Needs = Need.SoftwareTpm,
        },
    ];

    private static IEnumerable<Fault> Rows<TFault>(FaultArea area, string format, EvidenceFormat evidence)
        where TFault : struct, Enum
    {
        foreach (var fault in Enum.GetValues<TFault>())
        {
            var described = Makers.Faults.Describe(fault);
            yield return new Fault
            {
                Name = Makers.Faults.NameOf(fault),
                Area = area,
                Kinds = described.Only is { } only ? [only] : Kinds(evidence, described),
                Description = described.Description,
                Section = Section(described, format),
                Expected = new Expectation
                {
                    Problems = described.Problem == FaultAttribute.BadStatement ? [described.Problem] : [described.Problem, FaultAttribute.BadStatement, "unauthorized"],
                    Reason = described.Reason,
                    Classes = described.Classes,
                },
            };
        }
    }

    // what names no device cannot name a wrong one
    private static IReadOnlyList<string> Kinds(EvidenceFormat evidence, FaultAttribute fault) =>
    [
        .. Devices.All.Where(kind => kind.Format == evidence && (kind.NamesItself || !fault.Classes.Any(item => item.StartsWith("identifier-", StringComparison.Ordinal)))).Select(kind => kind.Name),
    ];

    // by what is wrong where a standard says it for all formats, else by the format
    private static string Section(FaultAttribute fault, string format) => fault.Classes switch
    {
        [] => "RFC 8555 §6.1",
        ["key-mismatch", ..] when fault.Problem == "badCSR" => "device-attest §5",
        ["nonce-mismatch" or "nonce-missing" or "identifier-missing" or "identifier-mismatch" or "self-attestation-not-allowed", ..] => "device-attest §5",
        ["malformed-cbor" or "duplicate-key" or "missing-field" or "wrong-type" or "unsupported-format", ..] when format.StartsWith("docs/tpm", StringComparison.Ordinal) => format,
        ["malformed-cbor" or "duplicate-key" or "missing-field" or "wrong-type" or "unsupported-format", ..] => Object,
        [var first, ..] when first.StartsWith("chain-", StringComparison.Ordinal) && first != "chain-extended" => Path,
        _ => format,
    };
}
