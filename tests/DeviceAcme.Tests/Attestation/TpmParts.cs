using System.Formats.Cbor;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Tests.Attestation;

/// <summary>Recorded TPM structures that are no attestation objects: a quote, its signature and the key that made it.</summary>
internal static class TpmParts
{
    public static byte[] ExtraData(CorpusItem item) => Convert.FromHexString((string)item.Facts["attest"]!["extraData"]!);

    /// <summary>The steps of the verifier that such parts allow, in its order; null where all are right.</summary>
    public static Reason? Judge(CorpusItem item, byte[] expectedExtraData, DateTimeOffset now)
    {
        try
        {
            var attest = TpmsAttest.Read(item.File("attest.bin"));
            if (attest.Magic != TpmsAttest.Generated)
            {
                return Reasons.TpmMagicWrong;
            }

            var signature = TpmtSignature.TryReadStructure(item.File("signature.bin"))
                ?? throw new MalformedEvidenceException(Reasons.TpmStructureMalformed, "sig");
            if (item.Has("akCert.der") && Chain(item, now) is { } chain)
            {
                return chain;
            }

            if (!VerificationKey.Read(AttestationKey(item)).Verify(signature.Algorithm, item.File("attest.bin"), signature.Value.Span))
            {
                return Reasons.TpmSignatureInvalid;
            }

            return attest.ExtraData.Span.SequenceEqual(expectedExtraData) ? null : Reasons.FreshnessMismatch;
        }
        catch (MalformedEvidenceException malformed)
        {
            return malformed.Reason;
        }
    }

    /// <summary>The parts as if they were the statement of a certified key.</summary>
    public static byte[] AsStatement(CorpusItem item)
    {
        var stranger = Trial.Tpm.Make();
        var writer = new CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString("fmt");
        writer.WriteTextString("tpm");
        writer.WriteTextString("attStmt");
        writer.WriteStartMap(6);
        writer.WriteTextString("ver");
        writer.WriteTextString("2.0");
        writer.WriteTextString("alg");
        writer.WriteInt32(-257);
        writer.WriteTextString("x5c");
        writer.WriteStartArray(1);
        writer.WriteByteString(item.Has("akCert.der") ? item.File("akCert.der") : stranger.Chain[0]);
        writer.WriteEndArray();
        writer.WriteTextString("sig");
        writer.WriteByteString(item.File("signature.bin"));
        writer.WriteTextString("certInfo");
        writer.WriteByteString(item.File("attest.bin"));
        writer.WriteTextString("pubArea");
        writer.WriteByteString(item.Has("akPublic.bin") ? item.File("akPublic.bin") : Corpus.Item("s-tpm-acme-01").File("akPublic.bin"));
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static Reason? Chain(CorpusItem item, DateTimeOffset now) => Certificate.TryRead(item.File("akCert.der"), out var leaf, out _)
        ? CertificatePath.Verify([leaf], item.Anchors, now, new PathRules(), null).Reason
        : Reasons.CertificateMalformed;

    private static byte[] AttestationKey(CorpusItem item)
    {
        if (item.Has("akPublicKey.der"))
        {
            return item.File("akPublicKey.der");
        }

        // where both are there, the certificate is for the key of the public area
        var fromArea = item.Has("akPublic.bin") ? TpmtPublic.Read(item.File("akPublic.bin")).PublicKeyInfo() : null;
        var fromCertificate = item.Has("akCert.der") && Certificate.TryRead(item.File("akCert.der"), out var leaf, out _)
            ? leaf.PublicKeyInfo.ToArray()
            : null;
        return fromArea is null || fromCertificate is null || fromArea.AsSpan().SequenceEqual(fromCertificate)
            ? fromCertificate ?? fromArea!
            : throw new MalformedEvidenceException(Reasons.TpmNameMismatch, "akCert and akPublic have different keys");
    }
}
