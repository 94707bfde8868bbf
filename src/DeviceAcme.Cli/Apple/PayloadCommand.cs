using System.CommandLine;
using System.Text;
using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Cli.Tickets;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Cli.Apple;

/// <summary><c>deviceacme apple payload</c>: what an administrator gives to the device management.</summary>
internal sealed class PayloadCommand
{
    private const string MobileConfig = "mobileconfig";
    private const string Declarative = "declarative";

    private readonly ServerChoices _server = new();
    private readonly Option<string> _profile = new("--profile") { HelpName = "NAME", Description = "the profile that the devices enroll in", Required = true };
    private readonly Option<string?> _serial = new("--serial") { HelpName = "SERIAL", Description = "serial number, for a payload of one device" };
    private readonly Option<string?> _udid = new("--udid") { HelpName = "UDID", Description = "UDID, likewise; on a Mac the provisioning UDID" };
    private readonly TicketChoice _ticket;
    private readonly Option<string?> _mdm = new("--mdm") { HelpName = "NAME", Description = $"puts the variables of a device management: {string.Join(", ", MdmService.All.Select(service => service.Name))}" };
    private readonly Option<string> _format = new("--format") { HelpName = "FORMAT", Description = $"{MobileConfig} (a configuration profile) or {Declarative} (the document com.apple.credential.acme)", DefaultValueFactory = _ => MobileConfig };
    private readonly Option<string?> _dataUrl = new("--data-url") { HelpName = "URL", Description = "with declarative: prints the two declarations that lead to the document, which devices will fetch there" };
    private readonly Option<int?> _keySize = new("--key-size") { HelpName = "BITS", Description = "256 or 384 [default: what comes first in the profile's keys]" };
    private readonly Option<string?> _identifier = new("--identifier") { HelpName = "NAME", Description = "PayloadIdentifier [default: the server's host reversed, and the profile]" };
    private readonly Option<string?> _displayName = new("--display-name") { HelpName = "TEXT", Description = "what people see [default: the profile's description]" };
    private readonly Option<string?> _organization = new("--organization") { HelpName = "TEXT", Description = "who it is from" };
    private readonly Option<string?> _wifi = new("--wifi") { HelpName = "SSID", Description = "adds this network with EAP-TLS and the new identity" };
    private readonly Option<string[]> _wifiServer = new("--wifi-server") { HelpName = "NAME", Description = "name in the RADIUS server's certificate, such as radius.example; with --wifi" };
    private readonly Option<string?> _wifiRoot = new("--wifi-root") { HelpName = "FILE", Description = "root of the RADIUS server's certificate [default: the same root]" };
    private readonly Option<string?> _signCert = new("--sign-cert") { HelpName = "FILE", Description = "signs the profile (CMS): certificate with its chain, PEM" };
    private readonly Option<string?> _signKey = new("--sign-key") { HelpName = "FILE", Description = "its key, PEM" };
    private readonly Option<string?> _output = new("--output", "-o") { HelpName = "FILE", Description = "where to write it [default: stdout]" };

    private readonly TextWriter _text;
    private readonly Talk _talk;
    private readonly TimeProvider _time;

    private PayloadCommand(TextWriter text, Talk talk, TimeProvider time)
    {
        _text = text;
        _talk = talk;
        _time = time;
        _ticket = new TicketChoice(_server.Data);
    }

    public static Command Make(TextWriter text, Talk talk, TimeProvider time)
    {
        var self = new PayloadCommand(text, talk, time);
        var command = new CommandWithExamples("payload", "writes the ACME payload of a profile, for a device management or for one device", """
            deviceacme apple payload --profile apple-device --url https://acme.example --mdm jamf -o identity.mobileconfig
            deviceacme apple payload --profile apple-device --url https://acme.example --serial C02XK1PZJGH5 \
              --wifi Office --wifi-server radius.example --sign-cert signer.pem --sign-key signer-key.pem -o mac.mobileconfig
            deviceacme apple payload --profile apple-device --url https://acme.example --mdm fleet --format declarative
            deviceacme apple payload --profile apple-user-enrollment --url https://acme.example --new-ticket -o olga.mobileconfig
            """);
        Option[] options =
        [
            self._profile, self._serial, self._udid, self._mdm, self._format, self._dataUrl, self._keySize, self._identifier, self._displayName,
            self._organization, self._wifi, self._wifiServer, self._wifiRoot, self._signCert, self._signKey, self._output,
        ];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        self._server.AddTo(command);
        self._ticket.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken cancellation)
    {
        CheckTogether(parsed);
        var server = KnownServer.Open(parsed, _server);
        var profile = server.Profile(parsed.GetRequiredValue(_profile));
        var mdm = parsed.GetValue(_mdm) is { } service ? MdmService.Find(service) : null;
        var ticket = await _ticket.Code(parsed, profile, parsed.GetValue(_serial) ?? parsed.GetValue(_udid), _talk, cancellation);
        var device = DeviceNames.For(profile, parsed.GetValue(_serial), parsed.GetValue(_udid), mdm, ticket);
        // a ticket is shown once: as what is ordered, or else by the URL
        var directory = server.DirectoryUrl(profile.Name, profile.TakesClientIdentifier ? null : ticket);
        var payload = AcmePayload.For(profile, directory, device, parsed.GetValue(_keySize), mdm);
        if (server.IsLoopback)
        {
            _talk.Hint($"{server.Url} is the device itself for every device but this machine: --url says what devices see");
        }

        if (profile.Identifiers[AcmeIdentifier.PermanentIdentifier].Proves == DeviceFacts.Udid)
        {
            _talk.Hint("the UDID in a Mac's evidence is its provisioning UDID, which most managements do not show");
        }

        if (mdm is { RenewalMarker: { } marker })
        {
            _talk.Hint($"{mdm.Title} knows the certificate again by {marker} in its subject; docs/apple.md says what the profile needs for that");
        }

        var identifier = parsed.GetValue(_identifier) ?? Reversed(new Uri(server.Url).Host) + "." + profile.Name;
        if (parsed.GetValue(_format) == Declarative)
        {
            Write(parsed, Declared(parsed, payload, identifier));
            return 0;
        }

        var octets = PlistWriter.Write(Configuration(parsed, server, payload, identifier).ToPlist());
        if (parsed.GetValue(_signCert) is { } certificate)
        {
            octets = ProfileSignature.Sign(octets, certificate, parsed.GetValue(_signKey)!, _time.GetUtcNow());
        }

        Write(parsed, octets);
        return 0;
    }

    private void CheckTogether(ParseResult parsed)
    {
        var declarative = parsed.GetValue(_format) switch
        {
            MobileConfig => false,
            Declarative => true,
            var other => throw new WrongUse($"--format: expected {MobileConfig} or {Declarative}, found '{other}'"),
        };
        var signed = parsed.GetValue(_signCert) is not null;
        (bool Wrong, string Message, string? Hint)[] rules =
        [
            (signed != parsed.GetValue(_signKey) is not null, "--sign-cert and --sign-key go together", null),
            (signed && declarative, "declarations are not signed", null),
            (signed && parsed.GetValue(_mdm) is not null, "a signed profile cannot have variables: whoever fills them breaks the signature", "leave --sign-cert away and let the device management sign, or name one device with --serial"),
            (signed && parsed.GetValue(_output) is null, "a signed profile is binary", "--output FILE says where to write it"),
            (declarative && parsed.GetValue(_wifi) is not null, "--wifi is a part of a configuration profile", "leave --format declarative away"),
            (!declarative && parsed.GetValue(_dataUrl) is not null, "--data-url belongs to --format declarative", null),
            (parsed.GetValue(_wifi) is not null && parsed.GetValue(_wifiServer) is not { Length: > 0 }, "--wifi needs --wifi-server", "without the name, anybody with a certificate of the same root could pose as your RADIUS server"),
            (parsed.GetValue(_wifi) is null && (parsed.GetValue(_wifiServer) is { Length: > 0 } || parsed.GetValue(_wifiRoot) is not null), "--wifi-server and --wifi-root belong to --wifi SSID", null),
            (parsed.GetValue(_mdm) is not null && (parsed.GetValue(_serial) ?? parsed.GetValue(_udid)) is not null, "--mdm is for all devices of a management, --serial and --udid are for one", null),
        ];
        if (rules.FirstOrDefault(rule => rule.Wrong) is { Wrong: true } broken)
        {
            throw new WrongUse(broken.Message, broken.Hint);
        }
    }

    private ConfigurationProfile Configuration(ParseResult parsed, KnownServer server, AcmePayload payload, string identifier)
    {
        var roots = server.Roots();
        if (roots.Count == 0)
        {
            _talk.Hint("no root certificate is in this profile: --root FILE adds it, unless devices trust it already");
        }

        var wifiRoots = parsed.GetValue(_wifiRoot) is { } file ? KnownServer.Certificates(file) : [];
        if (parsed.GetValue(_wifi) is not null && roots.Count + wifiRoots.Count == 0)
        {
            throw new WrongUse("--wifi needs a root that vouches for the RADIUS server", "--wifi-root FILE, or --root FILE where it is the same");
        }

        return new ConfigurationProfile
        {
            Acme = payload,
            Identifier = identifier,
            DisplayName = parsed.GetValue(_displayName) ?? payload.Profile.Description ?? payload.Profile.Name,
            Organization = parsed.GetValue(_organization),
            Roots = roots,
            WifiRoots = wifiRoots,
            Wifi = parsed.GetValue(_wifi) is { } ssid ? new WifiNetwork(ssid, parsed.GetValue(_wifiServer)!) : null,
        };
    }

    private byte[] Declared(ParseResult parsed, AcmePayload payload, string identifier)
    {
        var credential = PlistJson.Write(Declaration.Credential(payload));
        return parsed.GetValue(_dataUrl) is { } url
            ? PlistJson.Write(new PlistValue.Array([.. Declaration.Declarations(identifier, url, credential)]))
            : credential;
    }

    private void Write(ParseResult parsed, byte[] octets)
    {
        if (parsed.GetValue(_output) is not { } file)
        {
            _text.Write(Encoding.UTF8.GetString(octets));
            return;
        }

        try
        {
            File.WriteAllBytes(file, octets);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{file} cannot be written: {exception.Message}");
        }
    }

    private static string Reversed(string host) => Uri.CheckHostName(host) == UriHostNameType.Dns ? string.Join('.', host.Split('.').Reverse()) : $"acme.{host}";
}
