using System.Formats.Asn1;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>What a certificate is planned from.</summary>
internal sealed record CertificateInputs
{
    public required CertificateProfile Profile { get; init; }

    /// <summary>The order's identifiers.</summary>
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    /// <summary>What the evidence of the order's authorizations proves.</summary>
    public required FactSet Facts { get; init; }

    /// <summary>True where a device identifier was let through without proof, because the profile merely observes.</summary>
    public bool Unproven { get; init; }

    /// <summary>True where evidence proved the very device that the ledger's facts are about. A ticket, or an identifier that was merely observed, does not.</summary>
    public bool DeviceProven { get; init; }

    /// <summary>True where evidence proves the device and its wish for this key, and not that the key lives in protected hardware.</summary>
    public bool ResidencyUnproven { get; init; }

    /// <summary>The CSR that <see cref="CsrRules"/> passed.</summary>
    public required CertificateSigningRequest Request { get; init; }

    /// <summary>The order's notBefore; null where it asked for none.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The order's notAfter; null where it asked for none.</summary>
    public DateTimeOffset? NotAfter { get; init; }

    public required DateTimeOffset Now { get; init; }
}

/// <summary>Turns a profile's template into the plan of one certificate. Nothing of the CSR gets in but its key and the wishes that the profile lists.</summary>
internal static class CertificatePlanner
{
    private const int MaximumWishedNames = 8;

    /// <summary>Plans one certificate.</summary>
    /// <exception cref="ProblemException">A placeholder has no value, a value does not fit its place, or the order's validity cannot be kept.</exception>
    public static CertificatePlan Plan(CertificateInputs inputs)
    {
        var template = inputs.Profile.Certificate;
        var subject = Subject(inputs);
        var names = Names(inputs);
        if (subject.Length == 2 && names.Count == 0)
        {
            throw Problems.RejectedIdentifier("certificate-without-name", "the certificate would have neither a subject nor an alternative name (RFC 5280 §4.1.2.6)");
        }

        var extensions = new List<PlannedExtension>
        {
            new(Oids.KeyUsage, true, KeyUsageNames.Write(KeyUsageNames.For(template.KeyUsage, inputs.Request.Key.Type))),
            new(Oids.ExtKeyUsage, false, Purposes(template)),
        };
        if (names.Count > 0)
        {
            // RFC 5280 §4.2.1.6: critical where there is no subject
            extensions.Add(new PlannedExtension(Oids.SubjectAltName, subject.Length == 2, GeneralName.Write(names)));
        }

        if (Policies(inputs) is { Count: > 0 } policies)
        {
            extensions.Add(WritePolicies(policies));
        }

        if (template.NoRevocation)
        {
            // RFC 9608 §2: NULL, and never critical
            extensions.Add(new PlannedExtension(Oids.NoRevAvail, false, new byte[] { 0x05, 0x00 }));
        }

        if (template.MustStaple)
        {
            // RFC 7633 §6: SEQUENCE OF INTEGER with status_request
            extensions.Add(new PlannedExtension(Oids.TlsFeature, false, new byte[] { 0x30, 0x03, 0x02, 0x01, 0x05 }));
        }

        if (MicrosoftSid.Plan(template.MicrosoftSid, inputs.Facts, inputs is { DeviceProven: true, Unproven: false }) is { } sid)
        {
            extensions.Add(sid);
        }

        extensions.AddRange(template.Extensions.Select(extension => Extension(extension, inputs)));
        var (notBefore, notAfter) = RequestedValidity.Plan(template with { Validity = template.ValidityOn(inputs.Facts), ValidityByFacts = [] }, inputs.NotBefore, inputs.NotAfter, inputs.Now);
        return new CertificatePlan
        {
            PublicKey = inputs.Request.Key.Info,
            Subject = subject,
            Extensions = extensions,
            Issuer = inputs.Profile.IssuerFor(inputs.Request.Key.Type),
            NotBefore = notBefore,
            NotAfter = notAfter,
            ExactNotBefore = inputs.NotBefore is not null,
            ExactNotAfter = inputs.NotAfter is not null,
            CertificateRequest = inputs.Request.Der,
        };
    }

    /// <summary>What was not proven, for everybody who meets the certificate; then what the profile grants on these facts.</summary>
    private static List<string> Policies(CertificateInputs inputs)
    {
        var policies = new List<string>();
        if (inputs.Unproven)
        {
            policies.Add(Oids.UnprovenIdentifierPolicy);
        }

        if (inputs.ResidencyUnproven)
        {
            policies.Add(Oids.UnprovenKeyResidencyPolicy);
        }

        policies.AddRange(inputs.Profile.Certificate.Policies.Where(policy => policy.When.All(rule => rule.Judge(inputs.Facts).Holds)).Select(policy => policy.Oid));
        return policies;
    }

    /// <summary>certificatePolicies without qualifiers (RFC 5280 §4.2.1.4).</summary>
    private static PlannedExtension WritePolicies(List<string> policies)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var policy in policies)
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(policy);
                }
            }
        }

        return new PlannedExtension(Oids.CertificatePolicies, false, writer.Encode());
    }

    private static byte[] Subject(CertificateInputs inputs)
    {
        var first = inputs.Identifiers.Count > 0 ? inputs.Identifiers[0].Value : null;
        var rdns = inputs.Profile.Certificate.Subject
            .Select(rdn => rdn.Select(attribute => (attribute.Type, Value: Attribute(attribute, first, inputs.Facts))).ToArray())
            .Concat(WishedAttributes(inputs).Select(wish => new[] { wish }))
            .ToArray();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            // RFC 4514 §2.1: the text begins with the last RDN
            foreach (var rdn in rdns.Reverse())
            {
                using (writer.PushSetOf())
                {
                    foreach (var (type, value) in rdn)
                    {
                        type.Write(writer, value);
                    }
                }
            }
        }

        return writer.Encode();
    }

    private static string Attribute(SubjectAttribute attribute, string? identifier, FactSet facts)
    {
        var value = attribute.Value.Fill(identifier, facts);
        return attribute.Type.Refuses(value) is { } refusal
            ? throw Problems.RejectedIdentifier("template-value-not-encodable", $"the value of {attribute.Type.Name} in the subject, filled from '{attribute.Value.Text}', {refusal}")
            : value;
    }

    // a wish that does not match, or stands there twice, is ignored as if it were not there
    private static IEnumerable<(AttributeType Type, string Value)> WishedAttributes(CertificateInputs inputs)
    {
        foreach (var wish in inputs.Profile.Certificate.FromRequest)
        {
            if (wish.Attribute is { } type
                && inputs.Request.Subject.Where(attribute => attribute.Oid == type.Oid).ToArray() is [{ Value: { } value }]
                && wish.Pattern.Matches(value) && type.Refuses(value) is null)
            {
                yield return (type, value);
            }
        }
    }

    private static List<GeneralName> Names(CertificateInputs inputs)
    {
        var template = inputs.Profile.Certificate;
        var shown = inputs.Identifiers.Where(identifier => template.IdentifierInCertificate || !IsDevice(identifier.Type)).ToArray();
        var names = new List<GeneralName>();
        foreach (var name in template.SubjectAlternativeNames)
        {
            if (name.Kind == AlternativeNames.Identifiers)
            {
                names.AddRange(shown.Select(NameFilling.Identifier));
            }
            else if (name.Value!.IsIdentifier && inputs.Profile.Identifiers.ContainsKey(name.Kind))
            {
                names.AddRange(shown.Where(identifier => identifier.Type == name.Kind).Select(NameFilling.Identifier));
            }
            else
            {
                names.Add(NameFilling.Fill(name, inputs.Identifiers.Count > 0 ? inputs.Identifiers[0].Value : null, inputs.Facts));
            }
        }

        return [.. names.Concat(WishedNames(inputs)).Distinct()];
    }

    private static IEnumerable<GeneralName> WishedNames(CertificateInputs inputs)
    {
        foreach (var wish in inputs.Profile.Certificate.FromRequest.Where(wish => wish.NameKind is not null))
        {
            var values = inputs.Request.Names
                .Select(name => (name, wish.NameKind) switch
                {
                    (GeneralName.Email email, AlternativeNames.Email) => email.Address,
                    (GeneralName.Link link, AlternativeNames.Uri) => link.Uri,
                    _ => null,
                })
                .OfType<string>()
                .Where(wish.Pattern.Matches)
                .Take(MaximumWishedNames);
            foreach (var value in values)
            {
                if (NameFilling.Parse(wish.NameKind!, value, out _) is { } name)
                {
                    yield return name;
                }
            }
        }
    }

    private static byte[] Purposes(CertificateTemplate template)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var oid in template.ExtendedKeyUsage)
            {
                writer.WriteObjectIdentifier(oid);
            }
        }

        return writer.Encode();
    }

    private static PlannedExtension Extension(ExtensionTemplate extension, CertificateInputs inputs)
    {
        if (extension.Text is null)
        {
            return new PlannedExtension(extension.Oid, extension.Critical, extension.Der);
        }

        var text = extension.Text.Fill(inputs.Identifiers.Count > 0 ? inputs.Identifiers[0].Value : null, inputs.Facts);
        var tag = ExtensionTemplates.Tag(extension.Kind);
        if (!AsnText.Fits(tag, text))
        {
            throw Problems.RejectedIdentifier("template-value-not-encodable", $"the value of extension {extension.Oid}, filled from '{extension.Text.Text}', does not fit a {tag}");
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteCharacterString(tag, text);
        return new PlannedExtension(extension.Oid, extension.Critical, writer.Encode());
    }

    private static bool IsDevice(string type) => type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule;
}
