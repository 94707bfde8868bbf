namespace DeviceAcme.Simulator.Dns;

/// <summary>TXT records in a text file, one <c>NAME VALUE</c> a line: the answerer reads it at each question, hooks of other clients write to it.</summary>
internal sealed class TxtRecords(string path)
{
    private const int LongestFile = 1 << 20;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public IReadOnlyList<string> Find(string name) =>
        [.. Read().Where(record => record.Name == name).Select(record => record.Value)];

    public void Add(string name, string value) =>
        Change(records => records.Append((Normal(name), value)).Distinct());

    /// <param name="name">Whose records go.</param>
    /// <param name="value">Only this one; null removes all of the name.</param>
    public void Remove(string name, string? value) =>
        Change(records => records.Where(record => record.Name != Normal(name) || (value is not null && record.Value != value)));

    private static string Normal(string name) => name.TrimEnd('.').ToLowerInvariant();

    private IEnumerable<(string Name, string Value)> Read()
    {
        var file = new FileInfo(Path);
        if (!file.Exists)
        {
            return [];
        }

        if (file.Length > LongestFile)
        {
            throw new SimulatorException($"{Path} is larger than {LongestFile} octets");
        }

        return File.ReadAllLines(Path)
            .Select(line => line.Split((char[])[' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(parts => parts.Length == 2)
            .Select(parts => (Normal(parts[0]), parts[1]));
    }

    private void Change(Func<IEnumerable<(string Name, string Value)>, IEnumerable<(string Name, string Value)>> change)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        // Two hooks may run at once: the lock file's owner goes first. The rename lets a reader see the old file or the new one.
        using var turn = Lock();
        var lines = change(Read()).Select(record => $"{record.Name} {record.Value}").ToList();
        var fresh = Path + ".new";
        File.WriteAllLines(fresh, lines);
        File.Move(fresh, Path, overwrite: true);
    }

    private FileStream Lock()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(Path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (IOException) when (attempt < 100)
            {
                Task.Delay(20).Wait();
            }
        }
    }
}
