using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Offline;

/// <summary>
/// TPM structures as tools write them to files. A certification with the attestation key's certificate is put together as a statement and
/// judged as one; a quote, or a certification by a bare public key, is judged as far as it goes.
/// </summary>
internal static class TpmParts
{
    /// <summary>What a quote is called: it attests no key.</summary>
    public const string Quote = "tpm-quote";

    private static readonly CheckRule Structure = new("structure", "TPMS_ATTEST, TPMT_SIGNATURE and TPMT_PUBLIC are well-formed and belong to this (TPM 2.0 part 2)");
    private static readonly CheckRule Origin = new("attest", "the structure was made by a TPM (TPM_GENERATED_VALUE)");
    private static readonly CheckRule AttestationKey = new("attestation-key", "the key that signs is the one in the certificate, or the given one");
    private static readonly CheckRule Signature = new("signature", "the structure is signed by the attestation key, with SHA-256 or stronger");
    private static readonly CheckRule Certified = new("name", "the structure certifies the object in the public area");

    public static Judged Judge(IReadOnlyList<InputPart> parts, OfflineQuestion question, Evidence evidence)
    {
        var attest = Only(parts, InputKind.Attest, "TPMS_ATTEST") ?? throw Missing("TPMS_ATTEST (certInfo)", "attest");
        var signature = Only(parts, InputKind.Signature, "signature") ?? throw Missing("signature", "signature");
        var areas = parts.Where(part => part.Kind == InputKind.PublicArea).ToList();
        var chain = parts.Where(part => part.Kind is InputKind.Certificate or InputKind.BrokenPem).ToList();
        var key = Only(parts, InputKind.Key, "public key");
        var read = TryRead(attest.Bytes);
        var isCertification = question.Format == "tpm" || (question.Format is null && (read is null ? areas.Count > 1 : read.Type == TpmsAttest.Certify));
        if (!isCertification || chain.Count == 0 || areas.Count == 0)
        {
            return Loose(new Given(attest, signature, areas, BareOrdered(chain), key), isCertification, question, evidence with { Format = "tpm" });
        }

        // the area whose name is certified; another one is the attestation key's own
        var certified = areas.Find(area => read is not null && NameOf(area.Bytes) is { } name && read.AttestedName.Span.SequenceEqual(name)) ?? areas[0];
        var statement = AttestationStatement.Of("tpm",
        [
            ("ver", new CborItem.Text("2.0")),
            ("alg", new CborItem.Integer(Algorithm(chain[0].Bytes))),
            ("x5c", new CborItem.List([.. BareOrdered(chain).Select(part => new CborItem.Octets(part.Bytes))])),
            ("sig", new CborItem.Octets(signature.Bytes)),
            ("certInfo", new CborItem.Octets(attest.Bytes)),
            ("pubArea", new CborItem.Octets(certified.Bytes)),
        ]);
        return new Judged(new TpmVerifier().Verify(statement, evidence with { Format = "tpm" }, new CheckList()), WebAuthn.Ceremony.AttestedKey(statement));
    }

    /// <summary>Public areas that came beside a whole statement: each is that of the certified key or of the attestation key.</summary>
    public static void CheckAreas(CheckList checks, AttestationStatement statement, List<InputPart> areas)
    {
        try
        {
            foreach (var area in areas)
            {
                var key = TpmtPublic.Read(area.Bytes).PublicKeyInfo();
                var known = new[] { statement.Certificates()[0].PublicKeyInfo, TpmtPublic.Read(statement.Octets("pubArea")).PublicKeyInfo() };
                if (known.Any(other => PublicKeys.AreEqual(other, key)))
                {
                    checks.Pass(AttestationKey, $"{area.File}: {PublicKeys.Show(key)}");
                }
                else
                {
                    checks.Fail(AttestationKey, Reasons.KeyMismatch, $"{area.File}: {PublicKeys.Show(key)} is neither the certified nor the attestation key");
                }
            }
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(AttestationKey, malformed.Reason, malformed.Message);
        }
    }

    private static IReadOnlyList<InputPart> BareOrdered(List<InputPart> chain) => chain.Count == 0 ? [] : BareChain.Group(chain)[0];

    private static Judged Loose(Given given, bool isCertification, OfflineQuestion question, Evidence evidence)
    {
        var checks = new CheckList();
        TpmsAttest attest;
        TpmtSignature signature;
        List<Certificate> chain;
        List<TpmtPublic> areas;
        try
        {
            attest = TpmsAttest.Read(given.Attest.Bytes);
            areas = given.Areas.ConvertAll(area => TpmtPublic.Read(area.Bytes));
            chain = [.. given.Chain.Select(ReadCertificate)];
            signature = ReadSignature(given, chain, areas);
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Structure, malformed.Reason, malformed.Message);
            return new Judged(checks.Conclude(isCertification ? "tpm" : Quote, FactSet.Empty, null), null);
        }

        checks.Pass(Structure, $"type 0x{attest.Type:X4}, sig is {signature.Encoding} ({signature.Algorithm.Name})");
        CheckOrigin(checks, attest, isCertification);
        var facts = CheckChain(checks, chain, evidence, question);
        var signer = CheckKey(checks, given, chain, areas, attest);
        CheckSignature(checks, signer, signature, given.Attest.Bytes, question);
        CheckFreshness(checks, attest, signature, evidence);
        var certified = areas.Find(area => area.Name() is { } name && attest.AttestedName.Span.SequenceEqual(name));
        if (attest.Type == TpmsAttest.Certify)
        {
            CheckCertified(checks, areas, certified, attest);
        }

        var set = new FactSet(facts);
        CommonChecks.CheckIdentifier(
            checks, evidence.Identifier, set, [TpmVerifier.PermanentIdentifier, TpmVerifier.HardwareModule],
            [evidence.Identifier?.Type == "hardware-module" ? TpmVerifier.HardwareModule : TpmVerifier.PermanentIdentifier],
            "The attestation key's certificate names no device.");
        return new Judged(checks.Conclude(isCertification ? "tpm" : Quote, set, null), certified is null ? null : KeyOf(certified));
    }

    private static void CheckOrigin(CheckList checks, TpmsAttest attest, bool isCertification)
    {
        if (attest.Magic != TpmsAttest.Generated)
        {
            checks.Fail(Origin, Reasons.TpmMagicWrong, $"magic is 0x{attest.Magic:X8}");
        }
        else if (isCertification && attest.Type != TpmsAttest.Certify)
        {
            checks.Fail(Origin, Reasons.TpmAttestTypeWrong, $"type is 0x{attest.Type:X4}, expected 0x{TpmsAttest.Certify:X4} (TPM_ST_ATTEST_CERTIFY)");
        }
        else
        {
            checks.Pass(Origin, attest.Type == TpmsAttest.Certify ? "TPM_ST_ATTEST_CERTIFY" : $"type 0x{attest.Type:X4}: it attests no key");
        }
    }

    private static List<Fact> CheckChain(CheckList checks, List<Certificate> chain, Evidence evidence, OfflineQuestion question)
    {
        if (chain.Count == 0)
        {
            checks.NotReached(CommonChecks.Chain, "no certificate of the attestation key was given");
            return [];
        }

        var proven = CommonChecks.CheckChain(checks, chain, evidence, new PathRules { AllowSha1 = !question.RefuseSha1 });
        return [.. AkCertificate.Read(chain[0]).Facts.Append(("attestation.certificate-sha256", new FactValue.Octets(chain[0].Sha256)))
            .Select(fact => new Fact(fact.Item1, fact.Item2, proven))];
    }

    /// <summary>The key to verify with: that of the certificate, else the given one, else that of the one public area which is not certified.</summary>
    private static VerificationKey? CheckKey(CheckList checks, Given given, List<Certificate> chain, List<TpmtPublic> areas, TpmsAttest attest)
    {
        var own = areas.Find(area => area.Name() is not { } name || !attest.AttestedName.Span.SequenceEqual(name));
        var candidates = new List<ReadOnlyMemory<byte>>();
        if (chain.Count > 0)
        {
            candidates.Add(chain[0].PublicKeyInfo);
        }

        if (given.Key is not null)
        {
            candidates.Add(given.Key.Bytes);
        }

        if (own is not null && KeyOf(own) is { } fromArea)
        {
            candidates.Add(fromArea);
        }

        if (candidates.Count == 0)
        {
            checks.NotReached(AttestationKey, "no certificate and no public key of the attestation key was given");
            return null;
        }

        if (candidates.Find(other => !PublicKeys.AreEqual(candidates[0], other)) is { IsEmpty: false } stranger)
        {
            checks.Fail(AttestationKey, Reasons.KeyMismatch, $"{PublicKeys.Show(candidates[0])} and {PublicKeys.Show(stranger)}");
        }
        else
        {
            checks.Pass(AttestationKey, $"{PublicKeys.Show(candidates[0])}{(chain.Count == 0 ? ", taken as given" : "")}");
        }

        return VerificationKey.Read(candidates[0]);
    }

    private static void CheckSignature(CheckList checks, VerificationKey? signer, TpmtSignature signature, ReadOnlyMemory<byte> signed, OfflineQuestion question)
    {
        if (signer is null)
        {
            checks.NotReached(Signature, "there is no key to verify with");
        }
        else if (signer.Problem is { } problem)
        {
            checks.Fail(Signature, signer.Key is null ? Reasons.KeyMalformed : Reasons.TpmAlgorithmUnsupported, $"the attestation key: {problem}");
        }
        else if (signature.Algorithm.IsSha1 && question.RefuseSha1)
        {
            checks.Fail(Signature, Reasons.TpmAlgorithmUnsupported, $"signed with {signature.Algorithm.Name}");
        }
        else if (signer.Verify(signature.Algorithm, signed.Span, signature.Value.Span))
        {
            checks.Pass(Signature, $"{signature.Algorithm.Name}, {signer.Key!.Name}");
        }
        else
        {
            checks.Fail(Signature, Reasons.TpmSignatureInvalid, $"{signature.Algorithm.Name} does not verify with the {signer.Key!.Name} key");
        }
    }

    private static void CheckFreshness(CheckList checks, TpmsAttest attest, TpmtSignature signature, Evidence evidence)
    {
        if (attest.Magic != TpmsAttest.Generated)
        {
            checks.NotReached(CommonChecks.Freshness, "the structure was not made by a TPM");
            return;
        }

        CommonChecks.CheckFreshness(
            checks, attest.ExtraData.Span, TpmExpectation.Acme(evidence).ExtraData(signature.Algorithm.Hash), "extraData", "The TPM was asked with other qualifying data.");
    }

    private static void CheckCertified(CheckList checks, List<TpmtPublic> areas, TpmtPublic? certified, TpmsAttest attest)
    {
        var name = Convert.ToHexStringLower(attest.AttestedName.Span);
        if (certified is not null)
        {
            checks.Pass(Certified, name);
        }
        else if (areas.Count > 0)
        {
            checks.Fail(Certified, Reasons.TpmNameMismatch, $"certified is {name}, no given public area has this name");
        }
        else
        {
            checks.NotReached(Certified, $"certified is {name}; its public area was not given");
        }
    }

    private static Certificate ReadCertificate(InputPart part) => part.Kind == InputKind.BrokenPem
        ? throw new MalformedEvidenceException(Reasons.PemMalformed, $"{part.File}: a PEM block is not complete")
        : Certificate.TryRead(part.Bytes, out var certificate, out var problem)
            ? certificate
            : throw new MalformedEvidenceException(Reasons.CertificateMalformed, $"{part.File}: {problem}");

    private static TpmtSignature ReadSignature(Given given, List<Certificate> chain, List<TpmtPublic> areas)
    {
        if (TpmtSignature.TryReadStructure(given.Signature.Bytes) is { } structure)
        {
            return structure;
        }

        // a structure by its first octets that is none by the rest is broken, not plain
        if (given.Signature.Bytes.Length > 2 && given.Signature.Bytes.Span[0] == 0 && given.Signature.Bytes.Span[1] is (byte)TpmAlg.Rsassa or (byte)TpmAlg.Rsapss or (byte)TpmAlg.Ecdsa)
        {
            throw new MalformedEvidenceException(Reasons.TpmStructureMalformed, $"{given.Signature.File}: sizes do not add up to a TPMT_SIGNATURE");
        }

        var key = chain.Count > 0 ? chain[0].PublicKeyInfo : given.Key?.Bytes ?? (areas.Count > 0 ? KeyOf(areas[0]) : null);
        return TpmtSignature.Read(given.Signature.Bytes, -7, key is { } info && SubjectPublicKey.TryRead(info, out var read, out _) ? read.Kind : KeyKind.Ec);
    }

    // the hash of a plain signature; TPMT_SIGNATURE says it for itself
    private static long Algorithm(ReadOnlyMemory<byte> akCertificate) =>
        Certificate.TryRead(akCertificate, out var certificate, out _) && SubjectPublicKey.TryRead(certificate.PublicKeyInfo, out var key, out _) && key.Kind == KeyKind.Ec ? -7 : -257;

    private static TpmsAttest? TryRead(ReadOnlyMemory<byte> attest)
    {
        try
        {
            return TpmsAttest.Read(attest);
        }
        catch (MalformedEvidenceException)
        {
            // the judgement says what is wrong with it
            return null;
        }
    }

    private static byte[]? NameOf(ReadOnlyMemory<byte> area)
    {
        try
        {
            return TpmtPublic.Read(area).Name();
        }
        catch (MalformedEvidenceException)
        {
            return null;
        }
    }

    private static ReadOnlyMemory<byte>? KeyOf(TpmtPublic area)
    {
        try
        {
            return area.PublicKeyInfo();
        }
        catch (MalformedEvidenceException)
        {
            return null;
        }
    }

    private static InputPart? Only(IReadOnlyList<InputPart> parts, InputKind kind, string what)
    {
        var found = parts.Where(part => part.Kind == kind).ToList();
        return found.Count > 1
            ? throw new UnknownEvidenceException($"{found[0].File} and {found[1].File}: two of what is one {what}", "judge one TPM statement at a time")
            : found.FirstOrDefault();
    }

    private static UnknownEvidenceException Missing(string what, string role) =>
        new($"the TPM parts have no {what}", $"give its file, or say which one it is: {role}=FILE");

    private sealed record Given(InputPart Attest, InputPart Signature, List<InputPart> Areas, IReadOnlyList<InputPart> Chain, InputPart? Key);
}
