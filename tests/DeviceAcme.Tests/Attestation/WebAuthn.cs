using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Tpm;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Judges recorded browser ceremonies with the same verifiers: only what extraData is made from differs (WebAuthn §8.3).</summary>
internal static class WebAuthn
{
    /// <summary>A <c>tpm</c> statement over authData and clientDataHash. Windows signs with RS1, so SHA-1 is allowed here and nowhere else.</summary>
    public static Verdict Verify(byte[] attestationObject, byte[] clientDataHash, AnchorSet anchors, DateTimeOffset now)
    {
        var evidence = Evidence(attestationObject, anchors, now);
        AttestationStatement statement;
        try
        {
            statement = AttestationStatement.Read(attestationObject);
        }
        catch (MalformedEvidenceException)
        {
            return AttestationVerifier.Verify(evidence);
        }

        if (statement.Format == "android-key")
        {
            return new AndroidKeyVerifier().Verify(
                statement, evidence, new CheckList(), AndroidExpectation.WebAuthn(AuthData(attestationObject), clientDataHash));
        }

        if (statement.Format != "tpm")
        {
            return AttestationVerifier.Verify(evidence);
        }

        return new TpmVerifier().Verify(
            statement, evidence, new CheckList(), TpmExpectation.WebAuthn(AuthData(attestationObject), clientDataHash, allowSha1: true));
    }

    /// <summary>The same object as an ACME server sees it.</summary>
    public static Verdict VerifyAsAcme(byte[] attestationObject, AnchorSet anchors, DateTimeOffset now) => AttestationVerifier.Verify(
        Evidence(attestationObject, anchors, now) with
        {
            Token = "token",
            KeyAuthorization = "token.thumbprint",
            Identifier = new ExpectedIdentifier("permanent-identifier", "any", null),
        });

    private static Evidence Evidence(byte[] attestationObject, AnchorSet anchors, DateTimeOffset now) => new()
    {
        AttestationObject = attestationObject,
        Formats = AttestationFormats.Names.ToList(),
        // recordings are older than any list that we have
        Policies = [new AndroidPolicy { AcceptWithoutStatusList = true }],
        Anchors = anchors,
        Now = now,
    };

    internal static byte[] AuthData(byte[] attestationObject) =>
        StrictCbor.Read(attestationObject) is CborItem.Map map && map.Find("authData") is CborItem.Octets octets ? octets.Value.ToArray() : [];
}
