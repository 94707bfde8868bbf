using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile check</c>: every mistake, failed test and dubious certificate of profile files, before a server reads them.</summary>
internal sealed class CheckCommand
{
    private readonly Argument<string> _path = new("path") { HelpName = "FILE|DIR", Description = "a profile file, or a folder of them [default: profiles]", DefaultValueFactory = _ => "profiles" };
    private readonly Option<string[]> _anchors = new("--anchors") { HelpName = "DIR", Description = "further folders of vendor roots, as the server has them", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _data = CommandLine.DataDirectory();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    private readonly TextWriter _output;
    private readonly TimeProvider _time;

    private CheckCommand(TextWriter output, TimeProvider time)
    {
        _output = output;
        _time = time;
    }

    public static Command Make(TextWriter output, TimeProvider time)
    {
        var self = new CheckCommand(output, time);
        var command = new CommandWithExamples(
            "check",
            "reports all mistakes of profile files with file and line, runs their tests, and lints the certificates that they give (RFC 5280). Exit code 0: right, 1: mistakes or failed tests, 2: wrong use",
            """
            deviceacme profile check
            deviceacme profile check profiles/apple-device.yaml --json
            deviceacme profile check profiles --anchors /etc/deviceacme/anchors --data /var/lib/deviceacme
            """)
        {
            self._path, self._anchors, self._data, self._json,
        };
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var path = parsed.GetRequiredValue(_path);
        var mistakes = new Mistakes();
        var report = new CheckReport();
        foreach (var (file, profile) in Read(path, parsed.GetValue(_anchors) ?? [], mistakes))
        {
            report.Profiles.Add(profile.Name);
            report.Tests += profile.Tests.Count;
            report.Add(ProfileCheck.Of(file, profile, name => Issuer(parsed.GetRequiredValue(_data), name), _time.GetUtcNow()));
        }

        report.Add(ProfileCheck.Of(mistakes));
        _output.Write(parsed.GetValue(_json) ? report.ToJson() : report.ToText());
        return report.Errors > 0 ? 1 : 0;
    }

    private static List<(string File, CertificateProfile Profile)> Read(string path, IReadOnlyList<string> anchors, Mistakes mistakes)
    {
        if (File.Exists(path))
        {
            var text = System.Text.Encoding.UTF8.GetString(EvidenceFiles.ReadBounded(path));
            return ProfileFile.Parse(path, text, mistakes) is { } profile ? [(path, profile)] : [];
        }

        if (!Directory.Exists(path))
        {
            throw new WrongUse($"there is no file or folder '{path}'", "deviceacme profile check FILE, or the folder of the profiles");
        }

        var own = Path.Combine(path, "trust");
        string[] folders = [.. new[] { AnchorFolders.Shipped, own }.Where(Directory.Exists), .. anchors];
        var set = ProfileSet.Load(path, TrustFolders.Load([.. folders.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal)], mistakes), mistakes);
        return [.. set.All.Select(profile => (new[] { ".yaml", ".yml" }.Select(end => Path.Combine(path, profile.Name + end)).First(File.Exists), profile))];
    }

    /// <summary>The certificate of a CA of this installation; null where there is none yet.</summary>
    internal static X509Certificate2? Issuer(string data, string name)
    {
        var file = Path.Combine(data, "ca", name, "certificate.pem");
        return File.Exists(file) ? X509CertificateLoader.LoadCertificateFromFile(file) : null;
    }
}
