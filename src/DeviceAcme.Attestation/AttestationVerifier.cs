using DeviceAcme.Attestation.Cbor;

namespace DeviceAcme.Attestation;

/// <summary>The entry point: evidence in, verdict out. Pure and thread-safe; never throws for what evidence says.</summary>
public static class AttestationVerifier
{
    private static readonly CheckRule ObjectRule = new(
        "attestation-object", "attObj is one strict CBOR map with fmt and attStmt (device-attest §5, WebAuthn §6.5.4)");

    private static readonly CheckRule FormatRule = new("format", "fmt is a format that is known here and accepted by the profile");

    /// <summary>Decodes the object, finds the verifier of its format and lets it judge. An empty object and <c>{}</c> have verdicts of their own.</summary>
    public static Verdict Verify(Evidence evidence) => Verify(evidence, static (verifier, statement, evidence, checks) => verifier.Verify(statement, evidence, checks));

    /// <param name="judge">Lets the format's verifier judge; an offline verification compares with a browser's ceremony instead.</param>
    internal static Verdict Verify(Evidence evidence, Func<IFormatVerifier, AttestationStatement, Evidence, CheckList, Verdict> judge) =>
        Verify(evidence, AttestationFormats.Verifiers, judge);

    /// <param name="formats">The list of formats.</param>
    internal static Verdict Verify(
        Evidence evidence, IReadOnlyList<IFormatVerifier> formats, Func<IFormatVerifier, AttestationStatement, Evidence, CheckList, Verdict> judge)
    {
        var checks = new CheckList();
        AttestationStatement statement;
        try
        {
            statement = AttestationStatement.Read(evidence.AttestationObject);
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(ObjectRule, malformed.Reason, malformed.Message);
            return checks.Conclude("", FactSet.Empty, null);
        }

        checks.Pass(ObjectRule, $"{evidence.AttestationObject.Length} bytes{(statement.HasAuthenticatorData ? ", authData ignored" : "")}");
        var shown = EvidenceText.Visible(statement.Format);
        if (formats.FirstOrDefault(known => known.Format == statement.Format) is not { } verifier)
        {
            var refused = AttestationFormats.FindRefused(statement.Format);
            checks.Fail(
                FormatRule,
                refused?.Reason ?? Reasons.FormatUnknown,
                $"fmt is '{shown}', known: {string.Join(", ", formats.Select(known => known.Format))}",
                refused?.Advice);
            return checks.Conclude("", FactSet.Empty, null);
        }

        if (!evidence.Formats.Contains(statement.Format, StringComparer.Ordinal))
        {
            checks.Fail(FormatRule, Reasons.FormatNotAllowed, $"fmt is '{shown}', accepted: {string.Join(", ", evidence.Formats)}");
            return checks.Conclude(statement.Format, FactSet.Empty, null);
        }

        checks.Pass(FormatRule, $"fmt is '{shown}'");
        return judge(verifier, statement, evidence with { Format = statement.Format }, checks);
    }

    /// <summary>The verdict on a response whose <c>attObj</c> is empty.</summary>
    public static Verdict NoAttestation() => Nothing(Reasons.AttestationMissing, "attObj is empty");

    /// <summary>The verdict on a response whose <c>attObj</c> is or decodes to <c>{}</c>.</summary>
    public static Verdict EmptyAttestation() => Nothing(Reasons.AttestationEmptyObject, "attObj is {}");

    /// <summary>The verdict on a response without attestation in which an Apple device says in <c>error</c> why it has none.</summary>
    /// <param name="error">The device's words; shown shortened.</param>
    public static Verdict DeviceError(string error) => Nothing(Reasons.AttestationDeviceError, $"the device says: {EvidenceText.Visible(error)}");

    private static Verdict Nothing(Reason reason, string found)
    {
        var checks = new CheckList();
        checks.Fail(ObjectRule, reason, found);
        return checks.Conclude("", FactSet.Empty, null);
    }
}
