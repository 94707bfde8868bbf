using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads <c>issuer</c>: one name, or one for each key type with <c>default</c> for the others.</summary>
internal static class IssuerSection
{
    /// <summary>The issuer where none is made by an operator's choice.</summary>
    public const string Default = "default";

    /// <summary>The issuer of all keys that are not listed, and those that are.</summary>
    public static (string Otherwise, IReadOnlyDictionary<string, string> ByKey) Read(ProfileNode? node)
    {
        var byKey = new Dictionary<string, string>(StringComparer.Ordinal);
        if (node is null)
        {
            return (Default, byKey);
        }

        if (!node.IsMapping)
        {
            return (Name(node), byKey);
        }

        var properties = node.Properties([Default, .. SubjectKey.Types]);
        foreach (var (type, name) in properties.Where(property => property.Key != Default))
        {
            byKey[type] = Name(name);
        }

        return (properties.TryGetValue(Default, out var otherwise) ? Name(otherwise) : Default, byKey);
    }

    private static string Name(ProfileNode node)
    {
        var name = node.Text() ?? "";
        if (name.Length > 0 && (!ProfileFile.IsName(name) || name == "root"))
        {
            node.Mistake($"'{name}' must have only lower-case letters, digits and inner hyphens and not be 'root': it is a folder under ca/");
        }

        return name;
    }
}
