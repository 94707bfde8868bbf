using System.Collections.Concurrent;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Anchors;

namespace DeviceAcme.Server.Anchors;

/// <summary>A version of the anchor set, ready to judge with. Immutable but for the sets that it has put together.</summary>
internal sealed class AnchorVersion(int number, DateTimeOffset at, string actor, string action, string hash, AnchorCatalog catalog, AnchorSet certificates)
{
    private readonly Dictionary<string, AnchorSet> _folders = catalog.FolderNames.ToDictionary(name => name, name => catalog.SetOf(name, certificates), StringComparer.Ordinal);
    private readonly AnchorSet _distrusted = catalog.DistrustedSet(certificates);
    private readonly ConcurrentDictionary<string, AnchorSet> _combined = new(StringComparer.Ordinal);

    /// <summary>0 before the first version was made.</summary>
    public int Number => number;

    public DateTimeOffset At => at;
    public string Actor => actor;
    public string Action => action;

    /// <summary>SHA-256 of the stored content.</summary>
    public string Hash => hash;

    public AnchorCatalog Catalog => catalog;

    /// <summary>Every certificate that the version names, without terms.</summary>
    public AnchorSet Certificates => certificates;

    /// <summary>The anchors of these folders together. The same folders give the same set, so keys are imported once for each version.</summary>
    public AnchorSet Of(IReadOnlyList<string> folders) => _combined.GetOrAdd(string.Join(' ', folders), _ =>
        AnchorSet.Combine(folders.Select(folder => _folders.GetValueOrDefault(folder, AnchorSet.Empty)).Append(_distrusted)));
}
