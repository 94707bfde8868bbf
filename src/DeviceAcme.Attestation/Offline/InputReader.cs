using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using DeviceAcme.Attestation.Tpm;

namespace DeviceAcme.Attestation.Offline;

/// <summary>Recognizes what a file holds: by what its caller says, by its octets, and where they are broken by its name.</summary>
internal static class InputReader
{
    /// <summary>More than any piece of evidence that is judged; what is larger is refused unread.</summary>
    public const int MaxSize = 1024 * 1024;

    private const string Hint =
        "known are CBOR attestation objects, base64url text, challenge responses and WebAuthn credentials as JSON, clientDataJSON, certificates (PEM, DER, p7b), "
        + "TPMS_ATTEST, TPMT_SIGNATURE, TPMT_PUBLIC, public keys and CSRs; for broken ones name the role: object=FILE, certificates=FILE, attest=FILE, signature=FILE, public=FILE";

    public static IReadOnlyList<InputPart> Read(OfflineFile file)
    {
        if (file.Bytes.Length > MaxSize)
        {
            throw new UnknownEvidenceException($"{file.Name}: {file.Bytes.Length} bytes, evidence has at most {MaxSize}", "is this the right file?");
        }

        return file.Role is { } role ? OfRole(role, file) : OfContent(file.Bytes, file.Name) ?? ByName(file);
    }

    private static IReadOnlyList<InputPart> OfRole(string role, OfflineFile file)
    {
        if (role == InputRoles.Certificates)
        {
            return file.Bytes.Span.StartsWith("-----BEGIN"u8) || IndexOfPem(file.Bytes) >= 0
                ? DerInput.ReadPem(Encoding.Latin1.GetString(file.Bytes.Span), file.Name)
                : file.Bytes.Length > 0 && file.Bytes.Span[0] == 0x30 ? DerInput.Read(file.Bytes, file.Name) : One(InputKind.Certificate, file);
        }

        return One(
            role switch
            {
                InputRoles.Object => InputKind.Object,
                InputRoles.ClientData => InputKind.ClientData,
                InputRoles.Attest => InputKind.Attest,
                InputRoles.Signature => InputKind.Signature,
                InputRoles.PublicArea => InputKind.PublicArea,
                InputRoles.Key => InputKind.Key,
                _ => throw new UnknownEvidenceException($"'{role}' is no role of a file", $"roles are {string.Join(", ", InputRoles.Names)}"),
            },
            file);
    }

    private static IReadOnlyList<InputPart> One(InputKind kind, OfflineFile file) => [new InputPart(kind, file.Bytes, file.Name)];

    private static IReadOnlyList<InputPart>? OfContent(ReadOnlyMemory<byte> bytes, string file)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        if (IndexOfPem(bytes) >= 0)
        {
            return NothingIsUnknown(DerInput.ReadPem(Encoding.Latin1.GetString(bytes.Span), file));
        }

        if (NvMemory.Recognize(bytes))
        {
            return [.. NvMemory.Read(bytes).Certificates.Select(der => new InputPart(InputKind.Certificate, der, file))];
        }

        var span = bytes.Span;
        var first = span[0];
        if (first == 0x30)
        {
            return NothingIsUnknown(DerInput.Read(bytes, file));
        }

        if (TpmKind(span) is { } kind)
        {
            return [new InputPart(kind, bytes, file)];
        }

        // a map, also of indefinite length, or the tag that says that this is CBOR
        if (first is (>= 0xA0 and <= 0xBB) or 0xBF || span.StartsWith((ReadOnlySpan<byte>)[0xD9, 0xD9, 0xF7]))
        {
            return [new InputPart(InputKind.Object, bytes, file)];
        }

        var text = Text(bytes);
        return text is null ? null : text.StartsWith('{') ? OfJson(text, bytes, file) : OfBase64(text, file);
    }

    private static InputKind? TpmKind(ReadOnlySpan<byte> span)
    {
        if (span.Length >= 6 && BinaryPrimitives.ReadUInt32BigEndian(span) == TpmsAttest.Generated)
        {
            return InputKind.Attest;
        }

        if (span.Length < 10)
        {
            return null;
        }

        var first = BinaryPrimitives.ReadUInt16BigEndian(span);
        var second = BinaryPrimitives.ReadUInt16BigEndian(span[2..]);
        if (first is TpmAlg.Rsassa or TpmAlg.Rsapss or TpmAlg.Ecdsa && (TpmAlg.Hash(second) is not null || second == TpmAlg.Sha1))
        {
            return InputKind.Signature;
        }

        if (first == span.Length - 2)
        {
            (first, second) = (second, BinaryPrimitives.ReadUInt16BigEndian(span[4..]));
        }

        return first is TpmAlg.Rsa or TpmAlg.Ecc && (TpmAlg.Hash(second) is not null || second == TpmAlg.Sha1) ? InputKind.PublicArea : null;
    }

    private static IReadOnlyList<InputPart>? OfBase64(string text, string file)
    {
        var octets = Decode(string.Concat(text.Where(letter => !char.IsWhiteSpace(letter))));
        return octets is null ? null : OfContent(octets, file);
    }

    // a challenge response (device-attest §5), a browser's credential (WebAuthn §5.8), or its client data (§5.8.1)
    private static IReadOnlyList<InputPart>? OfJson(string text, ReadOnlyMemory<byte> bytes, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            var root = document.RootElement;
            if (Octets(root, "payload") is { } payload && root.TryGetProperty("signature", out _))
            {
                // a recorded request: its payload is the response
                return OfContent(payload, file);
            }

            if (Octets(root, "attObj") is { } response)
            {
                return [new InputPart(InputKind.Object, response, file)];
            }

            var credential = root.TryGetProperty("response", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : root;
            if (Octets(credential, "attestationObject") is { } attestation)
            {
                return Octets(credential, "clientDataJSON") is { } data
                    ? [new InputPart(InputKind.Object, attestation, file), new InputPart(InputKind.ClientData, data, file)]
                    : [new InputPart(InputKind.Object, attestation, file)];
            }

            return root.TryGetProperty("challenge", out _) && root.TryGetProperty("type", out _) ? [new InputPart(InputKind.ClientData, bytes, file)] : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IReadOnlyList<InputPart> ByName(OfflineFile file)
    {
        var name = Path.GetFileName(file.Name).ToLowerInvariant();
        InputKind? kind =
            name.Contains("clientdata", StringComparison.Ordinal) ? InputKind.ClientData
            : name.EndsWith(".cbor", StringComparison.Ordinal) || name.Contains("attestation", StringComparison.Ordinal) || name.Contains("attobj", StringComparison.Ordinal) ? InputKind.Object
            : name.EndsWith(".der", StringComparison.Ordinal) || name.EndsWith(".cer", StringComparison.Ordinal) || name.EndsWith(".crt", StringComparison.Ordinal) ? InputKind.Certificate
            : name.EndsWith(".pem", StringComparison.Ordinal) ? InputKind.BrokenPem
            : name.StartsWith("sig", StringComparison.Ordinal) ? InputKind.Signature
            : name.StartsWith("attest", StringComparison.Ordinal) || name.StartsWith("certinfo", StringComparison.Ordinal) ? InputKind.Attest
            : name.Contains("pub", StringComparison.Ordinal) ? InputKind.PublicArea
            : null;
        if (kind is null)
        {
            var begin = Convert.ToHexStringLower(file.Bytes.Span[..Math.Min(8, file.Bytes.Length)]);
            throw new UnknownEvidenceException(
                $"{file.Name}: not recognized{(begin.Length == 0 ? ", it is empty" : $", it begins with {begin}")}", Hint);
        }

        return One(kind.Value, file);
    }

    private static IReadOnlyList<InputPart>? NothingIsUnknown(IReadOnlyList<InputPart> parts) => parts.Count == 0 ? null : parts;

    private static int IndexOfPem(ReadOnlyMemory<byte> bytes) => bytes.Span.IndexOf("-----BEGIN "u8);

    private static string? Text(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes.Span[3..] : bytes.Span;
        foreach (var octet in span)
        {
            if (octet == 0x7F || (octet < 0x20 && octet is not ((byte)'\t' or (byte)'\n' or (byte)'\r')))
            {
                return null;
            }
        }

        return Encoding.UTF8.GetString(span).Trim();
    }

    private static byte[]? Octets(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? Decode(value.GetString()!) ?? throw new JsonException($"{name} is not base64url")
            : null;

    private static byte[]? Decode(string text)
    {
        var url = text.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return Base64Url.IsValid(url) ? Base64Url.DecodeFromChars(url) : null;
    }
}
