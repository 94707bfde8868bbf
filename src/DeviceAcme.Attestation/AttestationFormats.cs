using DeviceAcme.Attestation.Cbor;

namespace DeviceAcme.Attestation;

/// <summary>Verifies the statements of one format.</summary>
internal interface IFormatVerifier
{
    /// <summary>The WebAuthn statement format identifier, compared exactly.</summary>
    string Format { get; }

    /// <summary>Facts that an ordered identifier may be compared with, the format's own choice first.</summary>
    IReadOnlyList<string> IdentifierFacts { get; }

    /// <summary>Properties of a profile's <c>attestation:</c> that this format looks at, beside those that all do.</summary>
    IReadOnlyList<string> ProfileProperties => [];

    /// <summary>
    /// True where the vendor makes the first certificate anew for each challenge, as Apple and Android do; that of a TPM's attestation key or of a
    /// birth certificate serves for years.
    /// </summary>
    bool MakesCertificatePerChallenge => false;

    /// <summary>Judges a decoded statement, adding its checks to those made so far. Never throws for what the evidence says.</summary>
    Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks);
}

/// <summary>The formats that this library verifies: the list. A format is a folder beside this file and one line here.</summary>
public static class AttestationFormats
{
    internal static readonly IReadOnlyList<IFormatVerifier> Verifiers =
    [
        new Apple.AppleVerifier(),
        new Tpm.TpmVerifier(),
        new AndroidKey.AndroidKeyVerifier(),
        new Step.StepVerifier(),
        new Packed.PackedVerifier(),
        new Idevid.IdevidVerifier(),
    ];

    /// <summary>Formats that prove nothing for an order, refused by name.</summary>
    private static readonly IReadOnlyList<RefusedFormat> Refused =
    [
        new("none", Reasons.FormatNone, null),
        new("apple-appattest", Reasons.FormatUnknown, "App Attest vouches for an app, not for a device or its key: use Managed Device Attestation."),
        new("android-safetynet", Reasons.FormatUnknown, "SafetyNet is retired and says nothing of a key: use android-key."),
        new("fido-u2f", Reasons.FormatUnknown, "U2F's certificates name a batch of devices, and its statement signs no key authorization."),
    ];

    /// <summary>Their WebAuthn names, for example for the validation of profiles.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Verifiers.Select(verifier => verifier.Format)];

    /// <summary>The facts that an identifier of this format may be proven by; empty for a format that is not known.</summary>
    public static IReadOnlyList<string> IdentifierFacts(string format) => Find(format)?.IdentifierFacts ?? [];

    /// <summary>The formats that look at this property of a profile's <c>attestation:</c>, beside those that all do.</summary>
    public static IReadOnlyList<string> Reading(string property) =>
        [.. Verifiers.Where(verifier => verifier.ProfileProperties.Contains(property)).Select(verifier => verifier.Format)];

    internal static RefusedFormat? FindRefused(string format) => Refused.FirstOrDefault(refused => refused.Format == format);

    /// <summary>True where the first certificate of the statement is made for one challenge, so that a second use of it is a replay.</summary>
    public static bool MakesCertificatePerChallenge(string format) => Find(format)?.MakesCertificatePerChallenge == true;

    internal static IFormatVerifier? Find(string format) => Verifiers.FirstOrDefault(verifier => verifier.Format == format);
}

/// <summary>A format that is known and never accepted.</summary>
/// <param name="Format">Its WebAuthn name.</param>
/// <param name="Reason">Why.</param>
/// <param name="Advice">What would help; null where the reason's own words do.</param>
internal sealed record RefusedFormat(string Format, Reason Reason, string? Advice);
