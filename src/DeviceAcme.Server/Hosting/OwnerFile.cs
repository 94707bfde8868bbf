namespace DeviceAcme.Server.Hosting;

/// <summary>Files that only the account of the server may read, also where the operator made the data directory with wider rights.</summary>
internal static class OwnerFile
{
    /// <summary>Makes the file if it is missing; true if it was.</summary>
    public static bool Make(string path, ReadOnlySpan<byte> content = default)
    {
        if (File.Exists(path))
        {
            return false;
        }

        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(content);
        return true;
    }
}
