using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads <c>from-request</c>: what a CSR may wish for, each with the pattern that it must match.</summary>
internal static class RequestWishes
{
    private const string SubjectPrefix = "subject.";
    private const string NamePrefix = "subject-alternative-names.";

    // everything else names a device, an account or an identifier that was proven
    private static readonly string[] WishedNames = [AlternativeNames.Email, AlternativeNames.Uri];

    // places that relying parties read as a device's or account's identity
    private static readonly string[] DeviceAttributes = ["serialNumber", "UID", "CN"];

    public static IReadOnlyList<RequestWish> Read(
        ProfileNode node, IReadOnlyList<IReadOnlyList<SubjectAttribute>> subject, IReadOnlyList<AlternativeNameTemplate> names)
    {
        var wishes = new List<RequestWish>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var item in node.Items())
        {
            if (!item.IsMapping)
            {
                item.Mistake("must name what a CSR may wish for and the pattern it must match, for example subject.OU: /[A-Z]+/");
                continue;
            }

            foreach (var (name, value) in item.Entries())
            {
                if (!seen.Add(name))
                {
                    value.Mistake("stands here twice");
                }
                else if (Wish(name, value, subject, names) is { } wish)
                {
                    wishes.Add(wish);
                }
            }
        }

        return wishes;
    }

    private static RequestWish? Wish(
        string name, ProfileNode node, IReadOnlyList<IReadOnlyList<SubjectAttribute>> subject, IReadOnlyList<AlternativeNameTemplate> names)
    {
        if (node.Text() is not { } text)
        {
            return null;
        }

        if (AllowPattern.Parse(null, text, out var error) is not { } pattern)
        {
            node.Mistake(error);
            return null;
        }

        if (name.StartsWith(SubjectPrefix, StringComparison.Ordinal))
        {
            return Attribute(name[SubjectPrefix.Length..], node, pattern, subject);
        }

        if (name.StartsWith(NamePrefix, StringComparison.Ordinal))
        {
            return Name(name[NamePrefix.Length..], node, pattern, names);
        }

        node.Mistake($"must begin with '{SubjectPrefix}' and an attribute, or with '{NamePrefix}' and {string.Join(" or ", WishedNames)}");
        return null;
    }

    private static RequestWish? Attribute(
        string name, ProfileNode node, AllowPattern pattern, IReadOnlyList<IReadOnlyList<SubjectAttribute>> subject)
    {
        if (AttributeType.Find(name) is not { } type)
        {
            node.Mistake($"'{name}' is not a known attribute nor an OID; {NearestName.Hint(name, AttributeType.Names)}");
            return null;
        }

        if (subject.Any(rdn => rdn.Any(attribute => attribute.Type.Oid == type.Oid)))
        {
            node.Mistake($"the profile's subject sets {type.Name} itself; a CSR can only fill what the profile leaves open");
            return null;
        }

        if (DeviceAttributes.Contains(type.Name))
        {
            node.Mistake($"{type.Name} is read as the identity of a device or account; it cannot come from a CSR");
            return null;
        }

        return new RequestWish(type, null, pattern);
    }

    private static RequestWish? Name(string kind, ProfileNode node, AllowPattern pattern, IReadOnlyList<AlternativeNameTemplate> names)
    {
        if (!WishedNames.Contains(kind))
        {
            node.Mistake(AlternativeNames.Kinds.Contains(kind)
                ? $"a {kind} name is proven or a device's; it cannot come from a CSR"
                : $"'{kind}' is not a known kind of name; {NearestName.Hint(kind, WishedNames)}");
            return null;
        }

        if (names.Any(name => name.Kind == kind))
        {
            node.Mistake($"the profile sets a {kind} name itself; a CSR can only fill what the profile leaves open");
            return null;
        }

        return new RequestWish(null, kind, pattern);
    }
}
