using System.Formats.Asn1;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Offline;

/// <summary>
/// A device's certificate by itself: who vouches for it and what it names. Nothing in it was made for a challenge, so at best the verdict is
/// incomplete.
/// </summary>
internal static class CertificateEvidence
{
    private const string Serial = "device.serial";
    private const string PermanentIdentifier = "device.permanent-identifier";
    private const string HardwareModule = "device.hardware-module";

    private static readonly string[] Identifiers = [PermanentIdentifier, HardwareModule, Serial];
    private static readonly CheckRule AttestationKey = new("ak-certificate", "the certificate is that of an attestation key (WebAuthn §8.3.1)");
    private static readonly CheckRule Key = new("key", "the certified key can be read");

    public static Verdict Judge(string kind, IReadOnlyList<Certificate> certificates, OfflineQuestion question, Evidence evidence, CheckList checks)
    {
        var leaf = certificates[0];
        var proven = CommonChecks.CheckChain(checks, certificates, evidence, new PathRules { AllowSha1 = !question.RefuseSha1 });
        if (kind == "tpm")
        {
            CheckAttestationKey(checks, leaf);
        }

        checks.NotReached(CommonChecks.Freshness, "a certificate by itself was made for no challenge");
        var read = Facts(leaf);
        if (SubjectPublicKey.TryRead(leaf.PublicKeyInfo, out var key, out var problem))
        {
            checks.Pass(Key, key.Name);
            read.Add(("key.algorithm", new FactValue.Text(key.Name)));
        }
        else
        {
            checks.Fail(Key, Reasons.KeyMalformed, problem);
        }

        var facts = new FactSet(read.Select(fact => new Fact(fact.Name, fact.Value, proven)));
        CommonChecks.CheckIdentifier(checks, evidence.Identifier, facts, Identifiers, Identifiers, "The certificate names no device.");
        return checks.Conclude(kind, facts, null);
    }

    // what TpmVerifier asks of x5c[0]
    private static void CheckAttestationKey(CheckList checks, Certificate leaf)
    {
        var ak = AkCertificate.Read(leaf);
        if (ak.Reason is { } reason)
        {
            checks.Fail(AttestationKey, reason, ak.Found);
        }
        else
        {
            checks.Pass(AttestationKey, ak.Found);
        }
    }

    private static List<(string Name, FactValue Value)> Facts(Certificate leaf)
    {
        var facts = new List<(string, FactValue)>
        {
            ("attestation.certificate-sha256", new FactValue.Octets(leaf.Sha256)),
            ("certificate.subject", new FactValue.Text(leaf.SubjectText)),
            ("certificate.issuer", new FactValue.Text(leaf.IssuerText)),
            ("certificate.not-after", new FactValue.Instant(leaf.NotAfter)),
        };
        try
        {
            if (DistinguishedName.Read(leaf.Subject).Find(attribute => attribute.Oid == "2.5.4.5")?.Value is { Length: > 0 } serial)
            {
                facts.Add((Serial, new FactValue.Text(serial)));
            }

            var names = leaf.Find(Oids.SubjectAlternativeName) is { } extension ? AlternativeNames.Read(extension.Value) : AlternativeNames.None;
            if (names.PermanentIdentifiers.Count == 1)
            {
                facts.Add((PermanentIdentifier, new FactValue.Text(names.PermanentIdentifiers[0])));
            }

            if (names.HardwareModules.Count == 1)
            {
                facts.Add((HardwareModule, new FactValue.Text(names.HardwareModules[0])));
            }
        }
        catch (AsnContentException)
        {
            // names that cannot be read give no facts; the chain is judged all the same
            return facts;
        }

        return facts;
    }
}
