using DeviceAcme.Cli.Apple;
using DeviceAcme.Cli.Apple.Lint;
using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Tests.Cli;

/// <summary>Lint subjects: right by default, one thing changed.</summary>
internal static class Samples
{
    public const string Serial = "C02XK1PZJGH5";
    public const string Acme = "PayloadContent[0]";

    public static CertificateProfile AppleDevice { get; } = Read("apple-device", text => text);

    /// <summary>The shipped apple-device with a change.</summary>
    public static CertificateProfile Read(string name, Func<string, string> change)
    {
        var mistakes = new Mistakes();
        var file = Path.Combine(Terminal.Profiles, name + ".yaml");
        return ProfileFile.Parse(file, change(File.ReadAllText(file)), mistakes)
            ?? throw new InvalidOperationException(string.Join('\n', mistakes.Errors));
    }

    /// <summary>Our own payload for one device, with a network, in the profile's and the server's sight.</summary>
    public static LintSubject Right(string clientIdentifier = Serial)
    {
        var payload = AcmePayload.For(
            AppleDevice,
            "https://acme.example/acme/apple-device/directory",
            new DeviceNames(clientIdentifier, new Dictionary<string, string> { [DeviceFacts.Serial] = clientIdentifier }),
            null,
            null);
        var profile = new ConfigurationProfile
        {
            Acme = payload,
            Identifier = "example.acme.apple-device",
            DisplayName = "Identity",
            Roots = [],
            Wifi = new WifiNetwork("Office", ["radius.example"]),
        };
        return new LintSubject { File = new PayloadFile { Root = profile.ToPlist() }, Profile = AppleDevice, ServerUrl = Terminal.Url, Now = Terminal.Now };
    }

    /// <summary>The declarative twin of it.</summary>
    public static LintSubject Declarative() =>
        Right() with { File = new PayloadFile { Root = new PlistValue.Dictionary([.. Right().AcmePayloads[0].Keys.Entries.Where(entry => !entry.Key.StartsWith("Payload", StringComparison.Ordinal))]), IsDeclarative = true } };

    /// <summary>A key of the ACME payload removed.</summary>
    public static LintSubject Without(this LintSubject subject, string key) => subject.Change(key, null);

    /// <summary>A key of the ACME payload set to something else.</summary>
    public static LintSubject With(this LintSubject subject, string key, PlistValue value) => subject.Change(key, value);

    private static LintSubject Change(this LintSubject subject, string key, PlistValue? value) =>
        subject.File.IsDeclarative ? subject with { File = subject.File with { Root = Set(subject.File.Root, key, value) } } : subject.WithPart(AppleKey.AcmePayload, key, value);

    public static LintSubject With(this LintSubject subject, string key, string value) => subject.With(key, new PlistValue.Text(value));

    public static LintSubject With(this LintSubject subject, string key, long value) => subject.With(key, new PlistValue.Integer(value));

    public static LintSubject With(this LintSubject subject, string key, bool value) => subject.With(key, new PlistValue.Flag(value));

    /// <summary>A key of the profile around it.</summary>
    public static LintSubject WithOuter(this LintSubject subject, string key, PlistValue? value) =>
        subject with { File = subject.File with { Root = Set(subject.File.Root, key, value) } };

    /// <summary>A key of one of its payloads.</summary>
    public static LintSubject WithPart(this LintSubject subject, string type, string key, PlistValue? value) => subject.WithOuter(
        AppleKey.PayloadContent,
        new PlistValue.Array([.. subject.Payloads.Select(payload => payload.Text(AppleKey.PayloadType) == type ? Set(payload.Keys, key, value) : payload.Keys)]));

    /// <summary>One more payload.</summary>
    public static LintSubject WithPayload(this LintSubject subject, params KeyValuePair<string, PlistValue>[] keys) => subject.WithOuter(
        AppleKey.PayloadContent,
        new PlistValue.Array([.. subject.Payloads.Select(payload => payload.Keys), new PlistValue.Dictionary(keys)]));

    public static PlistValue Texts(params string[] items) => new PlistValue.Array([.. items.Select(item => new PlistValue.Text(item))]);

    /// <summary>[[[name, value]], …]</summary>
    public static PlistValue Rdns(params (string Name, string Value)[] attributes) =>
        new PlistValue.Array([.. attributes.Select(attribute => new PlistValue.Array([Texts(attribute.Name, attribute.Value)]))]);

    private static PlistValue.Dictionary Set(PlistValue.Dictionary dictionary, string key, PlistValue? value)
    {
        var entries = dictionary.Entries.Select(entry => entry.Key == key && value is not null ? new(key, value) : entry).Where(entry => entry.Key != key || value is not null).ToList();
        if (value is not null && dictionary.Find(key) is null)
        {
            entries.Add(new(key, value));
        }

        return new PlistValue.Dictionary(entries);
    }
}
