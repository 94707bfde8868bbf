using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Core.Anchors;

/// <summary>A catalog as the files of a trust directory: read again, they judge alike.</summary>
internal static class AnchorFiles
{
    /// <summary>The files of these folders, by path. What is distrusted everywhere stands in each of them, because a key must be known to be refused.</summary>
    public static IReadOnlyList<(string Path, byte[] Content)> Write(AnchorCatalog catalog, IEnumerable<string> folders, AnchorSet certificates)
    {
        var files = new List<(string, byte[])>();
        var known = certificates.Anchors.Concat(certificates.Intermediates).DistinctBy(anchor => anchor.Fingerprint).ToDictionary(anchor => anchor.Fingerprint, StringComparer.Ordinal);
        foreach (var folder in folders)
        {
            var entries = catalog.Entries.Where(entry => entry.Folder == folder).ToList();
            var strangers = catalog.Distrusted.Where(item => entries.TrueForAll(entry => entry.Fingerprint != item.Fingerprint))
                .Select(item => new AnchorEntry(folder, item.Fingerprint, "distrusted", AnchorOrigin.Import, AnchorTerms.Unlimited));
            var text = new StringBuilder();
            if (catalog.Folders.TryGetValue(folder, out var general) && !general.IsUnlimited)
            {
                text.Append("folder:\n");
                Append(text, "  ", general);
            }

            var all = entries.Concat(strangers).ToList();
            text.Append(all.Count > 0 ? "anchors:\n" : "");
            foreach (var entry in all)
            {
                var anchor = known[entry.Fingerprint];
                files.Add(($"{folder}/{FileName(anchor)}", Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", anchor.Bytes.Span) + "\n")));
                text.Append(CultureInfo.InvariantCulture, $"  {entry.Fingerprint}:\n    provenance: {Quoted(entry.Provenance)}\n");
                Append(text, "    ", catalog.DistrustOf(entry.Fingerprint) is { } distrust ? entry.Terms with { Distrusted = distrust } : entry.Terms);
            }

            files.Add(($"{folder}/{AnchorTermsFile.FileName}", Encoding.UTF8.GetBytes(text.Length == 0 ? "{}\n" : text.ToString())));
        }

        return files;
    }

    private static string FileName(Anchor anchor)
    {
        var name = anchor.Subject.Split(", ").FirstOrDefault(part => part.StartsWith("CN=", StringComparison.Ordinal))?[3..] ?? anchor.Subject;
        var plain = string.Concat(name.Take(60).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');
        return $"{(anchor.IsRoot ? "root" : "int")}-{plain}-{anchor.Fingerprint[..16]}.pem";
    }

    private static void Append(StringBuilder text, string indent, AnchorTerms terms)
    {
        List("formats", terms.Formats);
        List("profiles", terms.Profiles);
        if (terms.Facts.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{indent}facts: {{ {string.Join(", ", terms.Facts.OrderBy(fact => fact.Key, StringComparer.Ordinal).Select(fact => $"{fact.Key}: {Quoted(fact.Value.ToString())}"))} }}\n");
        }

        if (terms.Expired is { } expired)
        {
            text.Append(CultureInfo.InvariantCulture, $"{indent}expired: {(expired == ExpiredCertificates.Ignore ? "ignore" : "enforce")}\n");
        }

        if (terms.HardwareType is { } type)
        {
            text.Append(CultureInfo.InvariantCulture, $"{indent}hardware-type: {type}\n");
        }

        List("issuer-hosts", terms.IssuerHosts.Count > 0 ? terms.IssuerHosts : null);
        if (terms.Distrusted is { } distrusted)
        {
            text.Append(CultureInfo.InvariantCulture, $"{indent}distrusted: {{ reason: {Quoted(distrusted.Reason)}, since: \"{new FactValue.Instant(distrusted.Since)}\" }}\n");
        }

        void List(string name, IReadOnlyList<string>? values)
        {
            if (values is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"{indent}{name}: [{string.Join(", ", values.Select(Quoted))}]\n");
            }
        }
    }

    // YAML 1.2 §7.3.1: a double-quoted scalar
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var letter in text)
        {
            _ = letter switch
            {
                '"' or '\\' => quoted.Append('\\').Append(letter),
                _ when char.IsControl(letter) || char.IsSurrogate(letter) => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}"),
                _ => quoted.Append(letter),
            };
        }

        return quoted.Append('"').ToString();
    }
}
