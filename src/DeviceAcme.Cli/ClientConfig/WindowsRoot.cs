namespace DeviceAcme.Cli.ClientConfig;

/// <summary>Clients on Windows trust what the machine trusts.</summary>
internal static class WindowsRoot
{
    /// <summary>The command that makes it trust the root; nothing where there is none.</summary>
    public static string Import(string? rootFile) => rootFile is null
        ? ""
        : Quoting.Power(["Import-Certificate", "-FilePath", rootFile, "-CertStoreLocation", @"Cert:\LocalMachine\Root"]);
}
