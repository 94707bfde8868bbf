using System.Formats.Asn1;
using System.Text;

namespace DeviceAcme.Attestation.Offline;

/// <summary>Tells what DER or PEM holds, without judging it: a certificate that is broken is still a certificate.</summary>
internal static class DerInput
{
    private const string SignedData = "1.2.840.113549.1.7.2";
    private const int MaxBlocks = 64;

    /// <summary>Behind a label.</summary>
    private const int Dashes = 5;


    /// <summary>A file that begins with a SEQUENCE.</summary>
    public static IReadOnlyList<InputPart> Read(ReadOnlyMemory<byte> der, string file)
    {
        try
        {
            var outer = new AsnReader(der, AsnEncodingRules.BER).ReadSequence();
            var first = outer.PeekTag();
            if (first.HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
            {
                return outer.ReadObjectIdentifier() == SignedData ? Bag(outer, file) : [];
            }

            if (first.HasSameClassAndValue(Asn1Tag.Integer))
            {
                // Ecdsa-Sig-Value
                return [new InputPart(InputKind.Signature, der, file)];
            }

            var body = outer.ReadEncodedValue();
            return outer.PeekTag().HasSameClassAndValue(Asn1Tag.PrimitiveBitString) ? [new InputPart(InputKind.Key, der, file)]
                : KeyOfRequest(body) is { } key ? [new InputPart(InputKind.RequestKey, key, file)]
                : [new InputPart(InputKind.Certificate, der, file)];
        }
        catch (AsnContentException)
        {
            // what is wrong with it is for the verdict to say
            return [new InputPart(InputKind.Certificate, der, file)];
        }
    }

    /// <summary>A text with PEM blocks.</summary>
    public static IReadOnlyList<InputPart> ReadPem(string text, string file)
    {
        var parts = new List<InputPart>();
        var begins = Count(text, "-----BEGIN ");
        if (begins > MaxBlocks || begins != Count(text, "-----END "))
        {
            return [new InputPart(InputKind.BrokenPem, Encoding.Latin1.GetBytes(text), file)];
        }

        foreach (var block in text.Split("-----BEGIN ").Skip(1))
        {
            var label = block[..Math.Max(0, block.IndexOf("-----", StringComparison.Ordinal))];
            var end = block.IndexOf("-----END ", StringComparison.Ordinal);
            var base64 = label.Length == 0 || end < label.Length + Dashes ? "" : block[(label.Length + Dashes)..end];
            var der = new byte[base64.Length];
            if (!Convert.TryFromBase64String(base64, der, out var length) || length == 0)
            {
                parts.Add(new InputPart(InputKind.BrokenPem, Encoding.Latin1.GetBytes(block), file));
                continue;
            }

            parts.AddRange(label switch
            {
                "CERTIFICATE" or "X509 CERTIFICATE" or "TRUSTED CERTIFICATE" => [new InputPart(InputKind.Certificate, der.AsMemory(0, length), file)],
                "CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST" => Read(der.AsMemory(0, length), file),
                "PUBLIC KEY" => [new InputPart(InputKind.Key, der.AsMemory(0, length), file)],
                "PKCS7" or "CMS" => Read(der.AsMemory(0, length), file),
                _ => Array.Empty<InputPart>(),
            });
        }

        return parts;
    }

    /// <summary>The key of a CSR (RFC 2986 §4.1: version 0, subject, key); null where the body is that of a certificate.</summary>
    private static ReadOnlyMemory<byte>? KeyOfRequest(ReadOnlyMemory<byte> body)
    {
        var request = new AsnReader(body, AsnEncodingRules.BER).ReadSequence();
        if (!request.PeekTag().HasSameClassAndValue(Asn1Tag.Integer))
        {
            return null;
        }

        request.ReadEncodedValue();
        request.ReadEncodedValue();
        var key = request.ReadEncodedValue();
        var parts = new AsnReader(key, AsnEncodingRules.BER).ReadSequence();
        parts.ReadEncodedValue();
        return parts.HasData && parts.PeekTag().HasSameClassAndValue(Asn1Tag.PrimitiveBitString) ? key : default(ReadOnlyMemory<byte>?);
    }

    // a p7b: SignedData that holds nothing but certificates (RFC 5652 §5.1)
    private static List<InputPart> Bag(AsnReader outer, string file)
    {
        var content = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        var signed = outer.ReadSequence(content).ReadSequence();
        signed.ReadEncodedValue();
        signed.ReadEncodedValue();
        signed.ReadEncodedValue();
        var parts = new List<InputPart>();
        if (!signed.HasData || !signed.PeekTag().HasSameClassAndValue(content))
        {
            return parts;
        }

        var certificates = signed.ReadSetOf(skipSortOrderValidation: true, content);
        while (certificates.HasData && parts.Count < MaxBlocks)
        {
            parts.Add(new InputPart(InputKind.Certificate, certificates.ReadEncodedValue(), file));
        }

        return parts;
    }

    private static int Count(string text, string what)
    {
        var count = 0;
        for (var at = text.IndexOf(what, StringComparison.Ordinal); at >= 0; at = text.IndexOf(what, at + what.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
