using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Attestation.Apple;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Step;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Offline;

/// <summary>Certificates without a statement around them. Apple's and Android's say everything themselves; others prove no possession of their key.</summary>
internal static class BareChain
{
    /// <summary>What a chain can be called besides the formats that have statements.</summary>
    public static readonly string[] Kinds = [EkVerifier.Format, CertificateEvidence.Unknown];

    private static readonly CheckRule Input = new("certificates", "the files hold certificates, leaf first, that can be read");

    /// <summary>Certificates that belong together; leaves of one kind, one in each file, are pieces of evidence of their own.</summary>
    public static IReadOnlyList<IReadOnlyList<InputPart>> Group(List<InputPart> parts)
    {
        var files = parts.GroupBy(part => part.File, StringComparer.Ordinal).ToList();
        return files.Count > 1 && files.TrueForAll(file => file.Count() == 1) && AreLeavesOfOneKind(parts)
            ? [.. files.Select(file => (IReadOnlyList<InputPart>)[.. file])]
            : [files.Count > 1 ? Ordered(parts) : parts];
    }

    public static Judged Judge(IReadOnlyList<InputPart> parts, OfflineQuestion question, Evidence evidence)
    {
        var checks = new CheckList();
        if (parts.FirstOrDefault(part => part.Kind == InputKind.BrokenPem) is { } broken)
        {
            checks.Fail(Input, Reasons.PemMalformed, $"{broken.File}: a PEM block is not complete");
            return new Judged(checks.Conclude(question.Format ?? "", FactSet.Empty, null), null);
        }

        var certificates = Read(checks, parts);
        if (certificates.Count == 0)
        {
            return new Judged(checks.Conclude(question.Format ?? "", FactSet.Empty, null), null);
        }

        checks.Pass(Input, $"{certificates.Count} certificates, leaf '{certificates[0].SubjectText}'");
        var key = (ReadOnlyMemory<byte>?)certificates[0].PublicKeyInfo;
        var format = question.Format ?? Recognize(certificates);
        if (format is "apple" or "android-key")
        {
            var statement = AttestationStatement.Of(format, [("x5c", new CborItem.List([.. parts.Select(part => new CborItem.Octets(part.Bytes))]))]);
            return new Judged(AttestationFormats.Find(format)!.Verify(statement, evidence with { Format = format }, checks), key);
        }

        if (format == "step")
        {
            var statement = AttestationStatement.Of(format, [("x5c", new CborItem.List([.. parts.Select(part => new CborItem.Octets(part.Bytes))]))]);
            return new Judged(new StepVerifier().Verify(statement, evidence with { Format = format }, checks, StepExpectation.Chain), key);
        }

        return new Judged(CertificateEvidence.Judge(format, certificates, question, evidence with { Format = format }, checks), key);
    }

    private static List<Certificate> Read(CheckList checks, IReadOnlyList<InputPart> parts)
    {
        var certificates = new List<Certificate>();
        if (parts.Count > CertificatePath.MaxPresented)
        {
            checks.Fail(Input, Reasons.ChainTooLong, $"{parts.Count} certificates, at most {CertificatePath.MaxPresented} are read");
            return certificates;
        }

        foreach (var part in parts)
        {
            if (part.Bytes.Length > Certificate.MaxSize)
            {
                checks.Fail(Input, Reasons.CertificateTooLarge, $"{part.File}: {part.Bytes.Length} bytes");
                return [];
            }

            if (!Certificate.TryRead(part.Bytes, out var certificate, out var problem))
            {
                checks.Fail(Input, Reasons.CertificateMalformed, $"{part.File}: {problem}");
                return [];
            }

            certificates.Add(certificate);
        }

        return certificates;
    }

    private static string Recognize(IReadOnlyList<Certificate> certificates)
    {
        var leaf = certificates[0];
        if (AppleProperties.HasAny(leaf) || leaf.IssuerText.Contains("Apple Enterprise Attestation", StringComparison.Ordinal))
        {
            return "apple";
        }

        // a slot certificate, or the device's own, which is all that is left where the former is missing
        if (SlotCertificate.SaysMore(leaf) || leaf.Find(SlotCertificate.Firmware) is not null || leaf.Find(SlotCertificate.ManagedDevice) is not null)
        {
            return "step";
        }

        // the names of Google's roots and of the intermediates below them, for chains that lack the extension
        return certificates.Any(certificate => certificate.Find(KeyDescription.Oid) is not null
            || certificate.IssuerText.Contains("f92009e853b6b045", StringComparison.Ordinal)
            || certificate.IssuerText.Contains("Android Keystore", StringComparison.Ordinal)
            || certificate.IssuerText.Contains("Key Attestation CA", StringComparison.Ordinal))
            ? "android-key"
            : CertificateEvidence.Recognize(leaf);
    }

    private static bool AreLeavesOfOneKind(List<InputPart> parts)
    {
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            // a YubiKey's own certificate may say nothing of being an issuer: only slot certificates are leaves without doubt
            if (part.Kind != InputKind.Certificate || !Certificate.TryRead(part.Bytes, out var certificate, out _)
                || !CertificateConstraints.TryRead(certificate, out var constraints, out _) || constraints.IsCa == true
                || Recognize([certificate]) is not (var kind and not CertificateEvidence.Unknown) || (kind == "step" && !SlotCertificate.SaysMore(certificate)))
            {
                return false;
            }

            kinds.Add(kind);
        }

        return kinds.Count == 1;
    }

    private static bool Names(Certificate certificate, Certificate issuer) => certificate.Issuer.Span.SequenceEqual(issuer.Subject.Span);

    // the first that issued no other is the leaf, each next one its issuer; what belongs nowhere comes last and breaks the chain
    private static List<InputPart> Ordered(List<InputPart> parts)
    {
        var rest = parts.ConvertAll(part => (
            Part: part,
            Certificate: part.Kind == InputKind.Certificate && Certificate.TryRead(part.Bytes, out var certificate, out _) ? certificate : null));
        if (rest.Exists(item => item.Certificate is null))
        {
            return parts;
        }

        var current = rest.Find(item => !rest.Exists(other => !ReferenceEquals(other.Certificate, item.Certificate) && Names(other.Certificate!, item.Certificate!)));
        if (current.Certificate is null)
        {
            return parts;
        }

        var ordered = new List<InputPart>();
        while (current.Certificate is { } certificate)
        {
            ordered.Add(current.Part);
            rest.Remove(current);
            current = rest.Find(item => Names(certificate, item.Certificate!));
        }

        return [.. ordered, .. rest.Select(item => item.Part)];
    }
}
