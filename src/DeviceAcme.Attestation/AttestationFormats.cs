using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Apple;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Idevid;
using DeviceAcme.Attestation.Tpm;

namespace DeviceAcme.Attestation;

/// <summary>Verifies the statements of one format.</summary>
internal interface IFormatVerifier
{
    /// <summary>The WebAuthn statement format identifier, compared exactly.</summary>
    string Format { get; }

    /// <summary>Facts that an ordered identifier may be compared with, the format's own choice first.</summary>
    IReadOnlyList<string> IdentifierFacts { get; }

    /// <summary>Judges a decoded statement, adding its checks to those made so far. Never throws for what the evidence says.</summary>
    Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks);
}

/// <summary>The formats that this library verifies: the list.</summary>
public static class AttestationFormats
{
    private static readonly IReadOnlyList<IFormatVerifier> Verifiers =
    [
        new AppleVerifier(),
        new TpmVerifier(),
        new AndroidKeyVerifier(),
        new IdevidVerifier(),
    ];

    /// <summary>Their WebAuthn names, for example for the validation of profiles.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Verifiers.Select(verifier => verifier.Format)];

    /// <summary>The facts that an identifier of this format may be proven by; empty for a format that is not known.</summary>
    public static IReadOnlyList<string> IdentifierFacts(string format) => Find(format)?.IdentifierFacts ?? [];

    internal static IFormatVerifier? Find(string format) => Verifiers.FirstOrDefault(verifier => verifier.Format == format);
}
