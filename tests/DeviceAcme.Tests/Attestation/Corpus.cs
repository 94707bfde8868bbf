using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.X509;
using DeviceAcme.Testing;

namespace DeviceAcme.Tests.Attestation;

/// <summary>The recorded evidence beside the repository: items, their expected verdicts, and the vendors' certificates.</summary>
internal static class Corpus
{
    private static readonly Lazy<JsonArray> ItemList = new(() => Read("corpus/expected.json")["items"]!.AsArray());
    private static readonly Lazy<JsonArray> VariantList = new(() => Read("corpus/malformed/expected.json")["items"]!.AsArray());
    private static readonly Lazy<AnchorSet> Vendors = new(() => AnchorSet.Parse(VendorFiles()));

    // reading some 260 certificates again takes a second
    private static readonly ConcurrentDictionary<(string Hash, string Cut), AnchorSet> Cut = new();

    public static IEnumerable<CorpusItem> Items => ItemList.Value.Select(item => new CorpusItem(item!.AsObject()));

    public static IEnumerable<CorpusItem> Variants => VariantList.Value.Select(item => new CorpusItem(item!.AsObject()));

    public static IReadOnlySet<string> ReasonClasses =>
        Read("corpus/expected.json")["reason_classes"]!.AsObject().Select(pair => pair.Key).ToHashSet(StringComparer.Ordinal);

    /// <summary>All certificates of vendor-roots, by their own description only.</summary>
    public static AnchorSet VendorRoots => Vendors.Value;

    public static CorpusItem Item(string id) => Items.Single(item => item.Id == id);

    public static CorpusItem Variant(string id) => Variants.Single(item => item.Id == id);

    public static AnchorSet Without(AnchorSet set, string fingerprintPrefix) => Cut.GetOrAdd((set.Hash, fingerprintPrefix), _ => AnchorSet.Parse(
        set.Anchors.Concat(set.Intermediates).Where(anchor => !anchor.Fingerprint.StartsWith(fingerprintPrefix, StringComparison.Ordinal))
            .Select(anchor => (anchor.Provenance, anchor.Bytes))));

    public static AnchorSet RootsOnly(AnchorSet set) => Cut.GetOrAdd(
        (set.Hash, "intermediates"), _ => AnchorSet.Parse(set.Anchors.Select(anchor => (anchor.Provenance, anchor.Bytes))));

    public static IEnumerable<(string Provenance, ReadOnlyMemory<byte> Bytes)> VendorFiles() =>
        Directory.EnumerateFiles(RepositoryFiles.Shared("vendor-roots"), "*.pem", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => (Path.GetFileName(file), (ReadOnlyMemory<byte>)File.ReadAllBytes(file)));

    private static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(RepositoryFiles.Shared(path)))!;
}

/// <summary>One item of the corpus, or one broken variant of an item.</summary>
internal sealed record CorpusItem(JsonObject Json)
{
    public string Id => Text("id");

    public string Family => Text("family");

    /// <summary>The item that a variant was made from.</summary>
    public string Base => Text("base");

    public JsonObject Facts => Json["facts"]!.AsObject();

    public IEnumerable<CorpusCheck> Checks => Json["checks"]!.AsArray().Select(check => CorpusCheck.Read(check!.AsObject()));

    /// <summary>For a variant: the check that it must fail.</summary>
    public CorpusCheck Expected => CorpusCheck.Read(Json);

    public bool Has(string file) => Json["files"]!.AsObject().ContainsKey(file);

    public byte[] File(string name) => System.IO.File.ReadAllBytes(RepositoryFiles.Shared("corpus/" + (string)Json["files"]![name]!["path"]!));

    /// <summary>All certificates of a PEM file, in its order.</summary>
    public IReadOnlyList<Certificate> Certificates(string name)
    {
        var collection = new X509Certificate2Collection();
        collection.ImportFromPem(System.Text.Encoding.ASCII.GetString(File(name)));
        return [.. collection.Select(certificate => Certificate.TryRead(certificate.RawData, out var read, out var problem)
            ? read
            : throw new InvalidOperationException($"{Id}/{name}: {problem}"))];
    }

    /// <summary>The vendors' certificates and the item's own anchor, where it has one.</summary>
    public AnchorSet Anchors => Has("anchor.pem") ? AnchorSet.Combine(Corpus.VendorRoots, OwnAnchor) : Corpus.VendorRoots;

    public AnchorSet OwnAnchor => AnchorSet.Parse([("anchor.pem", File("anchor.pem"))]);

    private string Text(string name) => (string)Json[name]!;
}

/// <summary>When and under which condition an item is judged, and what must come out.</summary>
internal sealed record CorpusCheck(DateTimeOffset At, string? With, bool Accept, string Reason, IReadOnlyList<string> Classes)
{
    public static CorpusCheck Read(JsonObject json)
    {
        var reason = (string)json["reason"]!;
        var also = json["also_acceptable_reasons"]?.AsArray().Select(other => (string)other!) ?? [];
        return new CorpusCheck(
            json["at"]!.GetValue<JsonElement>().GetDateTimeOffset(), (string?)json["with"], (string)json["verdict"]! == "accept", reason, [reason, .. also]);
    }
}
