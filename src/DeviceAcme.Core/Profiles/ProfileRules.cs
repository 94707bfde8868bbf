using DeviceAcme.Attestation;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Profiles;

/// <summary>What must hold between the parts of a profile.</summary>
internal static class ProfileRules
{
    private const string DeviceAttest = ChallengeTypes.DeviceAttest01;

    // what others call short-lived, too (CA/Browser Forum BR §1.6.1 until March 2026)
    private static readonly TimeSpan LongestWithoutRevocation = TimeSpan.FromDays(10);

    /// <summary>Notes every contradiction, at the property that it is easiest to mend at.</summary>
    public static void Check(CertificateProfile profile, ProfileNode root, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        Attestation(profile, properties.GetValueOrDefault("attestation") ?? root);
        Proofs(profile, properties["identifiers"]);
        Certificate(profile, properties["certificate"]);
        Issuers(profile, properties.GetValueOrDefault("issuer"));
        if (profile.Identifiers.Values.Any(rule => rule.Vouching?.By == VouchedBy.Attestation) && !profile.Identifiers.Values.Any(rule => rule.Challenges.Contains(DeviceAttest)))
        {
            properties["identifiers"].Mistake($"uri is vouched for by attestation, and no identifier offers {DeviceAttest}: nobody could prove a device (by: ticket needs no evidence)");
        }

        WebhookSection.Check(profile, root, properties);
        if (profile.Tests.Count > 0 && profile.Attestation.Facts.Count + profile.Attestation.ObservedFacts.Count == 0)
        {
            properties["tests"].Mistake("test rules about facts, and attestation has neither facts nor observed-facts");
        }

        if (profile.Devices.Said && !IsDeviceProfile(profile))
        {
            properties["devices"].Mistake("is for permanent-identifier and hardware-module, which identifiers does not have: nothing would look at it");
        }
    }

    private static void Attestation(CertificateProfile profile, ProfileNode node)
    {
        var attested = profile.Identifiers.Any(rule => rule.Value.Challenges.Contains(DeviceAttest));
        var rule = profile.Attestation;
        Read(node, rule, "status-list", rule.StatusList is not null);
        Read(node, rule, "expired-certificates", rule.TolerateExpired && rule.Ek is null);
        Read(node, rule, "ek", rule.Ek is not null);

        switch (rule.Mode)
        {
            case AttestationMode.None when profile.TakesClientIdentifier:
                node.Mistake("mode is none, but identifiers has proves: ticket: a ticket stands for the name of a device, and its evidence still has to bind the key; for devices without evidence use ticket-url or external-account-binding with dns or ip names");
                break;
            case AttestationMode.None when attested:
                node.Mistake($"mode is none, but identifiers offers {DeviceAttest}: it needs mode, formats and anchors");
                break;
            case AttestationMode.None when rule.Formats.Count + rule.Anchors.Count + rule.Facts.Count + rule.ObservedFacts.Count > 0:
                node.Mistake("mode is none, but formats, anchors or facts are named: nothing would look at them");
                break;
            case not AttestationMode.None when !attested:
                node.Mistake($"mode asks for evidence, but no identifier offers {DeviceAttest}: no client could send it");
                break;
            case not AttestationMode.None when rule.Formats.Count == 0:
                node.Mistake("needs formats: the statement formats that are accepted, for example [apple]");
                break;
            case not AttestationMode.None when rule is { Anchors.Count: 0, Ek: null or { Allow.Count: 0 } }:
                node.Mistake("needs anchors: the folders under trust/ whose roots are accepted, for example [apple]");
                break;
            default:
                break;
        }
    }

    private static void Read(ProfileNode node, AttestationRule rule, string property, bool given)
    {
        var readers = AttestationFormats.Reading(property);
        if (given && !readers.Any(rule.Formats.Contains))
        {
            node.Mistake($"{property} is for {string.Join(", ", readers)}, which formats does not name: nothing would look at it");
        }
    }

    // every format of the profile must be able to prove the fact, else its devices could never enroll
    private static void Proofs(CertificateProfile profile, ProfileNode node)
    {
        var formats = profile.Attestation.Formats.Where(AttestationFormats.Names.Contains).ToArray();
        foreach (var (type, rule) in node.Entries())
        {
            if (!rule.IsMapping || profile.Identifiers.GetValueOrDefault(type)?.Proves is not { } fact || !TextTemplate.IsFactName(fact))
            {
                continue;
            }

            foreach (var format in formats.Where(format => !AttestationFormats.IdentifierFacts(format).Contains(fact)))
            {
                var place = rule.Entries().First(entry => entry.Name == "proves").Node;
                place.Mistake($"'{fact}' is not a fact that identifies a device in {format} evidence; {NearestName.Hint(fact, AttestationFormats.IdentifierFacts(format))}");
            }
        }
    }

    private static void Certificate(CertificateProfile profile, ProfileNode node)
    {
        var template = profile.Certificate;
        var properties = node.Entries().GroupBy(entry => entry.Name).ToDictionary(group => group.Key, group => group.First().Node);
        if (template.Backdate >= template.ShortestValidity && template.ShortestValidity > TimeSpan.Zero)
        {
            properties.GetValueOrDefault("validity", node).Mistake($"must be longer than backdate ({template.Backdate.TotalMinutes:0} minutes): the certificate would never be valid");
        }

        Revocation(template, properties, node);
        if (template.MicrosoftSid != SidMode.None && (profile.Attestation.Mode != AttestationMode.Required || !IsDeviceProfile(profile)))
        {
            properties.GetValueOrDefault("microsoft-sid", node).Mistake("makes its holder an account of a directory: it is for devices that their evidence proves (attestation.mode required, permanent-identifier or hardware-module)");
        }

        OnFacts(profile, properties, node);
        TicketCodes(profile, properties.GetValueOrDefault("subject-alternative-names", node), node);
        var proven = profile.Identifiers.Values.Select(rule => rule.Proves).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var (place, text) in Texts(template))
        {
            if (profile.Attestation.Mode == AttestationMode.None && text.RequiredPlaceholders.FirstOrDefault(name => name != TextTemplate.Identifier && !LedgerFacts.IsOurs(name)) is { } fact)
            {
                node.Mistake($"{place} needs the fact {fact}, but this profile takes no evidence: name a default, {{{{{fact}|…}}}}, or remove it");
            }

            // device-attest §8: in privacy mode no place of the certificate may show the device
            if (!template.IdentifierInCertificate && IsDeviceProfile(profile)
                && text.Placeholders.FirstOrDefault(name => name == TextTemplate.Identifier || proven.Contains(name)) is { } shown)
            {
                node.Mistake($"identifier-in-certificate is false, but {place} shows {{{{{shown}}}}}");
            }
        }

        if (!template.IdentifierInCertificate && template.SubjectAlternativeNames.Any(name => IsDevice(name.Kind)))
        {
            node.Mistake("identifier-in-certificate is false, but subject-alternative-names has a device's name");
        }

        foreach (var type in profile.Identifiers.Where(rule => !rule.Value.ByTicket).Select(rule => rule.Key).Where(type => !IsDevice(type) || template.IdentifierInCertificate))
        {
            if (!template.SubjectAlternativeNames.Any(name => name.Kind == AlternativeNames.Identifiers || (name.Kind == type && name.Value!.IsIdentifier)))
            {
                node.Mistake($"subject-alternative-names has no place for the ordered {type}: add 'identifiers' or {type}: \"{{{{identifier}}}}\"{(IsDevice(type) ? ", or set identifier-in-certificate to false" : "")}");
            }
        }

        if (template is { Subject.Count: 0 } && template.SubjectAlternativeNames.All(name => name.Kind == AlternativeNames.Identifiers)
            && !template.IdentifierInCertificate && profile.Identifiers.Keys.All(IsDevice))
        {
            node.Mistake("the certificate would have neither a subject nor an alternative name (RFC 5280 §4.1.2.6): set subject");
        }
    }

    // a one-time secret must not be published in a certificate, not even a spent one: it would look like a name
    private static void TicketCodes(CertificateProfile profile, ProfileNode names, ProfileNode node)
    {
        if (!profile.TakesClientIdentifier)
        {
            return;
        }

        if (profile.Certificate.SubjectAlternativeNames.Any(name => name.Kind == AlternativeNames.Identifiers))
        {
            names.Mistake("an ordered value is a ticket's code here (proves: ticket), and 'identifiers' would show it: list what the certificate shall name, for example permanent-identifier: \"{{device.serial}}\", or []");
        }

        foreach (var (place, _) in Texts(profile.Certificate).Where(text => text.Text.Placeholders.Contains(TextTemplate.Identifier)))
        {
            node.Mistake($"{place} shows {{{{identifier}}}}, which is a ticket's code here (proves: ticket)");
        }
    }

    private static void Revocation(CertificateTemplate template, Dictionary<string, ProfileNode> properties, ProfileNode node)
    {
        if (template.NoRevocation && template.LongestValidity > LongestWithoutRevocation)
        {
            properties.GetValueOrDefault("no-rev-avail", node).Mistake($"is for certificates that live {LongestWithoutRevocation.TotalDays:0} days at most: a longer one must be revocable");
        }

        if (!template.MustStaple)
        {
            return;
        }

        var place = properties.GetValueOrDefault("must-staple", node);
        if (template.NoRevocation)
        {
            place.Mistake("contradicts no-rev-avail: there is no answer to staple (RFC 9608 §2)");
        }

        if (!template.ExtendedKeyUsage.Contains(KeyUsageNames.Purposes["server-auth"]))
        {
            place.Mistake("is for TLS servers, and extended-key-usage does not have server-auth");
        }

        place.Warning("the built-in CA answers no OCSP requests: a client that honours this refuses the certificate");
    }

    private static void OnFacts(CertificateProfile profile, Dictionary<string, ProfileNode> properties, ProfileNode node)
    {
        var template = profile.Certificate;
        if (profile.Attestation.Mode != AttestationMode.None)
        {
            return;
        }

        if (template.Policies.Any(policy => policy.When.Count > 0))
        {
            properties.GetValueOrDefault("policies", node).Mistake("has a policy that depends on facts (when), but this profile takes no evidence");
        }

        if (template.ValidityByFacts.Count > 0)
        {
            properties.GetValueOrDefault("validity", node).Mistake("depends on facts (when), but this profile takes no evidence");
        }
    }

    // an issuer for a key type that is not certified would only mislead
    private static void Issuers(CertificateProfile profile, ProfileNode? node)
    {
        foreach (var type in profile.IssuersByKey.Keys.Where(type => !profile.Certificate.Keys.Contains(type)))
        {
            node!.Mistake($"names an issuer for {type}, which certificate.keys does not have");
        }
    }

    /// <summary>Every text of a template that is filled, and where it stands.</summary>
    public static IEnumerable<(string Place, TextTemplate Text)> Texts(CertificateTemplate template)
    {
        foreach (var attribute in template.Subject.SelectMany(rdn => rdn))
        {
            yield return ($"subject ({attribute.Type.Name})", attribute.Value);
        }

        foreach (var name in template.SubjectAlternativeNames.Where(name => name.Value is not null))
        {
            yield return ($"subject-alternative-names ({name.Kind})", name.Value!);
        }

        foreach (var extension in template.Extensions.Where(extension => extension.Text is not null))
        {
            yield return ($"extensions ({extension.Oid})", extension.Text!);
        }
    }

    private static bool IsDeviceProfile(CertificateProfile profile) => profile.Identifiers.Keys.Any(IsDevice);

    private static bool IsDevice(string type) => type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule;
}
