namespace DeviceAcme.Simulator.Commands;

/// <summary>Where things are when nothing else is said: what <c>./dev run</c> uses too.</summary>
internal static class Defaults
{
    /// <summary>Names the folder of fake vendors; <c>./dev</c> sets it.</summary>
    private const string VendorsVariable = "DEVICE_SIM_VENDORS";

    // asked for each device of a fleet
    private static readonly Lazy<string> Found = new(FindRoot);

    public static string Vendors =>
        Environment.GetEnvironmentVariable(VendorsVariable) is { Length: > 0 } named ? named : Path.Combine(Root, ".dev", "vendors");

    /// <summary>TXT records of the name server.</summary>
    public static string TxtRecords => Path.Combine(Root, ".dev", "dns-txt");

    /// <summary>State folder of a software TPM.</summary>
    public static string Swtpm(string name) => Path.Combine(Root, ".dev", "swtpm", name);

    public static string Output(string kind) => Path.Combine(".dev", "out", kind);

    public static string Ca => Path.Combine("data", "ca", "root.pem");

    /// <summary>The repository that the folder is in where the program was started, or else that folder.</summary>
    public static string Root => Found.Value;

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(Directory.GetCurrentDirectory());
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DeviceAcme.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? Directory.GetCurrentDirectory();
    }
}
