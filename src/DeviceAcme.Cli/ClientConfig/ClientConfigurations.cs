namespace DeviceAcme.Cli.ClientConfig;

/// <summary>The list of clients.</summary>
internal static class ClientConfigurations
{
    public static IReadOnlyList<IClientConfiguration> All { get; } =
    [
        new AcmeSh(),
        new Caddy(),
        new CertManagerIssuer(),
        new Certbot(),
        new Dehydrated(),
        new Lego(),
        new ModMd(),
        new PoshAcme(),
        new Uacme(),
        new WinAcme(),
    ];
}
