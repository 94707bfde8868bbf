using System.CommandLine;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using DeviceAcme.Cli.Tickets;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Cli.ClientConfig;

/// <summary><c>deviceacme client-config</c>: the command or the configuration with which a stock client enrolls in a profile.</summary>
internal sealed partial class ClientConfigCommand
{
    private const string MacKeyVariable = "DEVICEACME_EAB_KEY";

    private readonly ServerChoices _server = new();
    private readonly Option<string> _client = new("--client") { HelpName = "NAME", Description = string.Join(", ", ClientConfigurations.All.Select(client => client.Name)), Required = true };
    private readonly Option<string> _profile = new("--profile") { HelpName = "NAME", Description = "the profile to enroll in", Required = true };
    private readonly Option<string[]> _name = new("--name") { HelpName = "NAME", Description = "DNS name or address; more than once [default: host.example]" };
    private readonly Option<string?> _challenge = new("--challenge") { HelpName = "TYPE", Description = "http-01, dns-01 or tls-alpn-01 [default: the first that client and profile have]" };
    private readonly Option<string?> _email = new("--email") { HelpName = "ADDRESS", Description = "contact of the account [default: admin@ the first name]" };
    private readonly Option<string?> _eab = new("--eab") { HelpName = "KEYID", Description = "key for external account binding, as 'deviceacme eab add' printed it" };
    private readonly Option<string?> _eabKey = new("--eab-key") { HelpName = "MACKEY", Description = $"its MAC key [default: {MacKeyVariable}]" };
    private readonly Option<bool> _newEab = new("--new-eab") { Description = "makes such a key now, as 'deviceacme eab add' does" };
    private readonly Option<int?> _httpPort = new("--http-port") { HelpName = "PORT", Description = "where the client answers http-01 [default: 80]" };
    private readonly Option<int?> _tlsPort = new("--tls-port") { HelpName = "PORT", Description = "where the client answers tls-alpn-01 [default: 443]" };
    private readonly Option<string?> _webRoot = new("--webroot") { HelpName = "DIR", Description = "folder of a running web server, in which the client puts its http-01 answers" };
    private readonly Option<string?> _dnsProvider = new("--dns-provider") { HelpName = "NAME", Description = "for dns-01: the client's own name of what writes TXT records" };
    private readonly Option<bool> _json = new("--json") { Description = "for machines: the text with its language and notes" };

    private readonly Option<string?> _ticket = new("--ticket") { HelpName = "CODE", Description = "a ticket's code (tkt_…) or the URL of its directory, as 'deviceacme ticket add' printed it" };
    private readonly AdminServerChoice _admin;
    private readonly TextWriter _output;
    private readonly Talk _talk;

    private ClientConfigCommand(TextWriter output, Talk talk)
    {
        _admin = AdminServerChoice.Beside(_server.Data);
        _output = output;
        _talk = talk;
    }

    public static Command Make(TextWriter output, Talk talk)
    {
        var self = new ClientConfigCommand(output, talk);
        var command = new CommandWithExamples("client-config", "prints the exact command or configuration of an ACME client for a profile", """
            deviceacme client-config --client certbot --profile tls-server --url https://acme.example --name www.example.com
            deviceacme client-config --client cert-manager --profile tls-server --name www.example.com > issuer.yaml
            deviceacme client-config --client lego --profile printer --name printer7.example --eab KEYID --eab-key MACKEY | sh
            deviceacme client-config --client caddy --profile tls-server --name www.example.com --new-eab >> Caddyfile
            """)
        {
            self._client, self._profile, self._name, self._challenge, self._email, self._eab, self._eabKey, self._newEab, self._ticket,
            self._httpPort, self._tlsPort, self._webRoot, self._dnsProvider, self._json,
        };
        self._server.AddTo(command);
        self._admin.AddTo(command);
        command.SetAction(self.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken cancellation)
    {
        var name = parsed.GetRequiredValue(_client);
        var client = ClientConfigurations.All.FirstOrDefault(client => client.Name == name)
            ?? throw new WrongUse($"--client: '{name}' is not known", NearestName.Hint(name, [.. ClientConfigurations.All.Select(client => client.Name)]));
        var server = KnownServer.Open(parsed, _server);
        var profile = server.Profile(parsed.GetRequiredValue(_profile));
        var names = Names(parsed, profile, client);
        var ticket = parsed.GetValue(_ticket) is { } text ? TicketChoice.Read(text, profile) : null;
        if (ticket is not null && (parsed.GetValue(_eab) is not null || parsed.GetValue(_newEab)))
        {
            throw new WrongUse("--ticket and --eab exclude each other: a ticket's own directory wants no external account");
        }

        var enrollment = new Enrollment
        {
            DirectoryUrl = server.DirectoryUrl(profile.Name, ticket),
            Names = names,
            Challenge = Challenge(parsed, profile, client, names),
            Keys = profile.Certificate.Keys,
            Email = Email(parsed, names),
            RootFile = server.RootFile,
            HttpPort = Port(parsed, _httpPort),
            TlsPort = Port(parsed, _tlsPort),
            WebRoot = Line(parsed, _webRoot),
            DnsProvider = Word(parsed, _dnsProvider),
        };

        // last: what the client cannot do is refused before a key is made for it
        client.Write(enrollment);
        enrollment = enrollment with { ExternalAccount = ticket is null ? await Account(parsed, profile, cancellation) : null };
        Print(parsed, client, enrollment, server);
        return 0;
    }

    private void Print(ParseResult parsed, IClientConfiguration client, Enrollment enrollment, KnownServer server)
    {
        string[] notes =
        [
            .. client.Notes(enrollment),
            .. enrollment.RootFile is null ? ["the client's machine must trust the root of the directory's TLS; --root FILE names it"] : Array.Empty<string>(),
            .. server.IsLoopback ? [$"{server.Url} is reached from this machine alone; --url says what clients see"] : Array.Empty<string>(),
            .. parsed.GetValue(_name) is { Length: > 0 } ? Array.Empty<string>() : ["host.example stands for your host: --name NAME"],
        ];
        var text = $"# {client.Name} for {enrollment.DirectoryUrl}\n{client.Write(enrollment)}";
        if (parsed.GetValue(_json))
        {
            _output.WriteLine(JsonSerializer.Serialize(new ClientText(client.Name, client.Language, enrollment.DirectoryUrl, enrollment.Challenge, text, notes), ClientConfigJson.Default.ClientText));
            return;
        }

        _output.Write(text);
        foreach (var note in notes)
        {
            _talk.Hint(note);
        }
    }

    private IReadOnlyList<string> Names(ParseResult parsed, CertificateProfile profile, IClientConfiguration client)
    {
        var names = new List<string>();
        foreach (var text in parsed.GetValue(_name) is { Length: > 0 } given ? given : ["host.example"])
        {
            var type = IPAddress.TryParse(text, out _) ? AcmeIdentifier.Ip : AcmeIdentifier.Dns;
            if (!profile.Identifiers.TryGetValue(type, out var rule))
            {
                throw new CommandFailure($"profile {profile.Name} takes no {type} identifier", profile.Identifiers.ContainsKey(AcmeIdentifier.PermanentIdentifier)
                    ? "it is for devices that attest; 'deviceacme apple payload' is for Apple's" : "its identifiers are " + string.Join(", ", profile.Identifiers.Keys));
            }

            if (type == AcmeIdentifier.Ip && !client.TakesAddresses)
            {
                throw new CommandFailure($"{client.Name} enrolls no addresses", "clients that do: " + string.Join(", ", ClientConfigurations.All.Where(other => other.TakesAddresses).Select(other => other.Name)));
            }

            var value = Read(type, text);
            names.Add(rule.Allows(value) ? value : throw new CommandFailure($"profile {profile.Name} does not allow '{value}'", "it allows " + string.Join(", ", rule.Allow)));
        }

        return names;
    }

    private static string Read(string type, string text)
    {
        try
        {
            return IdentifierTypes.Find(type)!.Read(text);
        }
        catch (ProblemException problem)
        {
            throw new WrongUse($"--name '{text}': {problem.Message}");
        }
    }

    private string Challenge(ParseResult parsed, CertificateProfile profile, IClientConfiguration client, IReadOnlyList<string> names)
    {
        // every name must be provable by it: a wildcard by dns-01 alone, an address not by it
        var possible = client.Challenges.Where(challenge => names.All(name =>
        {
            var type = IPAddress.TryParse(name, out _) ? AcmeIdentifier.Ip : AcmeIdentifier.Dns;
            return profile.Identifiers[type].Challenges.Contains(challenge) && IdentifierTypes.Find(type)!.CanProve(challenge, name.StartsWith("*.", StringComparison.Ordinal));
        })).ToArray();
        if (parsed.GetValue(_challenge) is { } wished)
        {
            return possible.Contains(wished) ? wished : throw new WrongUse(
                $"--challenge {wished}: {client.Name} and profile {profile.Name} cannot prove {string.Join(", ", names)} by it", possible.Length > 0 ? "they can by " + string.Join(" or ", possible) : null);
        }

        return possible.FirstOrDefault() ?? throw new CommandFailure(
            $"{client.Name} and profile {profile.Name} have no challenge that proves {string.Join(", ", names)}", $"{client.Name} is shown here for {string.Join(", ", client.Challenges)}");
    }

    private static string Email(IReadOnlyList<string> names)
    {
        var host = names.FirstOrDefault(name => !IPAddress.TryParse(name, out _)) ?? "host.example";
        return "admin@" + (host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host);
    }

    private string Email(ParseResult parsed, IReadOnlyList<string> names)
    {
        var email = parsed.GetValue(_email) ?? Email(names);
        try
        {
            ContactRules.Check(["mailto:" + email]);
            return email;
        }
        catch (ProblemException problem)
        {
            throw new WrongUse($"--email: {problem.Message}");
        }
    }

    private async Task<ExternalAccount?> Account(ParseResult parsed, CertificateProfile profile, CancellationToken cancellation)
    {
        var keyId = parsed.GetValue(_eab);
        var wanted = keyId is not null || parsed.GetValue(_newEab);
        if (!wanted)
        {
            return profile.RequiresTicket
                ? throw new CommandFailure($"profile {profile.Name} requires a ticket", "--eab KEYID --eab-key MACKEY or --ticket CODE as 'deviceacme ticket add' printed them, or --new-eab to make one now")
                : null;
        }

        if (keyId is null)
        {
            var keys = await EabKeys.Open(_admin, parsed, cancellation);
            var made = await keys.Add(profile.Name, expires: null, cancellation);
            _talk.Hint($"made the key {made.KeyId}; 'deviceacme eab remove {made.KeyId}' takes it back");
            return new ExternalAccount(made.KeyId, made.MacKey!);
        }

        var macKey = parsed.GetValue(_eabKey) ?? Environment.GetEnvironmentVariable(MacKeyVariable);
        return macKey is null
            ? throw new WrongUse("--eab needs the MAC key", $"--eab-key MACKEY or {MacKeyVariable}; it was shown once, when the key was made")
            : Base64Url().IsMatch(keyId) && Base64Url().IsMatch(macKey)
                ? new ExternalAccount(keyId, macKey)
                : throw new WrongUse("--eab, --eab-key: expected base64url without padding, as 'deviceacme eab add' printed them");
    }

    private static int? Port(ParseResult parsed, Option<int?> option) => parsed.GetValue(option) is not { } port ? null
        : port is >= 1 and <= 65535 ? port : throw new WrongUse($"{option.Name}: expected a port from 1 to 65535, found {port}");

    private static string? Line(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } text && text.Any(char.IsControl)
        ? throw new WrongUse($"{option.Name}: expected one line") : parsed.GetValue(option);

    private static string? Word(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } text && !ProviderName().IsMatch(text)
        ? throw new WrongUse($"{option.Name}: expected a name, found '{text}'") : parsed.GetValue(option);

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,256}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Base64Url();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_:.-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ProviderName();
}

/// <summary>What is printed, for machines.</summary>
internal sealed record ClientText(
    [property: JsonPropertyName("client")] string Client,
    [property: JsonPropertyName("language")] string Language,
    [property: JsonPropertyName("directory")] string Directory,
    [property: JsonPropertyName("challenge")] string Challenge,
    [property: JsonPropertyName("text")] string Text,
    [property: JsonPropertyName("notes")] IReadOnlyList<string> Notes);

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ClientText))]
internal sealed partial class ClientConfigJson : JsonSerializerContext;
