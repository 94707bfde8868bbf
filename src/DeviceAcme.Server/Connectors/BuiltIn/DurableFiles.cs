using System.Runtime.InteropServices;
using System.Security.AccessControl;
using System.Security.Principal;

namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>Files and folders that are there whole or not at all after a crash, and that their owner alone can read.</summary>
internal static partial class DurableFiles
{
    /// <summary>What a half-made folder or file is called; the next start sweeps it away.</summary>
    public const string HalfMade = ".new-";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Writes a file beside its place, synced, and renames it into place.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var folder = Path.GetDirectoryName(path)!;
        var half = Path.Combine(folder, HalfMade + Path.GetFileName(path));
        File.Delete(half);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            // also for what is not secret: one rule for the whole folder
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(half, options))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(half, path, overwrite: true);
        Sync(folder);
    }

    /// <summary>Makes a folder with all of its files, synced, and renames it into place.</summary>
    public static void MakeFolder(string path, IReadOnlyDictionary<string, byte[]> files)
    {
        var parent = Path.GetDirectoryName(path)!;
        var half = Path.Combine(parent, HalfMade + Path.GetFileName(path));
        EnsureFolder(half);
        foreach (var (name, content) in files)
        {
            Write(Path.Combine(half, name), content);
        }

        Directory.Move(half, path);
        Sync(parent);
    }

    /// <summary>The folder, readable by its owner alone.</summary>
    public static void EnsureFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!Directory.Exists(path))
            {
                using var identity = WindowsIdentity.GetCurrent();
                var security = new DirectorySecurity();
                security.SetAccessRuleProtection(isProtected: true, preserveInheritance: false);
                security.AddAccessRule(new FileSystemAccessRule(
                    identity.User!, FileSystemRights.FullControl, InheritanceFlags.ContainerInherit | InheritanceFlags.ObjectInherit, PropagationFlags.None, AccessControlType.Allow));
                new DirectoryInfo(path).Create(security);
            }
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnlyFolder);
        }
    }

    /// <summary>Removes what an interrupted start left behind.</summary>
    public static void Sweep(string folder)
    {
        foreach (var half in Directory.EnumerateDirectories(folder, HalfMade + "*"))
        {
            Directory.Delete(half, recursive: true);
        }
    }

    /// <summary>True where others than the owner can read the file.</summary>
    public static bool IsReadableByOthers(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnlyFolder) != 0;

    /// <summary>Makes the renames in a folder durable.</summary>
    // a rename is durable when its folder is synced; the framework cannot open a folder, so the C library does it
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = OpenFolder(folder, 0);
        if (descriptor < 0)
        {
            throw new IOException($"the folder {folder} could not be opened to sync it (errno {Marshal.GetLastPInvokeError()})");
        }

        var result = SyncFolder(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = CloseFolder(descriptor);
        if (result < 0)
        {
            throw new IOException($"the folder {folder} could not be synced (errno {error})");
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi)]
    private static extern int OpenFolder([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int SyncFolder(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int CloseFolder(int descriptor);
}
