using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Fuzz;

/// <summary>Good inputs: what the simulator makes, and the recorded evidence where it stands beside the repository.</summary>
internal sealed class Seeds
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private readonly List<(string Path, byte[] Bytes)> _recorded;

    /// <param name="recorded">The folder of recorded evidence; null for what the simulator makes alone.</param>
    public Seeds(string? recorded)
    {
        Vendors = new FakeVendors("fuzz");
        var tpm = new FakeTpm(Vendors.Tpm);
        Apple = new AppleMaker(Vendors.Apple, Now).Make();
        Tpm = new TpmMaker(tpm, Now).Make();
        Android = new AndroidMaker(Vendors.Android, Now).Make();
        YubiKey = new YubiKeyMaker(Vendors.YubiKey, Now).Make();
        Packed = new PackedMaker(Vendors.Authenticator, Now).Make();
        Printer = new IdevidMaker(IdevidDevice.Printer(Vendors.Idevid), Now).Make();
        Module = new IdevidMaker(IdevidDevice.IotModule(Vendors.Idevid), Now).Make();
        Ek = new EkMaker(tpm, Now).Make();
        _recorded = recorded is null
            ? []
            : [.. Directory.EnumerateFiles(recorded, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => (Path.GetRelativePath(recorded, file), File.ReadAllBytes(file)))];
    }

    public FakeVendors Vendors { get; }
    public MadeEvidence Apple { get; }
    public MadeEvidence Tpm { get; }
    public MadeEvidence Android { get; }
    public MadeEvidence YubiKey { get; }
    public MadeEvidence Packed { get; }
    public MadeEvidence Printer { get; }
    public MadeEvidence Module { get; }
    public MadeEk Ek { get; }

    public IEnumerable<MadeEvidence> Statements => [Apple, Tpm, Android, YubiKey, Packed, Printer, Module];

    /// <summary>Recorded files of these names in families that begin so.</summary>
    public IEnumerable<byte[]> Recorded(string family, params string[] names) => _recorded
        .Where(file => file.Path.StartsWith(family, StringComparison.Ordinal) && names.Contains(Path.GetFileName(file.Path))).Select(file => file.Bytes);

    /// <summary>Every recorded certificate that stands alone.</summary>
    public IEnumerable<byte[]> RecordedCertificates => _recorded.Where(file => file.Path.EndsWith(".der", StringComparison.Ordinal) && !file.Path.EndsWith("request.csr.der", StringComparison.Ordinal)).Select(file => file.Bytes);
}
