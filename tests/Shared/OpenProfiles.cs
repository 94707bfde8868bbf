namespace DeviceAcme.Testing;

/// <summary>The shipped profiles as a server has them that registers whoever proves to be genuine: for trials that are not about the ledger.</summary>
internal static class OpenProfiles
{
    /// <summary>Writes the profiles of one folder into another.</summary>
    public static string Write(string shipped, string target)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(shipped, "*.yaml"))
        {
            File.WriteAllText(Path.Combine(target, Path.GetFileName(file)), File.ReadAllText(file).Replace("unknown: refuse", "unknown: register", StringComparison.Ordinal));
        }

        return target;
    }
}
