using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation;

/// <summary>The bindings that every format makes in the same way: chain, freshness, identifier.</summary>
internal static class CommonChecks
{
    public static readonly CheckRule Chain = new(
        "chain", "the certificates lead to an anchor of the profile, all valid at the judged time (RFC 5280 §6.1)");

    public static readonly CheckRule AnchorValidity = new(
        "anchor-validity", "the end of the anchor's own certificate is recorded; an anchor is a name and a key (RFC 5280 §6.1.1)");

    public static readonly CheckRule Terms = new("anchor-terms", "the anchor may vouch for this format and this profile");

    public static readonly CheckRule Freshness = new("freshness", "the evidence was made for this challenge (device-attest §5)");

    public static readonly CheckRule Identifier = new(
        "identifier", "what the evidence proves equals the ordered identifier octet for octet (device-attest §3, §5)");

    /// <summary>Records the path; true if everything below it is proven.</summary>
    public static bool CheckChain(CheckList checks, IReadOnlyList<Certificate> certificates, Evidence evidence, PathRules rules) =>
        CheckPath(checks, certificates, evidence, rules).Count > 0;

    /// <summary>Records the path and returns its certificates, leaf first and anchor last; none where it is not good.</summary>
    /// <param name="issuerAdvice">What helps where an issuer's certificate is missing, in place of the reason's own words.</param>
    public static IReadOnlyList<Certificate> CheckPath(
        CheckList checks, IReadOnlyList<Certificate> certificates, Evidence evidence, PathRules rules, string? issuerAdvice = null)
    {
        var path = CertificatePath.Verify(certificates, evidence.Anchors, evidence.Now, rules, evidence.VerifiedIntermediates, new AnchorUse(evidence.Format, evidence.Profile));
#if PLANTED_DEFECTS
        if (Planted.Overlooks(path.Reason?.Code))
        {
            checks.Pass(Chain, path.Found);
            return certificates;
        }
#endif
        if (path.Reason is { } reason)
        {
            var missing = reason == Reasons.ChainIncomplete || reason == Reasons.ChainUntrustedRoot;
            checks.Fail(Chain, reason, path.Found, missing ? issuerAdvice : null);
            checks.NotReached(AnchorValidity, "no anchor was reached");
            return [];
        }

        checks.Pass(Chain, path.Found);
        var end = new FactValue.Instant(path.Anchor!.NotAfter);
        checks.Pass(
            AnchorValidity,
            path.Anchor.NotAfter < evidence.Now
                ? $"warning: {path.Anchor} ended at {end}; its key is still an anchor, look for a re-issued certificate"
                : $"{path.Anchor} from {path.Anchor.Provenance} ends at {end}");
        checks.Reached(path.Anchor, path.Terms);
        CheckTerms(checks, path.Terms, evidence);
        return path.Certificates;
    }

    // that a limit was not met is said by the path; here it is told which there are, and which could not be asked
    private static void CheckTerms(CheckList checks, AnchorTerms terms, Evidence evidence)
    {
        if (terms.Profiles is not null && evidence.Profile is null)
        {
            checks.NotReached(Terms, $"no profile was given; {terms}");
        }
        else if (!terms.IsUnlimited)
        {
            checks.Pass(Terms, terms.ToString());
        }
    }

    /// <summary>Records whether one of the accepted freshness values was found, comparing in constant time.</summary>
    /// <param name="accepted">Accepted values with what they were made from; empty where the challenge was not given.</param>
    public static void CheckFreshness(
        CheckList checks, ReadOnlySpan<byte> found, IReadOnlyList<(string Source, byte[] Value)> accepted, string where, string advice)
    {
        if (accepted.Count == 0)
        {
            checks.NotReached(Freshness, $"{where} is {Convert.ToHexStringLower(found)}; no challenge was given to compare it with");
            return;
        }

        foreach (var (source, value) in accepted)
        {
            if (CryptographicOperations.FixedTimeEquals(found, value))
            {
                checks.Pass(Freshness, $"{where} is {source}");
                return;
            }
        }

        checks.Fail(
            Freshness,
            Reasons.FreshnessMismatch,
            $"{where} is {Convert.ToHexStringLower(found)}, expected {Convert.ToHexStringLower(accepted[0].Value)} ({accepted[0].Source})",
            advice);
    }

    /// <summary>Records whether a statement's signature over the challenge verifies; says so where it is over the token alone, which some clients sign.</summary>
    /// <param name="signed">What it should be over.</param>
    /// <param name="invalid">The format's reason for a signature that does not verify.</param>
    public static void CheckSignature(CheckList checks, CheckRule rule, StatementSignature signature, byte[] signed, Evidence evidence, Reason invalid)
    {
        var key = VerificationKey.Read(signature.PublicKeyInfo);
        if (key.Verify(signature.Algorithm, signed, signature.Octets.Span))
        {
            checks.Pass(rule, $"{signature.Algorithm.Name} with {signature.Signer}, over {signature.Source}");
            return;
        }

        var overToken = evidence.Token is { } token && key.Verify(signature.Algorithm, Encoding.UTF8.GetBytes(token), signature.Octets.Span);
        checks.Fail(
            rule,
            invalid,
            $"{signature.Algorithm.Name} over {signature.Source} does not verify with {signature.Signer}",
            overToken ? "The signature is over the token alone; this format signs the key authorization." : null);
    }

    /// <summary>For formats whose only fresh member is a signature over the key authorization: it is right if and only if that verified.</summary>
    /// <param name="notGiven">Why the signature was not reached, where nothing failed.</param>
    public static void CheckSignedFreshness(CheckList checks, CheckRule signature, string notGiven)
    {
        if (checks.Passed(signature))
        {
            checks.Pass(Freshness, "the key authorization is what was signed");
        }
        else
        {
            checks.NotReached(Freshness, checks.Failed(signature) ? "the signature does not verify, and nothing else holds the challenge" : notGiven);
        }
    }

    /// <summary>Records the comparison with the order; the proven value, or null where there is none.</summary>
    /// <param name="known">All facts of this format that can be an identifier.</param>
    /// <param name="chosen">Those that this format compares when the profile names none.</param>
    public static string? CheckIdentifier(
        CheckList checks, ExpectedIdentifier? expected, FactSet facts, IReadOnlyList<string> known, IReadOnlyList<string> chosen, string missingAdvice)
    {
        if (expected is null)
        {
            checks.NotReached(Identifier, $"no identifier was given; the evidence has {List(facts, known)}");
            return null;
        }

#if PLANTED_DEFECTS
        if (Planted.Overlooks(Reasons.IdentifierMismatch.Code))
        {
            checks.Pass(Identifier, "not compared");
            return expected.Value;
        }
#endif
        if (expected.Fact == ExpectedIdentifier.ByTicket)
        {
            // the value is a secret, and stands for a name that the evidence may not have
            checks.Pass(Identifier, $"the ordered value is a ticket's, which stands for a name; the evidence has {List(facts, chosen)}");
            return chosen.Select(facts.Find).Select(fact => (fact?.Value as FactValue.Text)?.Value).FirstOrDefault(text => text is { Length: > 0 }) ?? "";
        }

        if (expected.Fact is { } named && !known.Contains(named, StringComparer.Ordinal))
        {
            checks.Fail(Identifier, Reasons.IdentifierFactUnknown, $"the profile wants {named} proven; this format has {string.Join(", ", known)}");
            return null;
        }

        IReadOnlyList<string> names = expected.Fact is { } fact ? [fact] : chosen;
        var values = names.Select(facts.Find).OfType<Fact>().Select(found => (found.Name, (found.Value as FactValue.Text)?.Value)).ToList();
        if (values.Find(found => found.Value == expected.Value) is { Value: { } proven, Name: var name })
        {
            checks.Pass(Identifier, $"{name} is '{EvidenceText.Visible(proven)}', as ordered");
            return proven;
        }

        var shown = EvidenceText.Visible(expected.Value);
        if (values.TrueForAll(found => found.Value is null))
        {
            checks.Fail(Identifier, Reasons.IdentifierMissing, $"ordered is '{shown}'; the evidence has {List(facts, names)}", missingAdvice);
        }
        else
        {
            checks.Fail(Identifier, Reasons.IdentifierMismatch, $"ordered is '{shown}'; the evidence has {List(facts, names)}");
        }

        return null;
    }

    public static byte[] Sha256(string ascii) => SHA256.HashData(Encoding.UTF8.GetBytes(ascii));

    // absent, blank and different are three different things
    private static string List(FactSet facts, IReadOnlyList<string> names) => string.Join(", ", names.Select(name => facts.Find(name)?.Value switch
    {
        null => $"no {name}",
        FactValue.Blank => $"a blank {name}",
        var value => $"{name} '{EvidenceText.Visible(value.ToString())}'",
    }));
}

/// <summary>A signature in a statement, as it is read.</summary>
/// <param name="Algorithm">With what it is made.</param>
/// <param name="PublicKeyInfo">DER SubjectPublicKeyInfo of the key that must have made it.</param>
/// <param name="Signer">That key, for people.</param>
/// <param name="Source">What is signed, for people.</param>
/// <param name="Octets">The signature.</param>
internal sealed record StatementSignature(SignatureAlgorithm Algorithm, ReadOnlyMemory<byte> PublicKeyInfo, string Signer, string Source, ReadOnlyMemory<byte> Octets);
