using System.Formats.Asn1;
using System.Text;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>A PKCS#10 request (RFC 2986), read strictly. Nothing in it is believed but the key, whose possession it proves.</summary>
internal sealed class CertificateSigningRequest
{
    /// <summary>An RSA-4096 request with a hundred names stays far below.</summary>
    public const int MaximumLength = 16 * 1024;

    private CertificateSigningRequest(
        ReadOnlyMemory<byte> der, SubjectKey key, IReadOnlyList<(string Oid, string? Value)> subject, IReadOnlyList<GeneralName> names)
    {
        Der = der;
        Key = key;
        Subject = subject;
        Names = names;
    }

    /// <summary>The request as it was sent.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>The key, whose signature over the request was verified.</summary>
    public SubjectKey Key { get; }

    /// <summary>All attributes of the subject, in order; the value is null where it is no text.</summary>
    public IReadOnlyList<(string Oid, string? Value)> Subject { get; }

    /// <summary>The subject alternative names that are asked for; empty where there are none.</summary>
    public IReadOnlyList<GeneralName> Names { get; }

    /// <summary>Reads a request and verifies its signature.</summary>
    /// <exception cref="ProblemException"><c>badCSR</c> with a reason.</exception>
    public static CertificateSigningRequest Read(ReadOnlyMemory<byte> der)
    {
        if (der.Length > MaximumLength)
        {
            throw Problems.BadCsr("csr-too-large", $"csr: {der.Length} octets; at most {MaximumLength} were expected");
        }

        try
        {
            return ReadRequest(der);
        }
        catch (AsnContentException invalid)
        {
            throw Problems.BadCsr("csr-malformed", $"csr: not a PKCS#10 request in DER (RFC 2986): {invalid.Message}");
        }
    }

    private static CertificateSigningRequest ReadRequest(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER);
        var request = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        var signed = request.PeekEncodedValue();
        var info = request.ReadSequence();
        var algorithm = ReadAlgorithm(request.ReadSequence());
        var signature = request.ReadBitString(out var unused);
        request.ThrowIfNotEmpty();

        // RFC 2986 §4.1 says 0; widely used clients have written 2, and nothing depends on it
        if (!info.TryReadInt32(out var version) || version is < 0 or > 2)
        {
            throw new AsnContentException("the version is not 0");
        }

        var subject = ReadName(info.ReadSequence());
        var key = SubjectKey.Read(info.ReadEncodedValue(), out var refusal)
            ?? throw Problems.BadCsr($"csr-{refusal.Reason}", $"csr: {refusal.Detail}");
        var names = info.HasData ? ReadAttributes(info.ReadSetOf(true, new Asn1Tag(TagClass.ContextSpecific, 0, true))) : [];
        info.ThrowIfNotEmpty();

        switch (key.Verifies(algorithm, signed.Span, signature))
        {
            case null:
                throw Problems.BadCsr("csr-signature-algorithm", $"csr: signature algorithm {algorithm} does not fit the {key.Type} key; ECDSA or PKCS#1 RSA with SHA-256, SHA-384 or SHA-512 was expected");
            case false:
                throw Problems.BadCsr("csr-signature-invalid", "csr: the signature is not that of the key in it");
            default:
                return unused == 0 ? new CertificateSigningRequest(der, key, subject, names) : throw new AsnContentException("the signature has unused bits");
        }
    }

    // PKCS#1 has NULL (RFC 4055 §5), ECDSA nothing (RFC 5758 §3.2), and clients confuse the two; it is not signed, so nothing else may hide in it
    private static string ReadAlgorithm(AsnReader identifier)
    {
        var oid = identifier.ReadObjectIdentifier();
        if (identifier.HasData)
        {
            identifier.ReadNull();
        }

        identifier.ThrowIfNotEmpty();
        return oid;
    }

    private static List<(string Oid, string? Value)> ReadName(AsnReader rdns)
    {
        var attributes = new List<(string, string?)>();
        while (rdns.HasData)
        {
            var rdn = rdns.ReadSetOf(skipSortOrderValidation: true);
            if (!rdn.HasData)
            {
                throw new AsnContentException("an RDN of the subject is empty");
            }

            while (rdn.HasData)
            {
                var attribute = rdn.ReadSequence();
                var oid = attribute.ReadObjectIdentifier();
                attributes.Add((oid, ReadText(attribute)));
                attribute.ThrowIfNotEmpty();
            }
        }

        return attributes;
    }

    // clients put '*' and '@' into PrintableString, which the standard's alphabet lacks: the octets are taken as they are
    private static string? ReadText(AsnReader reader)
    {
        var tag = reader.PeekTag();
        switch ((UniversalTagNumber)tag.TagValue)
        {
            case UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.T61String
                when tag is { TagClass: TagClass.Universal, IsConstructed: false }:
                return reader.TryReadPrimitiveCharacterStringBytes(tag, out var octets)
                    ? (UniversalTagNumber)tag.TagValue == UniversalTagNumber.T61String ? Encoding.Latin1.GetString(octets.Span) : AsnText.Utf8(octets.Span)
                    : throw new AsnContentException("a text of the subject is not primitive");
            case UniversalTagNumber.BMPString when tag.TagClass == TagClass.Universal:
                return reader.ReadCharacterString(UniversalTagNumber.BMPString);
            default:
                reader.ReadEncodedValue();
                return null;
        }
    }

    private static IReadOnlyList<GeneralName> ReadAttributes(AsnReader attributes)
    {
        IReadOnlyList<GeneralName> names = [];
        var seen = false;
        while (attributes.HasData)
        {
            var attribute = attributes.ReadSequence();
            var oid = attribute.ReadObjectIdentifier();
            var values = attribute.ReadSetOf(skipSortOrderValidation: true);
            attribute.ThrowIfNotEmpty();
            if (oid != Oids.ExtensionRequest)
            {
                continue;
            }

            if (seen)
            {
                throw Problems.BadCsr("csr-duplicate-extension", "csr: extensionRequest stands twice; once at most was expected");
            }

            seen = true;
            names = ReadExtensions(values.ReadSequence());
            values.ThrowIfNotEmpty();
        }

        return names;
    }

    private static IReadOnlyList<GeneralName> ReadExtensions(AsnReader extensions)
    {
        IReadOnlyList<GeneralName> names = [];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (extensions.HasData)
        {
            var extension = extensions.ReadSequence();
            var oid = extension.ReadObjectIdentifier();
            if (extension.HasData && extension.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean))
            {
                extension.ReadBoolean();
            }

            var value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (!seen.Add(oid))
            {
                throw Problems.BadCsr("csr-duplicate-extension", $"csr: extension {oid} stands twice (RFC 5280 §4.2: once at most)");
            }

            if (oid == Oids.SubjectAltName)
            {
                names = ReadNames(value);
            }
        }

        return names;
    }

    private static IReadOnlyList<GeneralName> ReadNames(byte[] value)
    {
        try
        {
            return GeneralName.Read(value);
        }
        catch (AsnContentException invalid)
        {
            throw Problems.BadCsr("csr-names-malformed", $"csr: subjectAltName is not well formed: {invalid.Message}");
        }
    }
}
