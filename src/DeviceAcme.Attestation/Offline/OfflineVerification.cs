using System.Security.Cryptography;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.WebAuthn;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Offline;

/// <summary>
/// Judges recorded evidence with the verifiers that a server has, without one: whole attestation objects, and the parts of which they are
/// made where only those are at hand. Accepted means what it means in a server; what was not given leaves a verdict incomplete. Pure.
/// </summary>
public static class OfflineVerification
{
    private static readonly CheckRule PublicKey = new("public-key", "the attested key is the given one (that of the CSR)");

    /// <summary>What <see cref="OfflineQuestion.Format"/> may be.</summary>
    public static IReadOnlyList<string> Formats { get; } = [.. AttestationFormats.Names, .. BareChain.Kinds, TpmParts.Quote];

    /// <summary>One verdict for each piece of evidence, in the order of the files.</summary>
    /// <exception cref="UnknownEvidenceException">The files are nothing that can be judged, or do not belong together.</exception>
    public static IReadOnlyList<OfflineAnswer> Verify(OfflineQuestion question)
    {
        if (question.Format is { } format && !Formats.Contains(format))
        {
            throw new UnknownEvidenceException($"'{EvidenceText.Visible(format)}' is no format", $"known are {string.Join(", ", Formats)}");
        }

        var parts = question.Files.SelectMany(InputReader.Read).ToList();
        if (parts.Find(part => part.Kind == InputKind.RequestKey) is { } request)
        {
            question = question with { PublicKey = question.PublicKey ?? request.Bytes };
            parts.RemoveAll(part => part.Kind == InputKind.RequestKey);
        }

        var objects = parts.FindAll(part => part.Kind == InputKind.Object);
        var clientData = parts.FindAll(part => part.Kind == InputKind.ClientData);
        var tpm = parts.FindAll(part => part.Kind is InputKind.Attest or InputKind.Signature or InputKind.PublicArea);
        var certificates = parts.FindAll(part => part.Kind is InputKind.Certificate or InputKind.BrokenPem);
        if (objects.Count > 0)
        {
            var others = parts.Find(part => part.Kind is not (InputKind.Object or InputKind.ClientData or InputKind.PublicArea));
            return others is null ? JudgeObjects(question, objects, clientData, tpm) : throw new UnknownEvidenceException(
                $"{others.File} is a part, but {objects[0].File} is a whole attestation object", "roots and intermediates are named with --anchors, the key of the CSR with --public-key");
        }

        if (clientData.Count > 0)
        {
            throw new UnknownEvidenceException($"{clientData[0].File} is client data without an attestation object", "give the attestation object too");
        }

        if (tpm.Count > 0)
        {
            return [new OfflineAnswer(FilesOf(parts), "TPM parts", Finish(question, evidence => TpmParts.Judge(parts, question, evidence)))];
        }

        return certificates.Count > 0
            ? [.. BareChain.Group(certificates).Select(chain => new OfflineAnswer(FilesOf(chain), "certificate chain", Finish(question, evidence => BareChain.Judge(chain, question, evidence))))]
            : throw new UnknownEvidenceException("no evidence among the files", "a public key alone proves nothing");
    }

    /// <summary>The key in a file: a public key, or that of a certificate, DER or PEM; null where there is none.</summary>
    public static ReadOnlyMemory<byte>? ReadKey(OfflineFile file)
    {
        var part = InputReader.Read(file)[0];
        if (part.Kind == InputKind.Certificate)
        {
            return Certificate.TryRead(part.Bytes, out var certificate, out _) ? certificate.PublicKeyInfo : default(ReadOnlyMemory<byte>?);
        }

        return part.Kind is InputKind.Key or InputKind.RequestKey ? part.Bytes : default(ReadOnlyMemory<byte>?);
    }

    private static IReadOnlyList<OfflineAnswer> JudgeObjects(
        OfflineQuestion question, List<InputPart> objects, List<InputPart> clientData, List<InputPart> areas)
    {
        if (clientData.Count > 0 && clientData.Count != objects.Count)
        {
            throw new UnknownEvidenceException($"{objects.Count} attestation objects and {clientData.Count} client data", "give one client data for each object, or none");
        }

        return [.. objects.Select((part, number) =>
        {
            var data = clientData.Count > 0 ? clientData[number] : null;
            IReadOnlyList<InputPart> together = [part, .. data is null ? [] : new[] { data }, .. areas];
            return new OfflineAnswer(
                FilesOf(together), "attestation object",
                Finish(question, evidence => JudgeObject(question, part.Bytes, data is null ? null : SHA256.HashData(data.Bytes.Span), areas, evidence)));
        })];
    }

    private static Judged JudgeObject(
        OfflineQuestion question, ReadOnlyMemory<byte> octets, byte[]? clientDataHash, List<InputPart> areas, Evidence evidence)
    {
        ReadOnlyMemory<byte>? attested = null;
        var verdict = AttestationVerifier.Verify(evidence with { AttestationObject = octets }, (verifier, statement, given, checks) =>
        {
            attested = Ceremony.AttestedKey(statement);
            TpmParts.CheckAreas(checks, statement, areas);

            // authenticator data is a browser's; an ACME client may send some, and says so by its token or key authorization
            var isCeremony = statement.HasAuthenticatorData && (clientDataHash is not null || (given.Token is null && given.KeyAuthorization is null));
            return isCeremony
                ? new Ceremony(given.ChallengeHash?.ToArray() ?? clientDataHash, clientDataHash, !question.RefuseSha1).Judge(verifier, statement, given, checks)
                : verifier.Verify(statement, given, checks);
        });
        return new Judged(verdict, attested);
    }

    private static Verdict Finish(OfflineQuestion question, Func<Evidence, Judged> judge)
    {
        var evidence = new Evidence
        {
            AttestationObject = ReadOnlyMemory<byte>.Empty,
            Token = question.Token,
            KeyAuthorization = question.KeyAuthorization,
            ChallengeHash = question.ChallengeHash,
            Identifier = question.Identifier is { } value ? new ExpectedIdentifier("permanent-identifier", value, question.IdentifierFact) : null,
            Formats = question.Format is { } format ? [format] : question.AllowedFormats ?? AttestationFormats.Names,
            Profile = question.Profile,
            Anchors = question.Anchors,
            Now = question.Now,
            Policies = [question.Android],
        };
        var judged = judge(evidence);
        if (evidence.Identifier is { Fact: null } && FirstChoice(judged.Verdict) is { } first)
        {
            judged = judge(evidence with { Identifier = evidence.Identifier with { Fact = first } });
        }

        if (evidence.Identifier is { Fact: null } expected && NamesModule(judged.Verdict, expected.Value))
        {
            // the caller gives a value, an order would say of which type it is
            judged = judge(evidence with { Identifier = expected with { Type = "hardware-module" } });
        }

        return WithKey(judged, question);
    }

    // a phone that attests its IMEI alone differs from no serial number: it has none
    private static string? FirstChoice(Verdict verdict) =>
        verdict.Reason == Reasons.IdentifierMismatch && verdict.Format == "android-key" && AttestationFormats.IdentifierFacts(verdict.Format)[0] is var first
            && verdict.Facts.Find(first) is null ? first : null;

    private static bool NamesModule(Verdict verdict, string value) =>
        verdict.Checks.Any(check => check.Name == CommonChecks.Identifier.Name && check.Outcome == CheckOutcome.Failed)
        && verdict.Facts.All.Any(fact => fact.Name.EndsWith("hardware-module", StringComparison.Ordinal) && fact.Value.ToString() == value);

    private static Verdict WithKey(Judged judged, OfflineQuestion question)
    {
        var verdict = judged.Verdict;
        var facts = verdict.Facts;
        if (judged.AttestedKey is { } key)
        {
            var proven = facts.Find("key.algorithm")?.Proven ?? false;
            facts = new FactSet([.. facts.All, new Fact("key.spki-sha256", new FactValue.Octets(SHA256.HashData(key.Span)), proven)]);
        }

        var checks = verdict.Checks.ToList();
        if (question.PublicKey is { } expected)
        {
            checks.Add(
                judged.AttestedKey is not { } attested ? new Check(PublicKey.Name, PublicKey.Rule, CheckOutcome.NotReached, "no attested key was read")
                : PublicKeys.AreEqual(attested, expected) ? new Check(PublicKey.Name, PublicKey.Rule, CheckOutcome.Passed, PublicKeys.Show(attested))
                : new Check(
                    PublicKey.Name, PublicKey.Rule, CheckOutcome.Failed, $"given is {PublicKeys.Show(expected)}, attested is {PublicKeys.Show(attested)}",
                    Reasons.KeyMismatch, Reasons.KeyMismatch.Advice));
        }

        var outcome = checks.Exists(check => check.Outcome == CheckOutcome.Failed) ? VerdictOutcome.Refused
            : checks.Exists(check => check.Outcome == CheckOutcome.NotReached) ? VerdictOutcome.Incomplete
            : verdict.Outcome;
        return new Verdict
        {
            Format = verdict.Format,
            Outcome = outcome,
            Checks = checks,
            Facts = facts,
            Device = outcome == VerdictOutcome.Accepted ? verdict.Device : null,
        };
    }

    private static IReadOnlyList<string> FilesOf(IEnumerable<InputPart> parts) => [.. parts.Select(part => part.File).Distinct(StringComparer.Ordinal)];
}

/// <summary>A verdict before it is compared with the key of a request.</summary>
/// <param name="Verdict">What the verifier said.</param>
/// <param name="AttestedKey">The key that the evidence is about, DER SubjectPublicKeyInfo; null where none could be read, or none is meant.</param>
internal sealed record Judged(Verdict Verdict, ReadOnlyMemory<byte>? AttestedKey);
