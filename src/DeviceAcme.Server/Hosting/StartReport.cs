using System.Text;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Profiles;

namespace DeviceAcme.Server.Hosting;

/// <summary>What the server says when it is ready: where it is, what it trusts, what to do next.</summary>
internal static class StartReport
{
    public static string Text(ServerOptions options, Installation installation, ProfileVersions profiles, AnchorVersions anchors, IReadOnlyList<string> inventories, AdminTokenEntry? bootstrap)
    {
        var text = new StringBuilder();
        var root = Path.Combine(options.DataDirectory, "ca", "root.pem");
        text.AppendLine("DeviceAcme is ready");
        text.AppendLine();
        Line("directory", $"{options.BaseUrl}/directory  (profile {options.DefaultProfile})");
        foreach (var profile in profiles.All)
        {
            Line("", $"{options.BaseUrl}/acme/{profile.Name}/directory{About(profile)}");
        }

        Line("root to trust", Shown(root));
        Line("data", Shown(options.DataDirectory));
        Line("listens on", string.Join(", ", options.Listen.Count > 0 ? options.Listen.Select(Plain) : [Plain(options.Url)]));
        Line("status", options.StatusUrl is null ? "none" : $"{Plain(options.StatusUrl)}  (CRLs and CA certificates)");
        Line("admin", options.AdminUrl is null ? "none" : $"{Plain(options.AdminUrl)}  (token in {Shown(Path.Combine(options.DataDirectory, RunningServer.TokenFileName))})");
        if (bootstrap is not null)
        {
            Line("", $"{bootstrap.Token}  (first token, shown once, good until {bootstrap.ExpiresAt:u})");
        }

        foreach (var folder in options.AnchorDirectories)
        {
            Line("also trusted", $"the vendor roots in {Shown(folder)}");
        }

        foreach (var inventory in inventories)
        {
            Line("devices", inventory);
        }

        foreach (var warning in installation.Warnings)
        {
            Line("warning", warning.ToString());
        }

        foreach (var words in Profiles(profiles))
        {
            Line("profiles", words);
        }

        if (anchors.ChangedAtStart.Count > 0)
        {
            Line("warning", $"{anchors.Current.Action}: version {anchors.Current.Number} of the anchor set is in force; 'deviceacme anchors diff' shows what changed");
        }

        foreach (var profile in profiles.All.Where(profile => profile.Attestation.Mode != AttestationMode.None && !profile.Devices.Said))
        {
            Line("warning", $"profile {profile.Name} does not say what becomes of unknown devices: any genuine one of an accepted vendor is registered ('devices: {{ unknown: refuse }}' asks the ledger)");
        }

        text.AppendLine();
        text.AppendLine("What to do next, in another terminal:");
        if (options.AnchorDirectories.Count > 0)
        {
            text.AppendLine("  ./dev sim enroll --kind mac                          a simulated Mac proves itself and enrolls");
            text.AppendLine("  ./dev sim enroll --kind tpm                          a simulated Linux host with a TPM 2.0");
            text.AppendLine("  ./dev sim enroll --kind server --name host.example   a name, over http-01");
        }

        text.AppendLine($"  curl --cacert {Shown(root)} {options.BaseUrl}/directory");
        var port = options.Http01Port == 80 ? "" : $" --http-01-port {options.Http01Port}";
        text.AppendLine($"  REQUESTS_CA_BUNDLE={Shown(root)} certbot certonly --standalone{port} --server {options.BaseUrl}/directory -d NAME");
        text.AppendLine("Ctrl+C stops the server.");
        return text.ToString();

        void Line(string name, string value) => text.Append("  ").Append(name.PadRight(15)).AppendLine(value);
    }

    /// <summary>What became of files that say something else than what was in force.</summary>
    private static IEnumerable<string> Profiles(ProfileVersions profiles)
    {
        var (current, start) = (profiles.Current, profiles.Start);
        if (start.Changes.Count > 0 && current.Number > 1)
        {
            yield return $"{start.Action}: version {current.Number} of the profiles is in force; 'deviceacme profile history' shows what changed";
        }

        foreach (var name in start.Undone)
        {
            yield return $"{name}: the file counts (profile-files is follow), and what an administrator decided is undone; 'deviceacme profile rollback {name}' brings it back until the next start";
        }

        foreach (var name in start.Kept)
        {
            yield return current.Entries[name] is { Hash: { } hash } entry
                ? $"{name}: {hash[..12]} stays in force, activated as version {entry.Since}; its file says something else, which 'deviceacme profile activate' would put into force"
                : $"{name}: stays withdrawn, since version {current.Entries[name].Since}; 'deviceacme profile activate' would offer its file again";
        }
    }

    private static string About(CertificateProfile profile) => profile.Description is null ? "" : $"  {profile.Description}";

    private static string Plain(Uri url) => url.GetLeftPart(UriPartial.Authority);

    // From the working directory where that is shorter, so that it can be copied into the commands below.
    private static string Shown(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }
}
