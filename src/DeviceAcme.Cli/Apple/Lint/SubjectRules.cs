using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>What the device will wish for: Subject and SubjectAltName. The server writes what the profile says.</summary>
internal static class SubjectRules
{
    private static readonly string[] NameKinds = ["rfc822Name", "dNSName", "uniformResourceIdentifier", "ntPrincipalName"];

    public static IReadOnlyList<LintRule> All { get; } =
    [
        LintRule.OfPayload("subject-malformed", Severity.Error, LintRules.Apple, (payload, _) => Malformed(payload)),
        LintRule.OfPayload("subject-name-unknown", Severity.Error, LintRules.Apple, (payload, _) => Attributes(payload)
            .Where(attribute => !AppleKey.SubjectNames.Contains(attribute.Name) && !Oids.IsValid(attribute.Name))
            .Select(attribute => new Violation(attribute.Path, $"{string.Join(", ", AppleKey.SubjectNames)} or a dotted OID", $"'{attribute.Name}'"))),
        LintRule.OfPayload("subject-differs", Severity.Warning, "profile", Differs),
        LintRule.OfPayload("subject-alt-name-unknown", Severity.Error, LintRules.Apple, (payload, _) => Names(payload)
            .Where(name => !NameKinds.Contains(name.Kind) || name.Value is not PlistValue.Text)
            .Select(name => new Violation(payload.At($"{AppleKey.SubjectAltName}.{name.Kind}"), $"{string.Join(", ", NameKinds)}, each a string", NameKinds.Contains(name.Kind) ? name.Value.Kind : $"'{name.Kind}'"))),
        LintRule.OfPayload("subject-alt-name-unused", Severity.Note, "profile", (payload, subject) => subject.Profile is not { } profile ? [] : Names(payload)
            .Where(name => !profile.Certificate.FromRequest.Any(wish => wish.NameKind == Wish(name.Kind)))
            .Select(name => new Violation(payload.At($"{AppleKey.SubjectAltName}.{name.Kind}"), $"only names that from-request of profile {profile.Name} lists", "a wish that the certificate will not have"))),
    ];

    private static IEnumerable<Violation> Malformed(FoundPayload payload)
    {
        var shape = "an array of RDNs, each an array of pairs [name, value]: [[[\"CN\", \"…\"]]]";
        foreach (var (rdn, index) in (payload.Items(AppleKey.Subject) ?? []).Select((rdn, index) => (rdn, index)))
        {
            var path = $"{payload.At(AppleKey.Subject)}[{index}]";
            if (rdn is not PlistValue.Array { Items: { Count: > 0 } pairs })
            {
                yield return new Violation(path, shape, rdn is PlistValue.Array ? "an empty array" : rdn.Kind);
            }
            else if (pairs.FirstOrDefault(pair => pair is not PlistValue.Array { Items: [PlistValue.Text, PlistValue.Text] }) is { } wrong)
            {
                yield return new Violation(path, shape, $"{wrong.Kind} in the place of a pair of strings");
            }
        }
    }

    // Compared as sets: the profile's order is that of RFC 4514, and what only the evidence will say is not known here.
    private static IEnumerable<Violation> Differs(FoundPayload payload, LintSubject subject)
    {
        if (subject.Profile is not { } profile || payload.Text(AppleKey.ClientIdentifier) is not { } identifier)
        {
            yield break;
        }

        var fact = profile.Identifiers.GetValueOrDefault(AcmeIdentifier.PermanentIdentifier)?.Proves;
        var device = new DeviceNames(identifier, fact is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [fact] = identifier });
        var known = AcmePayload.KnownSubject(profile, device).SelectMany(rdn => rdn).Select(item => (Oid: OidOf(item.Name), item.Value)).ToHashSet();
        var open = profile.Certificate.Subject.SelectMany(rdn => rdn).Where(item => device.Fill(item.Value) is null).Select(item => item.Type.Oid).ToHashSet();
        var found = Attributes(payload).ToArray();
        foreach (var (oid, value) in known.Where(item => !found.Any(other => OidOf(other.Name) == item.Oid && other.Value == item.Value)))
        {
            yield return new Violation(payload.At(AppleKey.Subject), $"{AttributeType.Find(oid)?.Name ?? oid}={value}, which profile {profile.Name} will write", "it lacks that");
        }

        // a profile without a subject: Apple wants one all the same, and a CN with the identifier says nothing else
        foreach (var attribute in found.Where(item => !known.Contains((OidOf(item.Name), item.Value)) && !open.Contains(OidOf(item.Name)) && item.Value != identifier && !IsMarker(item.Value)))
        {
            if (!profile.Certificate.FromRequest.Any(wish => wish.Attribute?.Oid == OidOf(attribute.Name) && (MdmVariables.In(attribute.Value) is not null || wish.Pattern.Matches(attribute.Value))))
            {
                yield return new Violation(attribute.Path, $"only attributes of profile {profile.Name}", $"{attribute.Name}={attribute.Value}, which the certificate will not have");
            }
        }
    }

    private static IEnumerable<(string Path, string Name, string Value)> Attributes(FoundPayload payload)
    {
        foreach (var (rdn, outer) in (payload.Items(AppleKey.Subject) ?? []).Select((rdn, index) => (rdn, index)))
        {
            foreach (var (pair, inner) in ((rdn as PlistValue.Array)?.Items ?? []).Select((pair, index) => (pair, index)))
            {
                if (pair is PlistValue.Array { Items: [PlistValue.Text name, PlistValue.Text value] })
                {
                    yield return ($"{payload.At(AppleKey.Subject)}[{outer}][{inner}]", name.Value, value.Value);
                }
            }
        }
    }

    private static IEnumerable<(string Kind, PlistValue Value)> Names(FoundPayload payload) =>
        (payload.Keys.Find(AppleKey.SubjectAltName) as PlistValue.Dictionary)?.Entries.Select(entry => (entry.Key, entry.Value)) ?? [];

    private static string? Wish(string kind) => kind switch
    {
        "rfc822Name" => AlternativeNames.Email,
        "uniformResourceIdentifier" => AlternativeNames.Uri,
        _ => null,
    };

    private static bool IsMarker(string value) => MdmService.All.Any(service => service.RenewalMarker == value);

    private static string OidOf(string name) => AttributeType.Find(name)?.Oid ?? name;
}
