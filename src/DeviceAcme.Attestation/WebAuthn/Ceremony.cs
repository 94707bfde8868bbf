using System.Formats.Asn1;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Apple;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Packed;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.WebAuthn;

/// <summary>
/// A browser's registration (WebAuthn §7.1) judged offline by the verifiers that ACME evidence has: only what the freshness value is made
/// from differs. Its authenticator names no device, so at best such a verdict is incomplete.
/// </summary>
/// <param name="ClientDataHash">What the hash of the client data must be; null where it was not given.</param>
/// <param name="SignedHash">SHA-256 of the client data that came along; null where they did not.</param>
/// <param name="AllowSha1">Windows signs with RS1.</param>
internal sealed record Ceremony(byte[]? ClientDataHash, byte[]? SignedHash, bool AllowSha1)
{
    private static readonly CheckRule Data = new("authenticator-data", "authData is well-formed and has an attested credential (WebAuthn §6.1)");
    private static readonly CheckRule Credential = new("credential-key", "the credential in authData is the attested key (WebAuthn §8)");

    private static readonly CheckRule ClientData = new("client-data", "the given hash is that of the client data that were signed (WebAuthn §8.2)");

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
        PackedVerifier packed => JudgePacked(packed, statement, evidence, checks, data),
        AppleVerifier when IsAnonymous(statement) => AnonymousApple.Judge(statement, evidence, checks, data, ClientDataHash),
        _ => verifier.Verify(statement, evidence, checks),
    };

    // the hash is part of what is signed: without the client data a wrong hash looks like a wrong signature
    private Verdict JudgePacked(PackedVerifier packed, AttestationStatement statement, Evidence evidence, CheckList checks, AuthenticatorData data)
    {
        if (ClientDataHash is not { } right)
        {
            return packed.Verify(statement, evidence, checks, new PackedExpectation("authData and clientDataHash", null, null));
        }

        var found = SignedHash ?? right;
        if (SignedHash is null && new PackedVerifier().Verify(statement, evidence, new CheckList(), PackedExpectation.WebAuthn(data.Raw.ToArray(), found, right)).Checks
            .Any(check => check.Reason == Reasons.PackedSignatureInvalid) && IsSignature(statement))
        {
            checks.Fail(ClientData, Reasons.FreshnessMismatch, $"sig does not cover {Convert.ToHexStringLower(right)}: the hash is that of other client data, or sig was altered");
        }

        return packed.Verify(statement, evidence, checks, PackedExpectation.WebAuthn(data.Raw.ToArray(), found, right));
    }

    // could be one of the leaf's key, whatever it is over
    private static bool IsSignature(AttestationStatement statement)
    {
        try
        {
            var signature = statement.Octets("sig");
            if (!SubjectPublicKey.TryRead(statement.Certificates()[0].PublicKeyInfo, out var key, out _) || CoseAlgorithm.Find(statement.Integer("alg"), key.Kind) is null)
            {
                return false;
            }

            if (key.Kind == KeyKind.Rsa)
            {
                return signature.Length * 8 >= key.RsaBits;
            }

            var sequence = new AsnReader(signature, AsnEncodingRules.DER).ReadSequence();
            return sequence.ReadInteger().Sign > 0 && sequence.ReadInteger().Sign > 0;
        }
        catch (Exception broken) when (broken is MalformedEvidenceException or AsnContentException)
        {
            return false;
        }
    }

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
