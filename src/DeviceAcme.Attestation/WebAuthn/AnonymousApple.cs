using System.Formats.Asn1;
using System.Security.Cryptography;
using DeviceAcme.Attestation.Apple;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.WebAuthn;

/// <summary>
/// Apple's anonymous attestation (WebAuthn §8.8), judged offline only. Proves: Apple vouches that the credential was made on some genuine
/// device for this ceremony. Names no device, so no order can be served with it: the server refuses it by name.
/// </summary>
internal static class AnonymousApple
{
    private const string Format = "apple";

    private static readonly CheckRule Statement = new("statement", "attStmt.x5c holds the attestation certificate and its issuers, leaf first");

    private static readonly Asn1Tag NonceTag = new(TagClass.ContextSpecific, 1, isConstructed: true);

    public static Verdict Judge(AttestationStatement statement, Evidence evidence, CheckList checks, AuthenticatorData data, byte[]? clientDataHash)
    {
        var certificates = statement.Certificates();
        var leaf = certificates[0];
        checks.Pass(Statement, $"{certificates.Count} certificates, leaf '{leaf.SubjectText}'");
        CheckNonce(checks, leaf, data, clientDataHash);
        var proven = CommonChecks.CheckChain(checks, certificates, evidence, new PathRules());

        var facts = new List<(string Name, FactValue Value)> { ("attestation.certificate-sha256", new FactValue.Octets(leaf.Sha256)) };
        if (SubjectPublicKey.TryRead(leaf.PublicKeyInfo, out var key, out _))
        {
            facts.Add(("key.algorithm", new FactValue.Text(key.Name)));
        }

        var set = new FactSet(facts.Select(fact => new Fact(fact.Name, fact.Value, proven)));
        CommonChecks.CheckIdentifier(checks, evidence.Identifier, set, ["device.serial"], ["device.serial"], "Anonymous attestation names no device.");
        return checks.Conclude(Format, set, null);
    }

    private static void CheckNonce(CheckList checks, Certificate leaf, AuthenticatorData data, byte[]? clientDataHash)
    {
        byte[] nonce;
        try
        {
            nonce = ReadNonce(leaf.Find(AppleProperties.WebAuthnNonce)!.Value);
        }
        catch (AsnContentException broken)
        {
            checks.Fail(CommonChecks.Freshness, Reasons.ApplePropertyMalformed, $"{AppleProperties.WebAuthnNonce}: {broken.Message}");
            return;
        }

        if (!nonce.AsSpan().ContainsAnyExcept((byte)0))
        {
            checks.Fail(CommonChecks.Freshness, Reasons.FreshnessMismatch, "the nonce is all zeros, which is the hash of nothing");
            return;
        }

        CommonChecks.CheckFreshness(
            checks,
            nonce,
            clientDataHash is null ? [] : [("SHA-256 of authData and clientDataHash", SHA256.HashData([.. data.Raw.Span, .. clientDataHash]))],
            AppleProperties.WebAuthnNonce,
            "The attestation belongs to another ceremony.");
    }

    private static byte[] ReadNonce(ReadOnlyMemory<byte> value)
    {
        var sequence = new AsnReader(value, AsnEncodingRules.DER).ReadSequence();
        var wrapper = sequence.ReadSequence(NonceTag);
        var nonce = wrapper.ReadOctetString();
        wrapper.ThrowIfNotEmpty();
        sequence.ThrowIfNotEmpty();
        return nonce;
    }
}
