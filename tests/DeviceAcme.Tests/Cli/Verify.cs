using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Cli;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Tests.Attestation;

namespace DeviceAcme.Tests.Cli;

/// <summary>The real command line of <c>deviceacme verify</c>, run in this process; folders of anchors are read once.</summary>
internal static class Verify
{
    /// <summary>In place of a folder: the vendors' certificates without this one, by the beginning of its fingerprint.</summary>
    public const string Without = "vendor-roots-without:";

    /// <summary>In place of a folder: the vendors' roots alone.</summary>
    public const string RootsOnly = "vendor-roots-only";

    public const string Vendors = "vendor-roots";

    private static readonly ConcurrentDictionary<string, AnchorSet> Folders = new(StringComparer.Ordinal);

    public static async Task<Ran> Run(params IEnumerable<string> arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await CommandLine.Run(["verify", .. arguments], output, new Talk(error), TimeProvider.System, Anchors);
        return new Ran(code, output.ToString(), error.ToString());
    }

    public static async Task<Ran> RunJson(params IEnumerable<string> arguments) => await Run([.. arguments, "--json"]);

    private static AnchorSet Anchors(IReadOnlyList<string> paths) =>
        paths.Count == 0 ? AnchorFolders.Read(paths) : AnchorSet.Combine(paths.Select(path => Folders.GetOrAdd(path, Read))).LongestLived();

    // an anchor is a key: other certificates for it go with it
    private static AnchorSet WithoutKey(string fingerprint)
    {
        var all = Corpus.VendorRoots;
        var keys = all.Anchors.Concat(all.Intermediates).Where(anchor => anchor.Fingerprint.StartsWith(fingerprint, StringComparison.Ordinal))
            .Select(anchor => Convert.ToHexString(anchor.Key.Sha256)).ToHashSet();
        return AnchorSet.Parse(all.Anchors.Concat(all.Intermediates).Where(anchor => !keys.Contains(Convert.ToHexString(anchor.Key.Sha256)))
            .Select(anchor => (anchor.Provenance, anchor.Bytes)));
    }

    private static AnchorSet Read(string path) =>
        path == Vendors ? Corpus.VendorRoots
        : path == RootsOnly ? Corpus.RootsOnly(Corpus.VendorRoots)
        : path.StartsWith(Without, StringComparison.Ordinal) ? WithoutKey(path[Without.Length..])
        : AnchorFolders.Read([path]);
}

/// <summary>What a run printed and how it ended.</summary>
internal sealed record Ran(int Code, string Output, string Error)
{
    public JsonObject Json => JsonNode.Parse(Output)!.AsObject();

    public string Verdict => (string)Json["verdict"]!;

    public string? Reason => (string?)Json["reason"];

    public string? Class => (string?)Json["class"];

    public JsonObject Facts => Json["facts"]!.AsObject();

    public JsonObject Check(string name) => Json["checks"]!.AsArray().Select(check => check!.AsObject()).Single(check => (string)check["name"]! == name);

    public override string ToString() => $"exit {Code}: {Output}{Error}".Replace("{", "(", StringComparison.Ordinal).Replace("}", ")", StringComparison.Ordinal);
}
