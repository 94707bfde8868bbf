namespace DeviceAcme.Core.Identifiers;

/// <summary>The identifier types that are known.</summary>
internal static class IdentifierTypes
{
    public static IReadOnlyList<IIdentifierType> All { get; } =
    [
        new DnsIdentifier(),
        new IpIdentifier(),
        new PermanentIdentifier(),
        new HardwareModuleIdentifier(),
        new UriIdentifier(),
    ];

    public static IIdentifierType? Find(string name) => All.FirstOrDefault(type => type.Name == name);
}
