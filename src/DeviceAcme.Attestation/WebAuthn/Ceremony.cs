using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Apple;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.WebAuthn;

/// <summary>
/// A browser's registration (WebAuthn §7.1) judged offline by the verifiers that ACME evidence has: only what the freshness value is made
/// from differs. Its authenticator names no device, so at best such a verdict is incomplete.
/// </summary>
/// <param name="ClientDataHash">SHA-256 of the client data; null where it was not given.</param>
/// <param name="AllowSha1">Windows signs with RS1.</param>
internal sealed record Ceremony(byte[]? ClientDataHash, bool AllowSha1)
{
    private static readonly CheckRule Data = new("authenticator-data", "authData is well-formed and has an attested credential (WebAuthn §6.1)");
    private static readonly CheckRule Credential = new("credential-key", "the credential in authData is the attested key (WebAuthn §8)");

    /// <summary>Judges the statement, and that the credential is the attested key.</summary>
    public Verdict Judge(IFormatVerifier verifier, AttestationStatement statement, Evidence evidence, CheckList checks)
    {
        AuthenticatorData data;
        try
        {
            data = AuthenticatorData.Read(
                statement.AuthenticatorData ?? throw new MalformedEvidenceException(Reasons.AuthenticatorDataMalformed, "authData is no byte string"));
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Data, malformed.Reason, malformed.Message);
            return checks.Conclude(statement.Format, FactSet.Empty, null);
        }

        checks.Pass(Data, $"flags 0x{data.Flags:x2}, AAGUID {Convert.ToHexStringLower(data.Aaguid.Span)}");
        CheckCredential(checks, data, statement);
        return Judge(verifier, statement, evidence, checks, data);
    }

    /// <summary>The attested key of a statement, DER SubjectPublicKeyInfo; null where it cannot be read.</summary>
    public static ReadOnlyMemory<byte>? AttestedKey(AttestationStatement statement)
    {
        try
        {
            return statement.Format == "tpm" ? TpmtPublic.Read(statement.Octets("pubArea")).PublicKeyInfo() : statement.Certificates()[0].PublicKeyInfo;
        }
        catch (MalformedEvidenceException)
        {
            // the verifier says what is wrong with it
            return null;
        }
    }

    private Verdict Judge(IFormatVerifier verifier, AttestationStatement statement, Evidence evidence, CheckList checks, AuthenticatorData data) => verifier switch
    {
        TpmVerifier tpm => tpm.Verify(statement, evidence, checks, TpmExpectation.WebAuthn(data.Raw, ClientDataHash, AllowSha1)),
        AndroidKeyVerifier android => android.Verify(statement, evidence, checks, AndroidExpectation.WebAuthn(data.Raw.Span, ClientDataHash)),
        AppleVerifier when IsAnonymous(statement) => AnonymousApple.Judge(statement, evidence, checks, data, ClientDataHash),
        _ => verifier.Verify(statement, evidence, checks),
    };

    private static bool IsAnonymous(AttestationStatement statement)
    {
        try
        {
            var leaf = statement.Certificates()[0];
            return leaf.Find(AppleProperties.WebAuthnNonce) is not null && !AppleProperties.HasAny(leaf);
        }
        catch (MalformedEvidenceException)
        {
            return false;
        }
    }

    private static void CheckCredential(CheckList checks, AuthenticatorData data, AttestationStatement statement)
    {
        if (statement.Format == "packed" || data.CredentialKey is null || AttestedKey(statement) is not { } attested)
        {
            // packed attests with a key of the authenticator's model; its own rules say what is signed
            return;
        }

        if (PublicKeys.AreEqual(attested, data.CredentialKey))
        {
            checks.Pass(Credential, "they are equal");
        }
        else
        {
            checks.Fail(Credential, Reasons.KeyMismatch, $"the credential is {PublicKeys.Show(data.CredentialKey)}, attested is {PublicKeys.Show(attested)}");
        }
    }
}
