using System.CommandLine;
using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary><c>deviceacme apple lint</c>: says of an existing payload what will go wrong, before a device does. Exit code 1 where there is an error.</summary>
internal sealed class LintCommand
{
    private readonly ServerChoices _server = new();
    private readonly Argument<string> _file = new("file") { HelpName = "FILE", Description = "configuration profile (XML or signed), or the JSON of com.apple.credential.acme" };
    private readonly Option<string?> _profile = new("--profile") { HelpName = "NAME", Description = "the profile to compare with [default: the one that DirectoryURL names, if it is there]" };
    private readonly Option<string?> _mdm = new("--mdm") { HelpName = "NAME", Description = "the device management that will deliver it: " + string.Join(", ", MdmService.All.Select(service => service.Name)) };
    private readonly Option<string[]> _os = new("--os") { HelpName = "SYSTEM=VERSION", Description = "an oldest system that it will reach, such as macos=13.6; more than once" };
    private readonly Option<bool> _json = new("--json") { Description = "for machines" };

    private readonly TextWriter _output;
    private readonly Talk _talk;
    private readonly TimeProvider _time;

    private LintCommand(TextWriter output, Talk talk, TimeProvider time)
    {
        _output = output;
        _talk = talk;
        _time = time;
    }

    public static Command Make(TextWriter output, Talk talk, TimeProvider time)
    {
        var self = new LintCommand(output, talk, time);
        var command = new CommandWithExamples("lint", "checks an existing payload against Apple's rules and a profile", """
            deviceacme apple lint identity.mobileconfig --profile apple-device --profiles profiles --url https://acme.example
            deviceacme apple lint identity.mobileconfig --os macos=13.6 --os ios=16 --json
            deviceacme apple lint credential.json --mdm jamf
            """)
        {
            self._file, self._profile, self._mdm, self._os, self._json,
        };
        self._server.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        try
        {
            return Lint(parsed);
        }
        catch (CommandFailure failure)
        {
            // 1 says that the payload has errors; nothing was said of it here
            throw new WrongUse(failure.Message, failure.Hint);
        }
    }

    private int Lint(ParseResult parsed)
    {
        var name = parsed.GetRequiredValue(_file);
        var systems = (parsed.GetValue(_os) ?? []).Select(AppleSystem.Parse).ToArray();
        var mdm = parsed.GetValue(_mdm) is { } service ? MdmService.Find(service) : null;
        var octets = Octets(name);
        var report = Report(parsed, name, octets, systems, mdm);
        _output.WriteLine(parsed.GetValue(_json) ? report.ToJson() : report.ToText());
        return report.Errors > 0 ? 1 : 0;
    }

    private LintReport Report(ParseResult parsed, string name, byte[] octets, IReadOnlyList<AppleSystem> systems, MdmService? mdm)
    {
        PayloadFile file;
        try
        {
            file = PayloadFile.Read(octets);
        }
        catch (UnreadableDocument unreadable)
        {
            return new LintReport
            {
                File = name,
                Findings = [new Finding(unreadable.Code, Severity.Error, "", unreadable.Expected, unreadable.Found, "file") { Line = unreadable.Line }],
            };
        }

        var subject = new LintSubject { File = file, Mdm = mdm, Systems = systems, Now = _time.GetUtcNow() };
        subject = Surroundings(parsed, subject);
        if (systems.Count == 0 && subject.AcmePayloads.Any(payload => payload.Flag(AppleKey.Attest) == true))
        {
            _talk.Hint("--os macos=VERSION says which systems it will reach; Attest must be false before macOS 14");
        }

        return new LintReport
        {
            File = name,
            Kind = file.Kind,
            Profile = subject.Profile?.Name,
            Signer = file.Signature?.Signer,
            Findings = LintRules.Run(subject),
        };
    }

    // What is said must be there; what is only guessed may be missing, and its rules are silent then.
    private LintSubject Surroundings(ParseResult parsed, LintSubject subject)
    {
        if (parsed.GetValue(_profile) is { } wanted)
        {
            var server = KnownServer.Open(parsed, _server);
            return subject with { Profile = server.Profile(wanted), ServerUrl = server.KnownUrl, Roots = server.Roots() };
        }

        var named = subject.AcmePayloads.Select(DirectoryRules.Of).OfType<Uri>().Select(DirectoryRules.ProfileOf).OfType<string>().FirstOrDefault();
        if (KnownServer.Find(parsed, _server) is not { } known)
        {
            _talk.Hint("compared with no profile: --profile NAME and --profiles DIR say which");
            return subject;
        }

        CertificateProfile? profile = null;
        if (named is not null && known.ProfileNames.Contains(named))
        {
            profile = known.Profile(named);
        }
        else
        {
            _talk.Hint($"compared with no profile: {(named is null ? "DirectoryURL names none" : $"none is named '{named}'")}; --profile NAME says which");
        }

        return subject with { Profile = profile, ServerUrl = known.KnownUrl, Roots = known.Roots() };
    }

    private static byte[] Octets(string file)
    {
        try
        {
            // one more octet than is read: the reader says that it is too large
            using var stream = File.OpenRead(file);
            var octets = new byte[(int)Math.Min(stream.Length, PlistReader.MaximumSize + 1)];
            stream.ReadExactly(octets);
            return octets;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be read: {exception.Message}");
        }
    }
}
