using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>A signature over TPMS_ATTEST, as a TPM returns it and as WebAuthn implementations carry it.</summary>
internal static class TpmtSignature
{
    /// <summary>TPMT_SIGNATURE (Part 2 §11.3.4), RSASSA or ECDSA.</summary>
    public static byte[] Marshalled(AsymmetricAlgorithm key, byte[] message, int hash)
    {
        var name = TpmtPublic.HashName(hash);
        if (key is RSA rsa)
        {
            return new TpmWriter().U16(TpmIds.AlgRsaSsa).U16(hash).Sized(rsa.SignData(message, name, RSASignaturePadding.Pkcs1)).ToArray();
        }

        var signature = ((ECDsa)key).SignData(message, name, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var half = signature.Length / 2;
        return new TpmWriter().U16(TpmIds.AlgEcdsa).U16(hash).Sized(signature.AsSpan(0, half)).Sized(signature.AsSpan(half)).ToArray();
    }

    /// <summary>Plain octets: PKCS #1 for RSA, DER for ECDSA, as WebAuthn's own test vectors have it.</summary>
    public static byte[] Plain(AsymmetricAlgorithm key, byte[] message, int hash)
    {
        var name = TpmtPublic.HashName(hash);
        return key is RSA rsa
            ? rsa.SignData(message, name, RSASignaturePadding.Pkcs1)
            : ((ECDsa)key).SignData(message, name, DSASignatureFormat.Rfc3279DerSequence);
    }
}
