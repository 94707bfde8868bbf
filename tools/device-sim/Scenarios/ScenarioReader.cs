using System.Globalization;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>Reads scenario files; what is wrong in all of them is said together.</summary>
internal static class ScenarioReader
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>The published JSON Schema, for editors.</summary>
    public static JsonObject Schema()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "A scenario file of device-sim",
            ["description"] = "Devices, tickets, and what happens to them; 'device-sim run FILE' plays it.",
        };
        foreach (var (name, value) in YamlFields.Describe(fields => Read(fields, "")).ToList())
        {
            schema[name] = value?.DeepClone();
        }

        return schema;
    }

    /// <param name="paths">Files, and folders with <c>*.yaml</c>.</param>
    /// <exception cref="SimulatorException">Something in one of them is wrong, or there is none.</exception>
    public static IReadOnlyList<ScenarioFile> ReadAll(IReadOnlyList<string> paths)
    {
        var mistakes = new MistakeList();
        var files = new List<ScenarioFile>();
        foreach (var path in paths.SelectMany(Files))
        {
            if (YamlFields.ReadFile(path, fields => Read(fields, path), mistakes) is { } file)
            {
                files.Add(file);
            }
        }

        mistakes.ThrowIfAny();
        return files;
    }

    public static ScenarioFile Read(YamlFields fields, string path)
    {
        var profile = fields.Text("profile", "the profile whose directory the devices use");
        var description = fields.Text("description", "what the file is about");
        var tickets = fields.Named("tickets", ReadTicket, "tickets by name; each scenario has them anew");
        var devices = fields.Named("devices", section => ReadDevice(section, tickets), "devices by name").ToDictionary(pair => pair.Key, pair => pair.Value with { Name = pair.Key });
        foreach (var (name, ticket) in tickets)
        {
            Known(fields, "tickets", $"{name}.device", ticket.Device, devices.Keys);
        }

        fields.Require("devices");
        var scenarios = fields.Sections("scenarios", section => ReadScenario(section, devices, tickets), "what happens, and what is expected");
        fields.Require("scenarios");
        foreach (var twice in scenarios.GroupBy(scenario => scenario.Name).Where(group => group.Count() > 1))
        {
            fields.Mistake("scenarios", $"'{twice.Key}' is the name of several");
        }

        return new ScenarioFile { Path = path, Profile = profile, Description = description, Devices = devices, Tickets = tickets, Scenarios = scenarios };
    }

    private static IEnumerable<string> Files(string path) => !Directory.Exists(path) ? [path]
        : Directory.EnumerateFiles(path, "*.yaml").Order(StringComparer.Ordinal).ToList() is { Count: > 0 } files ? files
        : throw new SimulatorException($"{path} has no *.yaml");

    private static ScenarioDevice ReadDevice(YamlFields fields, IReadOnlyDictionary<string, ScenarioTicket> tickets)
    {
        var kind = DeviceFile.ReadKind(fields);
        var known = fields.Text("file", "a device file; what is said here wins") is { } file
            ? DeviceFile.Read(file)
            : new DeviceFile { Kind = kind, Client = DeviceFile.ClientOf(kind) };
        fields.RequireOne(["kind", "file"]);
        var ledger = fields.Section("ledger", ReadLedger, "what the ledger knows of it beforehand ({} for its identifier alone); without it nothing");
        if (ledger is not null && known.Kind is ServerHost.KindName or "byod")
        {
            fields.Mistake("ledger", $"a device of kind {known.Kind} proves no name that a ledger could have");
        }

        var ticket = fields.Text("ticket", "name of the ticket that it presents");
        Known(fields, "ticket", "", ticket, tickets.Keys);
        var standard = known.Kind == "byod" ? Presented.ClientIdentifier
            : Devices.Kinds.Contains(known.Kind) && !Devices.Find(known.Kind).KnowsExternalAccounts ? Presented.Directory
            : Presented.ExternalAccount;
        var presented = fields.Word(
            "presents", "how it presents its ticket; a client that cannot send an external account uses the ticket's directory, or its code where it has no other name",
            ("external-account", Presented.ExternalAccount), ("client-identifier", Presented.ClientIdentifier), ("directory", Presented.Directory)) ?? standard;
        if (ticket is not null && presented == Presented.ExternalAccount && standard != Presented.ExternalAccount)
        {
            fields.Mistake("presents", $"the client of a device of kind {known.Kind} cannot send an external account");
        }

        return new ScenarioDevice("", DeviceFile.ReadOver(fields, known), ledger, ticket, presented);
    }

    private static LedgerWords ReadLedger(YamlFields fields) => new()
    {
        Label = fields.Text("label"),
        Owner = fields.Text("owner"),
        Groups = fields.Texts("groups"),
        Attributes = fields.Pairs("attributes", "for rules and templates: ledger.KEY"),
        Identifiers = fields.Pairs("identifiers", "more of them by kind: serial, udid, imei, ek, …"),
    };

    private static ScenarioTicket ReadTicket(YamlFields fields) => new()
    {
        Profile = fields.Text("profile", "the only profile that it is good for; the file's without it"),
        Device = fields.Text("device", "the only device that it is for"),
        Uses = fields.Number("uses", "how often it can be used; 0 for any number; once without it"),
        ExpiresIn = fields.Text("expires-in", "for example 12h"),
        Allowed = fields.Texts("allowed", "what its accounts may order: dns:.example.com"),
        Attributes = fields.Pairs("attributes", "for rules and templates: ticket.KEY"),
    };

    private static Scenario ReadScenario(YamlFields fields, IReadOnlyDictionary<string, ScenarioDevice> devices, IReadOnlyDictionary<string, ScenarioTicket> tickets)
    {
        var name = fields.RequiredText("name", "one sentence");
        var steps = fields.Sections("steps", section => ReadStep(section, devices, tickets), "in their order");
        fields.Require("steps");
        return new Scenario(name, fields.Line, steps);
    }

    private static Step ReadStep(YamlFields fields, IReadOnlyDictionary<string, ScenarioDevice> devices, IReadOnlyDictionary<string, ScenarioTicket> tickets)
    {
        var said = StepActions.All.Select(entry => (entry.Action, Text: fields.Text(entry.Word, entry.About))).ToList();
        fields.RequireOne([.. StepActions.All.Select(entry => entry.Word)]);
        var (action, subject) = said.FirstOrDefault(entry => entry.Text is not null);
        subject ??= "";
        var pause = TimeSpan.Zero;
        if (subject.Length > 0)
        {
            var known = action == StepAction.RevokeTicket ? tickets.Keys : devices.Keys;
            if (action != StepAction.Wait)
            {
                Known(fields, action.Word(), "", subject, known);
            }
            else if (!Durations.TryParse(subject, out pause) || pause > LongestWait)
            {
                fields.Mistake(action.Word(), string.Create(CultureInfo.InvariantCulture, $"expected a duration up to {LongestWait.TotalSeconds:0}s, found '{subject}'"));
            }
        }

        var device = action is not (StepAction.Wait or StepAction.RevokeTicket) ? devices.GetValueOrDefault(subject) : null;
        var step = new Step
        {
            Action = action,
            Subject = subject,
            Pause = pause,
            Line = fields.Line,
            Device = fields.Section("with", section => DeviceFile.ReadOver(section, device?.File ?? new DeviceFile()), "what is different of the device in this step"),
            Fault = ReadFault(fields, device),
            NewAccount = fields.Word("account", "new: with an account of its own, and not the one that it has", ["new"]) is not null,
            ByCertificateKey = fields.Word("by", "revoke: whose key signs", ("account", false), ("certificate-key", true)) ?? false,
            ReasonCode = fields.Number("reason-code", "revoke: of RFC 5280 §5.3.1"),
            Because = fields.Text("because", "what the administrator says"),
            WithCertificates = fields.Flag("with-certificates", "block, quarantine, retire: its certificates are revoked too") ?? false,
            Expected = fields.Section("expect", ReadExpected, "without it: no refusal, and a certificate where the step asks for one; with a fault: what the table of faults says") ?? new Expected(),
        };
        Only(fields, action, [StepAction.Enroll], "fault", "account");
        Only(fields, action, [StepAction.Enroll, StepAction.Renew], "with");
        Only(fields, action, [StepAction.Revoke], "by", "reason-code");
        Only(fields, action, [StepAction.Block, StepAction.Quarantine, StepAction.Retire], "with-certificates");
        return step;
    }

    private static Fault? ReadFault(YamlFields fields, ScenarioDevice? device)
    {
        var name = fields.Text("fault", "one thing that the device does wrongly; 'device-sim faults' lists them");
        if (name is null || device is null || !Devices.Kinds.Contains(device.File.Kind))
        {
            return null;
        }

        var known = FaultTable.All.Where(fault => fault.Kinds.Contains(device.File.Kind)).ToList();
        if (known.FirstOrDefault(fault => fault.Name == name) is { } found)
        {
            return found;
        }

        fields.Mistake("fault", $"a device of kind {device.File.Kind} has no fault '{name}'; {NearName.Hint(name, known.Select(fault => fault.Name))}");
        return null;
    }

    private static Expected ReadExpected(YamlFields fields)
    {
        var expected = new Expected
        {
            Certificate = fields.Section("certificate", ReadCertificate, "what the certificate must be; what is not named is not looked at"),
            Refused = fields.Section("refused", ReadRefusal, "the step must be refused, and say so; {} for any refusal"),
            Waiting = fields.Flag("waiting", "the order must wait for an officer") ?? false,
            Ledger = fields.Word("ledger", "state of the device in the ledger afterwards", ["unknown", "expected", "active", "pending", "quarantined", "blocked", "retired"]),
        };
        if ((expected.Certificate is null ? 0 : 1) + (expected.Refused is null ? 0 : 1) + (expected.Waiting ? 1 : 0) > 1)
        {
            fields.Mistake("refused", "only one of certificate, refused and waiting can come true");
        }

        return expected;
    }

    private static ExpectedCertificate ReadCertificate(YamlFields fields) => new()
    {
        Subject = fields.Text("subject", "glob; '' for an empty one; {{identifier}} is what was ordered, {{ticket}} the ticket's id"),
        Names = List(fields, "names", "all alternative names, globs: dns:host.example, permanent-identifier:{{identifier}}"),
        Validity = fields.Duration("validity", "from notBefore to notAfter, for example 90d"),
        ExtendedKeyUsage = List(fields, "extended-key-usage", "all purposes: client-auth, server-auth, … or OIDs"),
        KeyUsage = List(fields, "key-usage", "all usages: digital-signature, key-encipherment, …"),
        Policies = List(fields, "policies", "OIDs of all policies"),
        Key = fields.Text("key", "ec-p256, ec-p384, rsa-2048, …"),
        Issuer = fields.Text("issuer", "subject of the issuer, glob"),
        Extensions = List(fields, "extensions", "OIDs that must be there"),
        WithoutExtensions = List(fields, "without-extensions", "OIDs that must not be there"),
    };

    private static ExpectedRefusal ReadRefusal(YamlFields fields) => new()
    {
        Problem = fields.Text("problem", "type without urn:ietf:params:acme:error:, for example badAttestationStatement"),
        Reason = fields.Text("reason", "reason code, for example device-unknown"),
        Status = fields.Number("status", "HTTP status"),
        At = fields.Word("at", "step of the protocol", ["newAccount", "newOrder", "authorization", "challenge", "order", "finalize", "certificate", "attestationCa", "activate", "revokeCert", "keyChange"]),
        Detail = fields.Text("detail", "glob over the problem's detail"),
    };

    private static IReadOnlyList<string>? List(YamlFields fields, string name, string about) => fields.Texts(name, about) is { Count: > 0 } texts || fields.Names.Contains(name) ? fields.Texts(name, about) : null;

    private static void Only(YamlFields fields, StepAction action, StepAction[] actions, params string[] names)
    {
        foreach (var name in names.Where(name => !actions.Contains(action) && fields.Names.Contains(name)))
        {
            fields.Mistake(name, $"only with {string.Join(", ", actions.Select(StepActions.Word))}");
        }
    }

    private static void Known(YamlFields fields, string member, string place, string? name, IEnumerable<string> known)
    {
        if (name is not null && !known.Contains(name))
        {
            fields.Mistake(member, $"{(place.Length > 0 ? place + ": " : "")}there is no '{name}' in this file; {NearName.Hint(name, known)}");
        }
    }
}
