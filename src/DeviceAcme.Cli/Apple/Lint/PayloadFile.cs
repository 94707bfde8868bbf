using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Text;
using DeviceAcme.Cli.Apple.Plist;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>The signature of a file.</summary>
/// <param name="Signer">Subject of the signer's certificate.</param>
/// <param name="NotAfter">When that certificate ends.</param>
/// <param name="Fault">Why the signature does not verify; null where it does.</param>
internal sealed record FileSignature(string Signer, DateTimeOffset NotAfter, string? Fault);

/// <summary>A file with an ACME payload: configuration profile (XML), a signed one (CMS), a payload alone, or a declaration's document (JSON).</summary>
internal sealed record PayloadFile
{
    private const string NotAPayload = "a configuration profile (XML or CMS) or a declaration's document (JSON)";

    public required PlistValue.Dictionary Root { get; init; }

    /// <summary>True for <c>com.apple.credential.acme</c>.</summary>
    public bool IsDeclarative { get; init; }

    public FileSignature? Signature { get; init; }

    /// <summary>True for a configuration profile, false for a payload without one around it.</summary>
    public bool IsProfile => !IsDeclarative && Root.TextOf(AppleKey.PayloadType) != AppleKey.AcmePayload;

    public string Kind => IsDeclarative ? "declarative" : !IsProfile ? "payload" : Signature is null ? "mobileconfig" : "signed-mobileconfig";

    /// <exception cref="UnreadableDocument">It is nothing of that kind, or cannot be looked into.</exception>
    public static PayloadFile Read(ReadOnlyMemory<byte> octets)
    {
        if (octets.Length > PlistReader.MaximumSize)
        {
            throw new UnreadableDocument("file-too-large", $"at most {PlistReader.MaximumSize} octets", $"{octets.Length}");
        }

        var start = octets.Span.StartsWith("\uFEFF"u8) ? octets.Span[3..] : octets.Span;
        start = start.TrimStart(" \t\r\n"u8);
        if (start.StartsWith("bplist"u8))
        {
            throw new UnreadableDocument("plist-binary", "an XML property list (plutil -convert xml1 FILE writes one)", "a binary property list");
        }

        if (start.StartsWith("-----BEGIN "u8))
        {
            return Signed(FromPem(octets));
        }

        return start.IsEmpty ? throw new UnreadableDocument("file-not-a-payload", NotAPayload, "nothing") : start[0] switch
        {
            (byte)'{' or (byte)'[' => Declared(PlistJson.Read(octets)),
            (byte)'<' => Profile(PlistReader.Read(octets), null),
            // SEQUENCE: the ContentInfo of CMS
            0x30 => Signed(octets),
            _ => throw new UnreadableDocument("file-not-a-payload", NotAPayload, $"a file that begins with the octet {start[0]:x2}"),
        };
    }

    private static PayloadFile Declared(PlistValue.Dictionary root) => root.TextOf("Type") is { } type && root.Find("Payload") is PlistValue.Dictionary
        ? throw new UnreadableDocument("declaration-without-credential", "the document com.apple.credential.acme, which stands at the asset's DataURL", $"a declaration of the type {type}")
        : new PayloadFile { Root = root, IsDeclarative = true };

    private static PayloadFile Profile(PlistValue.Dictionary root, FileSignature? signature) => root.Find("EncryptedPayloadContent") is not null
        ? throw new UnreadableDocument("payload-encrypted", "a profile that is not encrypted for one device", "EncryptedPayloadContent")
        : new PayloadFile { Root = root, Signature = signature };

    private static ReadOnlyMemory<byte> FromPem(ReadOnlyMemory<byte> octets)
    {
        var text = Encoding.ASCII.GetString(octets.Span);
        return PemEncoding.TryFind(text, out var fields) && text[fields.Label] is "PKCS7" or "CMS"
            ? Convert.FromBase64String(text[fields.Base64Data])
            : throw new UnreadableDocument("file-not-a-payload", NotAPayload, "PEM of something else");
    }

    private static PayloadFile Signed(ReadOnlyMemory<byte> der)
    {
        var message = new SignedCms();
        try
        {
            message.Decode(der.Span);
        }
        catch (CryptographicException broken)
        {
            throw new UnreadableDocument("cms-malformed", "CMS SignedData (RFC 5652 §5)", broken.Message);
        }

        if (message.Detached || message.ContentInfo.Content.Length == 0)
        {
            throw new UnreadableDocument("cms-without-content", "a signature around the profile", "a signature without content (detached)");
        }

        return Profile(PlistReader.Read(message.ContentInfo.Content), Judge(message));
    }

    // the signature alone: which signers are trusted is what each device decides
    private static FileSignature Judge(SignedCms message)
    {
        try
        {
            if (message.SignerInfos.Count != 1 || message.SignerInfos[0].Certificate is not { } certificate)
            {
                return Unreadable($"{message.SignerInfos.Count} signers; one was expected, and its certificate");
            }

            return new FileSignature(certificate.Subject, certificate.NotAfter.ToUniversalTime(), Fault(message));
        }
        catch (CryptographicException broken)
        {
            return Unreadable($"the signer's certificate cannot be read: {broken.Message}");
        }
    }

    private static string? Fault(SignedCms message)
    {
        try
        {
            message.CheckSignature(verifySignatureOnly: true);
            return null;
        }
        catch (CryptographicException wrong)
        {
            return wrong.Message;
        }
    }

    private static FileSignature Unreadable(string fault) => new("unknown", DateTimeOffset.MaxValue, fault);
}
