using System.Formats.Asn1;
using System.Security.Cryptography;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>
/// <c>DIR/ca/&lt;issuer&gt;</c>: <c>key.pem</c>, <c>chain.pem</c> (the certificate in force and those above it; replacing this one file is
/// what puts an imported certificate into force), <c>certificate.pem</c> (its first, for people), <c>previous/</c>.
/// </summary>
internal sealed class IssuerFolder : IDisposable
{
    private const string PreviousFolder = "previous";
    private const int MostAlternates = 4;

    private readonly string _path;
    private readonly string _trustFile;
    private volatile IssuerState _state;

    public IssuerFolder(string name, string path, string? passphrase, string trustFile)
    {
        Name = name;
        _path = path;
        _trustFile = trustFile;
        Key = KeyFile.Read(Path.Combine(path, CaDirectory.KeyName), passphrase);
        KeyId = Convert.ToHexStringLower(Key.KeyIdentifier.Span);
        _state = Load();
        if (!_state.Certificate.PublicKey.Span.SequenceEqual(Key.PublicKey.Span))
        {
            throw new IssuerException($"{Path.Combine(path, CaDirectory.ChainName)} begins with the certificate of another key than {CaDirectory.KeyName}");
        }
    }

    /// <summary>The issuers below a folder, half-made ones aside.</summary>
    public static IReadOnlyList<string> NamesIn(string folder) => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith(DurableFiles.HalfMade, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The issuer's name in profiles.</summary>
    public string Name { get; }

    public SigningKey Key { get; }

    /// <summary>Lower-case hex of the key's id; it outlives every certificate of the key.</summary>
    public string KeyId { get; }

    /// <summary>The certificate in force.</summary>
    public CaCertificate Current => State.Certificate;

    /// <summary>What is in force; read again when the file was replaced.</summary>
    /// <exception cref="IssuerException">The new file cannot be used.</exception>
    public IssuerState State
    {
        get
        {
            var state = _state;
            if (state.Stamp == Stamp())
            {
                return state;
            }

            var loaded = Load();
            if (!loaded.Certificate.PublicKey.Span.SequenceEqual(Key.PublicKey.Span))
            {
                throw new IssuerException($"{Path.Combine(_path, CaDirectory.ChainName)} was replaced by the certificate of another key");
            }

            return _state = loaded;
        }
    }

    /// <summary>What a certificate that is signed under this CA certificate says of its issuer.</summary>
    public CertificateIssuer Issuer(CaCertificate certificate, Uri? statusUrl) => new()
    {
        Name = certificate.Subject,
        KeyIdentifier = certificate.KeyIdentifier,
        Key = Key,
        CrlUrl = StatusPaths.Crl(statusUrl, KeyId),
        CertificateUrl = StatusPaths.Certificate(statusUrl, KeyId),
    };

    /// <summary>A PKCS#10 request for this issuer's key and name, for an outside CA to sign; DER.</summary>
    public byte[] Request()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(0);
            writer.WriteEncodedValue(Current.Subject.Span);
            writer.WriteEncodedValue(Key.PublicKey.Span);
            using (writer.PushSetOf(new Asn1Tag(TagClass.ContextSpecific, 0, true)))
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oids.ExtensionRequest);
                using (writer.PushSetOf())
                {
                    CertificateBuilder.WriteExtensions(
                        writer, [.. CertificateBuilder.AuthorityExtensions(pathLength: 0), CertificateBuilder.SubjectKeyIdentifier(Key.KeyIdentifier.Span)]);
                }
            }
        }

        return CertificateBuilder.Signed(writer.Encode(), Key);
    }

    /// <summary>The same as PEM text.</summary>
    public string RequestPem() => PemEncoding.WriteString("CERTIFICATE REQUEST", Request()) + "\n";

    /// <summary>Puts a certificate of an outside CA into force; a running server takes it up with its next signature.</summary>
    /// <param name="pem">Certificates in any order: this issuer's, those above it, and the root if there is one.</param>
    /// <exception cref="IssuerException">Says what does not fit; nothing was changed.</exception>
    public ImportedChain Import(string pem, DateTimeOffset now)
    {
        var imported = ImportedChain.Check(pem, this, now);
        var previous = Path.Combine(_path, PreviousFolder);
        DurableFiles.EnsureFolder(previous);
        var kept = Path.Combine(previous, $"{now.UtcDateTime:yyyyMMdd'T'HHmmssfff}.pem");
        DurableFiles.Write(kept, File.ReadAllBytes(Path.Combine(_path, CaDirectory.ChainName)));
        if (imported.Root is { } root)
        {
            TrustAlso(root);
        }

        DurableFiles.Write(Path.Combine(_path, CaDirectory.ChainName), CaCertificate.Pem(imported.Chain));
        DurableFiles.Write(Path.Combine(_path, CaDirectory.CertificateName), CaCertificate.Pem([imported.Chain[0]]));
        return imported;
    }

    public void Dispose() => Key.Dispose();

    // the outside root first; the root made here stays, for what was issued below it
    private void TrustAlso(ReadOnlyMemory<byte> root)
    {
        var known = File.Exists(_trustFile) ? CaCertificate.Parse(File.ReadAllText(_trustFile)).ToList() : [];
        if (!known.Any(other => other.Span.SequenceEqual(root.Span)))
        {
            DurableFiles.Write(_trustFile, CaCertificate.Pem([root, .. known]));
        }
    }

    private IssuerState Load()
    {
        // the stamp first: a file replaced in between is read again at the next look
        var stamp = Stamp();
        var certificate = CaCertificate.Read(Path.Combine(_path, CaDirectory.ChainName));
        var previous = Path.Combine(_path, PreviousFolder);
        var alternates = Directory.Exists(previous)
            ? Directory.EnumerateFiles(previous, "*.pem").OrderDescending(StringComparer.Ordinal).Select(CaCertificate.Read)
            : [];

        // an earlier certificate of the same name and key identifier certifies the same leaves
        return new IssuerState(stamp, certificate, [.. alternates.Where(other => IsTwin(other, certificate)).Take(MostAlternates)]);
    }

    private static bool IsTwin(CaCertificate other, CaCertificate certificate) =>
        other.Subject.Span.SequenceEqual(certificate.Subject.Span)
        && other.PublicKey.Span.SequenceEqual(certificate.PublicKey.Span)
        && other.KeyIdentifier.Span.SequenceEqual(certificate.KeyIdentifier.Span)
        && !other.Chain[0].Span.SequenceEqual(certificate.Chain[0].Span);

    private (DateTime Written, long Length) Stamp()
    {
        var file = new FileInfo(Path.Combine(_path, CaDirectory.ChainName));
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }
}

/// <summary>An issuer's certificate in force, and earlier ones that certify the same name and key.</summary>
internal sealed record IssuerState((DateTime Written, long Length) Stamp, CaCertificate Certificate, IReadOnlyList<CaCertificate> Alternates)
{
    /// <summary>The chains of a certificate signed now, without the leaf: the one in force, then earlier ones that last as long as the leaf.</summary>
    public IReadOnlyList<IReadOnlyList<ReadOnlyMemory<byte>>> Chains(DateTimeOffset leafNotAfter) =>
        [Certificate.Chain, .. Alternates.Where(other => other.NotAfter >= leafNotAfter).Select(other => other.Chain)];
}
