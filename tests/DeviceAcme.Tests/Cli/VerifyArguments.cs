using System.Text.Json.Nodes;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Attestation;

namespace DeviceAcme.Tests.Cli;

/// <summary>The command line by which a person would ask for one check of the corpus.</summary>
internal sealed class VerifyArguments : IDisposable
{
    private const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-verify");
    private readonly List<string> _files = [];
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    private VerifyArguments()
    {
    }

    /// <summary>True where nothing is left to compare: accepted means accepted.</summary>
    public bool AllBindings { get; private set; }

    public IEnumerable<string> All => [.. _files, .. _options.SelectMany(option => new[] { option.Key, option.Value }), .. Anchors.SelectMany(anchors => new[] { "--anchors", anchors })];

    private List<string> Anchors { get; } = [Verify.Vendors];

    public static VerifyArguments Of(CorpusItem item, CorpusCheck check)
    {
        var arguments = new VerifyArguments();
        arguments.TakeFiles(item);
        arguments.TakeBindings(item);
        arguments._options["--at"] = check.At.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        arguments.TakeCondition(item, check.With ?? "");
        return arguments;
    }

    public static VerifyArguments OfVariant(CorpusItem variant, CorpusItem origin)
    {
        var arguments = new VerifyArguments();
        arguments.TakeFiles(variant);
        arguments.TakeBindings(origin);
        arguments._options["--at"] = variant.Expected.At.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        if (origin.Has("anchor.pem"))
        {
            arguments.Anchors.Add(PathOf(origin, "anchor.pem"));
        }

        return arguments;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string PathOf(CorpusItem item, string file) => RepositoryFiles.Shared("corpus/" + (string)item.Json["files"]![file]!["path"]!);

    private void TakeFiles(CorpusItem item) => _files.AddRange(item.Json["files"]!.AsObject().Select(file => file.Key)
        .Where(file => file is not ("anchor.pem" or "upstream-expected.json")).Select(file => PathOf(item, file)));

    private void TakeBindings(CorpusItem item)
    {
        var facts = item.Facts;
        if (facts["acme"] is { } acme)
        {
            _options["--key-authorization"] = (string)acme["key_authorization"]!;
            _options["--identifier"] = (string?)facts["attested"]?["serial_number"] ?? (string?)facts["permanent_identifier"]
                ?? facts["device_serial"]?.ToString() ?? (item.Family == "android-key-acme" ? "SYNTH00001" : "any");
            AllBindings = true;
        }

        if ((string?)facts["key_description"]?["attestationChallenge"] is { } challenge && item.Family == "android-key")
        {
            _options["--challenge-hash"] = challenge;
        }

        if (facts["attest"]?["extraData"] is { } extraData)
        {
            _options["--challenge-hash"] = (string)extraData!;
        }
    }

    private void TakeCondition(CorpusItem item, string with)
    {
        const string without = "trust store without ";
        if (item.Has("anchor.pem") && !with.StartsWith(without, StringComparison.Ordinal) && !with.StartsWith("real ", StringComparison.Ordinal))
        {
            Anchors.Add(PathOf(item, "anchor.pem"));
        }

        if (with.StartsWith(without, StringComparison.Ordinal))
        {
            Anchors[0] = Verify.Without + with[without.Length..];
            return;
        }

        if (with.StartsWith("expected subject serialNumber ", StringComparison.Ordinal) || with.StartsWith("expected device serial ", StringComparison.Ordinal))
        {
            _options["--identifier"] = with.Replace("expected subject serialNumber ", "", StringComparison.Ordinal).Replace("expected device serial ", "", StringComparison.Ordinal);
            return;
        }

        switch (with)
        {
            case "" or "default policy" or "only when the synthetic anchor of this item is trusted" or "real vendor roots only" or "real Apple root only"
                or "real Google roots only" or "real Yubico roots only" or "AK public key taken as trusted input" or "x5c = [leaf] only"
                or "order names any permanent identifier":
            case { } trusted when trusted.StartsWith("this anchor trusted", StringComparison.Ordinal):
                break;
            case "policy requiring a locked bootloader and verified boot":
                _options["--require"] = "verified-boot";
                break;
            case "policy requiring StrongBox":
                _options["--require"] = "strongbox";
                break;
            case "policy that forbids SHA-1 certificate signatures":
                _options["--require"] = "strong-hashes";
                break;
            case "expected challenge = 32 zero bytes" or "expected extraData = 32 zero bytes":
                _options["--challenge-hash"] = Zeros;
                break;
            case "expected client data hash = 32 zero bytes":
                _files.RemoveAll(file => file.EndsWith("clientDataJSON.json", StringComparison.Ordinal));
                _options["--challenge-hash"] = Zeros;
                break;
            case "another token":
                _options["--key-authorization"] = "another.thumbprint";
                break;
            case "another account key" or "another account key (thumbprint)":
                _options["--key-authorization"] = $"{(string)item.Facts["acme"]!["token"]!}.another";
                break;
            case "order names serial XXXXXXXXXXXX" or "order names another serial":
                _options["--identifier"] = "XXXXXXXXXXXX";
                break;
            case "an order that names a permanent identifier":
                _options["--identifier"] = "any";
                break;
            case "used as certInfo of a tpm key attestation" or "presented as AK certificate of a tpm statement":
                _options["--format"] = "tpm";
                break;
            case "roots only, no intermediate store":
                Anchors[0] = Verify.RootsOnly;
                break;
            case "finalize with a CSR whose key differs from the leaf key" or "CSR with the AK key" or "a CSR with another key":
                _options["--public-key"] = Write("other.pem", item.Family == "tpm-acme" ? AkCertificate(item) : Trial.Apple.Make().Chain[0]);
                break;
            case "leaf removed from the chain":
                var text = File.ReadAllText(_files.Single());
                _files[0] = Write("chain.pem", System.Text.Encoding.ASCII.GetBytes(text[text.IndexOf("-----BEGIN", 5, StringComparison.Ordinal)..]));
                break;
            case "f9 certificate of another YubiKey":
                // as its own, so that the chain looks right
                var others = Corpus.Items.Where(other => other.Family == item.Family && other.Has("f9.der") && !other.File("f9.der").AsSpan().SequenceEqual(item.File("f9.der")));
                _files[_files.FindIndex(file => file.EndsWith("f9.der", StringComparison.Ordinal))] = PathOf(
                    others.FirstOrDefault(other => SubjectOf(other) == SubjectOf(item)) ?? others.First(), "f9.der");
                break;
            default:
                throw new InvalidOperationException($"{item.Id}: nobody knows how to ask for '{with}'");
        }
    }

    private static string? SubjectOf(CorpusItem item) => (string?)(item.Facts["f9"] as JsonObject)?["subject"];

    private static byte[] AkCertificate(CorpusItem item) => AttestationStatement.Read(item.File("attestationObject.cbor")).Certificates()[0].Raw.ToArray();

    private string Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
