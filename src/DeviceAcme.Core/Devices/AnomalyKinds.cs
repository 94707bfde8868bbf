using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Devices;

/// <summary>What a profile does about an anomaly.</summary>
internal enum AnomalyResponse
{
    /// <summary>An event in the ledger, and a line in explain.</summary>
    Record,

    /// <summary>A warning in the log besides.</summary>
    Alert,

    /// <summary>The evidence is refused with the anomaly's name as reason.</summary>
    Refuse,
}

/// <summary>One way in which evidence can fail to fit to earlier evidence.</summary>
/// <param name="Rule">What must hold.</param>
/// <param name="Reason">Code, class and advice of the refusal; the code is the anomaly's name.</param>
/// <param name="Usual">What is done where the profile does not say.</param>
internal sealed record AnomalyKind(string Rule, Reason Reason, AnomalyResponse Usual)
{
    public string Name => Reason.Code;
}

/// <summary>The anomalies that are looked for: the list.</summary>
internal static class AnomalyKinds
{
    public static AnomalyKind SharedKey { get; } = new(
        "an attested key belongs to one identifier",
        new Reason("shared-key", "key-mismatch", "The key was attested for another identifier before: it was copied, or the device got another identifier. Make a new key; if this is in order, acknowledge the evidence."),
        AnomalyResponse.Refuse);

    public static AnomalyKind SharedSerial { get; } = new(
        "a serial number belongs to one UDID",
        new Reason("shared-serial", "identifier-mismatch", "The serial number was seen with another UDID before: a board was replaced, or one of them is not what it says. If this is in order, acknowledge the evidence."),
        AnomalyResponse.Alert);

    public static AnomalyKind SharedEk { get; } = new(
        "an endorsement key belongs to one device",
        new Reason("shared-ek", "identifier-mismatch", "The TPM's endorsement key was seen as another device before: it got another certificate, or the TPM is a copy. If this is in order, acknowledge the evidence."),
        AnomalyResponse.Alert);

    public static AnomalyKind ReplayedCertificate { get; } = new(
        "an attestation certificate that is made for one challenge serves that one",
        new Reason("replayed-certificate", "nonce-mismatch", "The attestation certificate was used for another challenge before: let the device make a new key and a new attestation."),
        AnomalyResponse.Refuse);

    public static IReadOnlyList<AnomalyKind> All { get; } = [SharedKey, SharedSerial, SharedEk, ReplayedCertificate];

    public static AnomalyResponse Response(string name) => Enum.GetValues<AnomalyResponse>().First(response => Name(response) == name);

    public static string Name(AnomalyResponse response) => response switch
    {
        AnomalyResponse.Record => "record",
        AnomalyResponse.Alert => "alert",
        _ => "refuse",
    };
}

/// <summary>An anomaly that was found, and what the profile makes of it.</summary>
/// <param name="Found">What was compared; it may be told to the client, so it names no other device.</param>
/// <param name="Earlier">The evidence that this one does not fit to.</param>
internal sealed record Anomaly(AnomalyKind Kind, AnomalyResponse Response, string Found, EvidenceId Earlier, DateTimeOffset EarlierAt)
{
    /// <summary>The anomaly as a check beside those of the verifier.</summary>
    public Check AsCheck() => Response == AnomalyResponse.Refuse
        ? new Check(Kind.Name, Kind.Rule, CheckOutcome.Failed, Found, Kind.Reason, Kind.Reason.Advice)
        : new Check(Kind.Name, Kind.Rule, CheckOutcome.Passed, $"warning: {Found}; the profile lets it through ({AnomalyKinds.Name(Response)})");
}
