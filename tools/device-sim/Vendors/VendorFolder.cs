using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>Fake vendors on disk: the anchors in the layout of <c>profiles/trust</c>, and beside them the seed that all keys grow from.</summary>
/// <param name="path">The folder; it can be given to the server as <c>--anchors</c>.</param>
internal sealed class VendorFolder(string path)
{
    private const string SeedFile = "seed";
    private const string StatusListFile = "android-status-list.json";
    private const string DevicesFile = "devices.json";
    private const string TermsFile = "terms.yaml";
    private const int LongestSeed = 1024;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The file with the one secret; its owner's alone, and outside the folders of anchors.</summary>
    public string SeedPath => System.IO.Path.Combine(Path, SeedFile);

    /// <summary>The fake Android vendor's list of revoked attestation certificates, for the server's <c>--android-status-list</c>.</summary>
    public string StatusListPath => System.IO.Path.Combine(Path, StatusListFile);

    /// <summary>The devices that enroll without further options, for the server's <c>--devices</c>.</summary>
    public string DevicesPath => System.IO.Path.Combine(Path, DevicesFile);

    /// <summary>Makes the vendors, or finds them as they are. A missing anchor is written again, the same as before.</summary>
    /// <param name="seed">The text to grow from; null keeps the folder's own, or draws one.</param>
    /// <returns>The vendors and the anchor files that were written now.</returns>
    public (FakeVendors Vendors, IReadOnlyList<string> Written) Init(string? seed)
    {
        var known = ReadSeed();
        if (known is not null && seed is not null && known != seed)
        {
            throw new SimulatorException($"{Path} holds the vendors of another seed", "choose another folder, or remove this one: servers that trust it must then be started again");
        }

        var text = known ?? seed ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        if (known is null)
        {
            Directory.CreateDirectory(Path);
            PrivateFiles.Write(SeedPath, Encoding.UTF8.GetBytes(text + "\n"));
        }

        var vendors = new FakeVendors(text);
        var written = new List<string>();
        var files = vendors.Anchors.Select(anchor => (anchor.Folder, anchor.File, Text: PemEncoding.WriteString("CERTIFICATE", anchor.Certificate) + "\n"))
            .Concat(vendors.Terms.Select(terms => (terms.Folder, File: TermsFile, terms.Text)));
        foreach (var (folder, file, content) in files)
        {
            var target = System.IO.Path.Combine(Path, folder, file);
            if (!File.Exists(target) || File.ReadAllText(target) != content)
            {
                Directory.CreateDirectory(System.IO.Path.Combine(Path, folder));
                File.WriteAllText(target, content);
                written.Add(target);
            }
        }

        // written each time, because its age counts
        File.WriteAllText(StatusListPath, vendors.Android.StatusList);
        File.WriteAllText(DevicesPath, SimulatedInventory.Json(vendors));
        return (vendors, written);
    }

    /// <summary>The vendors that <see cref="Init"/> made earlier.</summary>
    public FakeVendors Open() => new(ReadSeed() ?? throw new SimulatorException(
        $"no fake vendors in {Path}", "./dev run makes them, and so does 'vendor init'; the server must be given the folder as --anchors"));

    private string? ReadSeed()
    {
        var file = new FileInfo(SeedPath);
        if (!file.Exists)
        {
            return null;
        }

        if (file.Length is 0 or > LongestSeed)
        {
            throw new SimulatorException($"{SeedPath} is no seed: expected up to {LongestSeed} octets of text, found {file.Length}");
        }

        return File.ReadAllText(SeedPath).TrimEnd('\n', '\r');
    }
}
