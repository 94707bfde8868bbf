using System.CommandLine;
using System.Globalization;

namespace DeviceAcme.Cli;

/// <summary><c>deviceacme init</c>: asks a few questions and writes a configuration that starts.</summary>
internal sealed class InitCommand(TextReader input, TextWriter output, Talk talk)
{
    private const string FileName = "deviceacme.yaml";
    private const string ProfileFolder = "profiles";
    private const int LongestCaName = 44;

    private readonly Option<DirectoryInfo> _folder = new("--folder") { HelpName = "DIR", Description = "where the configuration goes [default: here]", DefaultValueFactory = _ => new DirectoryInfo(".") };
    private readonly Option<string?> _url = new("--url") { HelpName = "URL", Description = "what clients will see, for example https://acme.example" };
    private readonly Option<string?> _caName = new("--ca-name") { HelpName = "NAME", Description = "common name of the new root" };
    private readonly Option<string?> _profile = new("--profile") { HelpName = "NAME", Description = "the first profile, one of the shipped ones" };
    private readonly Option<bool> _yes = new("--yes") { Description = "asks nothing: what was not said is the default" };

    public Command Command()
    {
        var command = new CommandWithExamples(
            "init", "asks a few questions and writes a configuration that starts", "deviceacme init\ndeviceacme init --yes --url https://acme.example --ca-name \"Example Devices\" --profile apple-device --folder /etc/deviceacme")
        {
            _folder, _url, _caName, _profile, _yes,
        };
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var folder = parsed.GetRequiredValue(_folder).FullName;
        var file = Path.Combine(folder, FileName);
        if (File.Exists(file))
        {
            throw new CommandFailure($"{file} is there already", "remove it, or choose another --folder");
        }

        var shipped = Path.Combine(AppContext.BaseDirectory, ProfileFolder);
        var names = Directory.EnumerateFiles(shipped, "*.yaml").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal).ToList();
        var yes = parsed.GetValue(_yes);
        var url = Ask("What will clients see as its URL?", "--url", parsed.GetValue(_url), "https://localhost:14000", yes, text =>
            Uri.TryCreate(text, UriKind.Absolute, out var found) && found.Scheme == Uri.UriSchemeHttps && found is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
                ? null : "expected https://HOST or https://HOST:PORT without a path");
        var caName = Ask("What is the new root called?", "--ca-name", parsed.GetValue(_caName), "DeviceAcme", yes, text =>
            text.Length is > 0 and <= LongestCaName && !text.Any(char.IsControl) && text.IndexOfAny(['"', '\\']) < 0 ? null : $"expected 1 to {LongestCaName} printable characters without quotes");
        var profile = Ask($"Which profile comes first ({string.Join(", ", names)})?", "--profile", parsed.GetValue(_profile), "tls-server", yes, text =>
            names.Contains(text) ? null : $"expected one of {string.Join(", ", names)}");

        var profiles = Path.Combine(folder, ProfileFolder);
        Directory.CreateDirectory(profiles);
        var copy = Path.Combine(profiles, profile + ".yaml");
        if (!File.Exists(copy))
        {
            File.Copy(Path.Combine(shipped, profile + ".yaml"), copy);
        }

        File.WriteAllText(file, Text(new Uri(url), caName, profile));
        output.WriteLine(file);
        output.WriteLine(copy);
        talk.Hint($"start it: DeviceAcme.Server --config {file}");
        talk.Hint("a root of your own: deviceacme ca csr, have it signed, then deviceacme ca import; more profiles: copy them beside the first one");
        return 0;
    }

    private string Ask(string question, string option, string? given, string usual, bool yes, Func<string, string?> mistake)
    {
        if (given is not null || yes)
        {
            var value = given ?? usual;
            return mistake(value) is { } wrong ? throw new WrongUse($"{option}: {wrong}, found '{value}'") : value;
        }

        while (true)
        {
            talk.Ask($"{question} [{usual}] ");
            var answer = input.ReadLine()?.Trim() ?? throw new CommandFailure("the answers ended too early", $"{option} gives this one without a question, --yes all of them");
            answer = answer.Length == 0 ? usual : answer;
            if (mistake(answer) is not { } wrong)
            {
                return answer;
            }

            talk.Progress(wrong);
        }
    }

    // the status and admin listeners stand beside the public one
    private static string Text(Uri url, string caName, string profile)
    {
        var port = url.Port == 443 ? 14000 : url.Port;
        var statusPort = (port + 1).ToString(CultureInfo.InvariantCulture);
        var adminPort = (port + 2).ToString(CultureInfo.InvariantCulture);
        return $"""
            # Made by 'deviceacme init'. Every setting: docs/options.md or --help.
            url: {url.GetLeftPart(UriPartial.Authority)}

            # database, keys and CA: back this up
            data: data

            # one YAML file each; the shipped vendor roots are there without being named here
            profiles: {ProfileFolder}
            default-profile: {profile}

            # only read when the CA is made
            ca-name: "{caName}"

            # CRLs and CA certificates, plain HTTP; this URL is written into certificates
            status-url: http://{url.Host}:{statusPort}

            # administration, on this machine
            admin-url: http://localhost:{adminPort}
            """.ReplaceLineEndings("\n") + "\n";
    }
}
