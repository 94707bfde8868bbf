using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace DeviceAcme.Cli;

/// <summary><c>deviceacme init</c>: asks a few questions and writes a configuration that starts.</summary>
internal sealed partial class InitCommand(TextReader input, TextWriter output, Talk talk)
{
    private const string FileName = "deviceacme.yaml";
    private const string ProfileFolder = "profiles";
    private const int LongestCaName = 44;

    private readonly Option<DirectoryInfo> _folder = new("--folder") { HelpName = "DIR", Description = "where the configuration goes [default: here]", DefaultValueFactory = _ => new DirectoryInfo(".") };
    private readonly Option<string?> _url = new("--url") { HelpName = "URL", Description = "what clients will see, for example https://acme.example" };
    private readonly Option<string?> _root = new("--root") { HelpName = "new|existing", Description = "a root of its own, or a CA that is there already and signs this one's issuing CA" };
    private readonly Option<string?> _caName = new("--ca-name") { HelpName = "NAME", Description = "common name of the new root, and the beginning of the issuing CA's" };
    private readonly Option<string?> _profile = new("--profile") { HelpName = "NAME", Description = "the first profile, one of the shipped ones" };
    private readonly Option<string?> _unknown = new("--unknown-devices") { HelpName = "WHAT", Description = "refuse, approve or register genuine devices that are not in the ledger [default: as the profile is shipped]" };
    private readonly Option<FileInfo?> _devices = new("--devices") { HelpName = "FILE", Description = "inventory that each start brings into the ledger, CSV or JSON [default: none]" };
    private readonly Option<bool> _yes = new("--yes") { Description = "asks nothing: what was not said is the default" };

    public Command Command()
    {
        var command = new CommandWithExamples(
            "init",
            "asks a few questions and writes a configuration that starts",
            "deviceacme init\ndeviceacme init --yes --url https://acme.example --ca-name \"Example Devices\" --profile apple-device --devices inventory.csv --folder /etc/deviceacme\n"
            + "deviceacme init --yes --root existing --ca-name \"Example Device Issuing\"")
        {
            _folder, _url, _root, _caName, _profile, _unknown, _devices, _yes,
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
        var url = Ask(parsed, _url, "What will clients see as its URL?", "https://localhost:14000", text =>
            Uri.TryCreate(text, UriKind.Absolute, out var found) && found.Scheme == Uri.UriSchemeHttps && found is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" }
                ? null : "expected https://HOST or https://HOST:PORT without a path");
        var isNew = Ask(parsed, _root, "Does it get a new root, or does an existing CA sign its issuing CA (new, existing)?", "new", OneOf("new", "existing")) == "new";
        var caName = Ask(parsed, _caName, isNew ? "What is the new root called?" : "What is the issuing CA called?", "DeviceAcme", text =>
            text.Length is > 0 and <= LongestCaName && !text.Any(char.IsControl) && text.IndexOfAny(['"', '\\']) < 0 ? null : $"expected 1 to {LongestCaName} printable characters without quotes");
        var profile = Ask(parsed, _profile, $"Which profile comes first ({string.Join(", ", names)})?", "tls-server", text =>
            names.Contains(text) ? null : $"expected one of {string.Join(", ", names)}");
        var text = File.ReadAllText(Path.Combine(shipped, profile + ".yaml"));
        var (policy, inventory) = Devices(parsed, text);

        var profiles = Path.Combine(folder, ProfileFolder);
        Directory.CreateDirectory(profiles);
        var copy = Path.Combine(profiles, profile + ".yaml");
        if (!File.Exists(copy))
        {
            File.WriteAllText(copy, policy is null ? text : Unknown().Replace(text, match => match.Groups["name"].Value + policy + new string(' ', Math.Max(1, match.Groups["space"].Length + match.Groups["value"].Length - policy.Length)), 1));
        }

        File.WriteAllText(file, Text(new Uri(url), caName, profile, inventory));
        output.WriteLine(file);
        output.WriteLine(copy);
        talk.Hint($"start it: DeviceAcme.Server --config {file}");
        if (!isNew)
        {
            // the key of the issuing CA is made by the first start
            talk.Hint($"then: deviceacme ca csr --config {file}; have the request signed as a subordinate CA; deviceacme ca import FILE --config {file}. Until then a root of its own signs, which nobody needs to trust");
        }

        talk.Hint("more profiles: copy them beside the first one; what is in force then: deviceacme profile list");
        if (policy is "refuse" && inventory is null)
        {
            talk.Hint("the ledger is empty: deviceacme device import FILE brings devices in");
        }

        return 0;
    }

    /// <summary>What happens to devices that nobody announced, and where the announced ones stand; nothing for a profile without devices.</summary>
    private (string? Policy, string? Inventory) Devices(ParseResult parsed, string profile)
    {
        if (Unknown().Match(profile) is not { Success: true } usual)
        {
            return parsed.GetValue(_unknown) is null && parsed.GetValue(_devices) is null ? (null, null)
                : throw new WrongUse($"{_unknown.Name} and {_devices.Name}: this profile is not about devices of the ledger");
        }

        var policy = Ask(
            parsed, _unknown, "A genuine device that is not in the ledger: refuse it, let an officer approve it, or register it by itself (refuse, approve, register)?", usual.Groups["value"].Value, OneOf("refuse", "approve", "register"));
        var inventory = parsed.GetValue(_devices)?.FullName ?? "";
        if (inventory.Length == 0 && policy == "refuse" && !parsed.GetValue(_yes))
        {
            inventory = AskAlways("Which inventory is brought in at each start (a CSV or JSON file; empty for none)?", _devices.Name, "", text => text.Length == 0 || File.Exists(text) ? null : $"there is no file {text}");
        }

        return inventory.Length == 0 ? (policy, null)
            : File.Exists(inventory) ? (policy, Path.GetFullPath(inventory))
            : throw new WrongUse($"{_devices.Name}: no file {inventory}");
    }

    private static Func<string, string?> OneOf(params string[] choices) => text => choices.Contains(text) ? null : $"expected {string.Join(" or ", choices)}";

    private string Ask(ParseResult parsed, Option<string?> option, string question, string usual, Func<string, string?> mistake)
    {
        if (parsed.GetValue(option) is null && !parsed.GetValue(_yes))
        {
            return AskAlways(question, option.Name, usual, mistake);
        }

        var value = parsed.GetValue(option) ?? usual;
        return mistake(value) is { } wrong ? throw new WrongUse($"{option.Name}: {wrong}, found '{value}'") : value;
    }

    private string AskAlways(string question, string option, string usual, Func<string, string?> mistake)
    {
        while (true)
        {
            talk.Ask(usual.Length > 0 ? $"{question} [{usual}] " : question + " ");
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
    private static string Text(Uri url, string caName, string profile, string? inventory)
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

            # what a device management knows, brought into the ledger: docs/inventory-sync.md
            # sync: sync.yaml

            # the secrets of webhooks, a file each: docs/webhooks.md
            # secrets: secrets
            """.ReplaceLineEndings("\n") + "\n" + (inventory is null ? "" : $"\n# the device ledger; what is in it already stays\ndevices: [\"{inventory.Replace("\\", "\\\\", StringComparison.Ordinal)}\"]\n");
    }

    [GeneratedRegex(@"(?<name>^devices:\n(?:  .*\n)*?  unknown: )(?<value>[a-z]+)(?<space> *)", RegexOptions.Multiline)]
    private static partial Regex Unknown();
}
