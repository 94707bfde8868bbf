namespace DeviceAcme.Testing;

/// <summary>Finds the repository and the recorded evidence beside it.</summary>
internal static class RepositoryFiles
{
    /// <summary>The folder that holds DeviceAcme.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder of <c>../shared</c>; throws where it is missing, so that such a test fails and is not skipped.</summary>
    public static string Shared(string path)
    {
        var full = Path.GetFullPath(Path.Combine(Root, "..", "shared", path));
        return Path.Exists(full) ? full : throw new FileNotFoundException($"this test reads {full}, which is not there: put shared/ beside the repository");
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DeviceAcme.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("no DeviceAcme.sln above the test's folder");
    }
}
