using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Core.Profiles;

/// <summary>The JSON Schema of a profile file, made from what the readers know, for editors. It is coarser than they are: 'profile check' has the last word.</summary>
internal static class ProfileSchema
{
    private const string DurationPattern = "^[1-9][0-9]{0,6}[mhdy]$";
    private const string OidPattern = "^[0-2](\\.(0|[1-9][0-9]*))+$";
    private const string FactPattern = "^[a-z0-9]+(-[a-z0-9]+)*(\\.[a-z0-9]+(-[a-z0-9]+)*)+$";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The schema (draft 7, which editors know best) as text.</summary>
    public static string Text()
    {
        var schema = Properties(
            ProfileFile.Known,
            ["name", "identifiers", "certificate"],
            new Dictionary<string, JsonNode>(StringComparer.Ordinal)
            {
                ["name"] = Described("the file's name without extension; a segment of the directory's URL", Pattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")),
                ["description"] = Described("one sentence; the directory's meta.profiles shows it", Type("string")),
                ["accounts"] = Properties(AccountSection.Known, [], new() { ["external-account-binding"] = Choice("none", "optional", "required"), ["ticket-url"] = Choice("none", "optional", "required"), ["limits"] = LimitsOf(LimitSection.OfAccounts) }),
                ["identifiers"] = Identifiers(),
                ["attestation"] = Attestation(),
                ["evidence"] = Properties(EvidenceSection.Known, [], new() { ["keep"] = OneOf(Pattern(DurationPattern), Choice("verdict-only", "none")), ["verdicts"] = Pattern(DurationPattern) }),
                ["anomalies"] = Properties(
                    [.. AnomalyKinds.All.Select(kind => kind.Name)], [], AnomalyKinds.All.ToDictionary(kind => kind.Name, _ => (JsonNode)Choice([.. Enum.GetValues<AnomalyResponse>().Select(AnomalyKinds.Name)]))),
                ["devices"] = Properties(DeviceSection.Known, [], new()
                {
                    ["unknown"] = Described("a genuine device that the ledger does not have", Choice([.. DeviceSection.Choices.Keys])),
                    ["limits"] = LimitsOf(LimitSection.OfDevices),
                }),
                ["approval"] = Described("whether an officer must agree to an order", OneOf(
                    Choice([.. ApprovalSection.Modes.Keys]),
                    Properties(ApprovalSection.Known, [], new()
                    {
                        ["mode"] = Choice([.. ApprovalSection.Modes.Keys]),
                        ["expires"] = Described("how long an order waits for an answer", Pattern(DurationPattern)),
                        ["counts-for"] = Described("how long a yes counts for later orders of the same device", OneOf(Pattern(DurationPattern), Choice("none"))),
                    }))),
                ["webhooks"] = Webhooks(),
                ["certificate"] = Certificate(),
                ["issuer"] = Described("a folder under DIR/ca, or one for each key type", OneOf(Type("string"), Properties(["default", .. SubjectKey.Types], [], new()))),
                ["tests"] = Described("what the rules about facts must say; 'deviceacme profile check' runs them", List(Properties(ProfileTestSection.Known, ["verdict"], new()
                {
                    ["name"] = Type("string"),
                    ["facts"] = Facts(Scalar()),
                    ["unproven"] = Facts(Scalar()),
                    ["verdict"] = Choice("accepted", "refused"),
                    ["reason"] = Type("string"),
                    ["observed"] = Type("string"),
                }))),
            });
        var whole = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["title"] = "DeviceAcme profile",
            ["definitions"] = new JsonObject { ["rules"] = Rules() },
        };
        foreach (var (name, value) in schema)
        {
            whole[name] = value?.DeepClone();
        }

        return whole.ToJsonString(Format) + "\n";
    }

    private static JsonObject Identifiers() => Properties([.. IdentifierTypes.All.Select(type => type.Name)], [], IdentifierTypes.All.ToDictionary(type => type.Name, type => (JsonNode)Properties(
        IdentifierSection.Known,
        ["challenges"],
        new()
        {
            ["challenges"] = List(Choice([.. ChallengeTypes.All.Where(challenge => type.CanProve(challenge, wildcard: false))])),
            ["allow"] = Described("globs, /regular expressions/, dns suffixes, networks; each over the whole value", List(Type("string"))),
            ["proves"] = Described("the fact that the ordered value must equal, or ticket: then it is a ticket's code", Type("string")),
            ["pre-validated"] = Choice("none", "by-ticket"),
            ["vouched"] = Described("uri: what the ledger vouches for, with its placeholders {{ledger.…}}", List(Type("string"))),
            ["by"] = Described("uri: how the account shows that it speaks for the device", Choice("attestation", "ticket")),
            ["caa"] = Type("boolean"),
        })));

    private static JsonObject Attestation() => Properties(AttestationSection.Known, ["mode"], new()
    {
        ["mode"] = Choice("required", "observe", "none"),
        ["formats"] = List(Choice([.. AttestationFormats.Names])),
        ["anchors"] = Described("folders of vendor roots under trust/", List(Type("string"))),
        ["on-failure"] = Choice("challenge", "problem"),
        ["privacy"] = Choice("full", "reason", "none"),
        ["status-list"] = Properties(["stale-after", "missing"], [], new() { ["stale-after"] = Pattern(DurationPattern), ["missing"] = Choice("refuse", "accept") }),
        ["expired-certificates"] = Choice("refuse", "tolerate"),
        ["facts"] = Described("every line must hold", RulesReference()),
        ["observed-facts"] = Described("rules on trial: recorded and let through", RulesReference()),
        ["ek"] = Properties(EkSection.Known, [], new() { ["identifier"] = Choice("certificate", "public-key"), ["vendors"] = List(Type("string")), ["allow"] = List(Type("string")) }),
    });

    private static JsonObject Webhooks() => Described("who of the organisation is asked before a device is served (docs/webhooks.md)", List(Properties(
        WebhookSection.Known,
        ["name", "url", "at", "secret"],
        new()
        {
            ["name"] = Described("its facts are webhook.NAME.key", Type("string")),
            ["url"] = Type("string"),
            ["at"] = Choice("challenge", "finalize", "both"),
            ["secret"] = Described("a file in the folder of secrets", Type("string")),
            ["timeout"] = Described("of one attempt", Pattern("^([1-9]|10)s$")),
            ["retries"] = new JsonObject { ["type"] = "integer", ["minimum"] = 0, ["maximum"] = 3 },
            ["on-failure"] = Described("what becomes of a request when nobody answers", Choice("refuse", "allow")),
            ["client-certificate"] = Described("NAME.pem in the folder of secrets", Type("string")),
            ["ca"] = Described("NAME.pem in the folder of secrets: the CAs that alone may vouch for the endpoint", Type("string")),
            ["plain-http"] = Type("boolean"),
        })));

    private static JsonObject Certificate() => Properties(CertificateSection.Known, ["keys", "extended-key-usage", "validity"], new()
    {
        ["subject"] = Described("RFC 4514 with placeholders: CN={{device.serial}}, O=Example", Type("string")),
        ["subject-alternative-names"] = List(OneOf(Choice(AlternativeNames.Identifiers), Properties(AlternativeNames.Kinds, [], AlternativeNames.Kinds.ToDictionary(kind => kind, _ => (JsonNode)Type("string"))))),
        ["from-request"] = Described("what a CSR may wish for, with patterns", List(Type("object"))),
        ["identifier-in-certificate"] = Described("false: privacy mode, device identifiers stay out", Type("boolean")),
        ["keys"] = List(Choice([.. SubjectKey.Types])),
        ["key-usage"] = List(Choice([.. KeyUsageNames.Known.Keys])),
        ["extended-key-usage"] = List(OneOf(Choice([.. KeyUsageNames.Purposes.Keys]), Pattern(OidPattern))),
        ["policies"] = List(OneOf(Pattern(OidPattern), Properties(["oid", "when"], ["oid"], new() { ["oid"] = Pattern(OidPattern), ["when"] = RulesReference() }))),
        ["extensions"] = List(Properties(ExtensionTemplates.Known, ["oid"], new() { ["oid"] = Pattern(OidPattern), ["critical"] = Type("boolean") })),
        ["validity"] = Described("a duration, or lines with facts that end with a plain duration", OneOf(
            Pattern(DurationPattern),
            List(OneOf(Pattern(DurationPattern), Properties(["when", "for"], ["when", "for"], new() { ["when"] = RulesReference(), ["for"] = Pattern(DurationPattern) }))))),
        ["backdate"] = Pattern(DurationPattern),
        ["no-rev-avail"] = Described("RFC 9608, for lives up to 10 days", Type("boolean")),
        ["microsoft-sid"] = Described("the device's account in a Windows domain, by the ledger's attribute 'sid'", Choice([.. CertificateSection.SidModes.Keys])),
        ["must-staple"] = Described("RFC 7633", Type("boolean")),
    });

    private static JsonObject Rules()
    {
        var groups = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var group in new[] { "any", "all", "none" })
        {
            groups[group] = List(RulesReference());
        }

        var rules = Properties(groups.Keys, [], groups);
        rules["patternProperties"] = new JsonObject
        {
            [FactPattern] = OneOf(Scalar(), List(Scalar()), Properties(["is", "not-in", "matches"], [], new() { ["is"] = Choice("present", "absent", "blank"), ["not-in"] = List(Scalar()) })),
        };
        return rules;
    }

    private static JsonObject LimitsOf(string[] known) => Described("how much one of them may have; beyond it: rateLimited", Properties(
        known, [], known.ToDictionary(name => name, _ => (JsonNode)new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = 100_000 })));

    private static JsonObject RulesReference() => new() { ["$ref"] = "#/definitions/rules" };

    private static JsonObject Facts(JsonObject value) => new()
    {
        ["type"] = "object",
        ["patternProperties"] = new JsonObject { [FactPattern] = value },
        ["additionalProperties"] = false,
    };

    // what the readers know and this table does not describe may have any value
    private static JsonObject Properties(IEnumerable<string> known, IReadOnlyList<string> required, Dictionary<string, JsonNode> schemas)
    {
        var properties = new JsonObject();
        foreach (var name in known)
        {
            properties[name] = schemas.GetValueOrDefault(name)?.DeepClone() ?? new JsonObject();
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (required.Count > 0)
        {
            schema["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]);
        }

        return schema;
    }

    private static JsonObject Described(string description, JsonObject schema) => new([new("description", description), .. schema.ToDictionary(pair => pair.Key, pair => pair.Value?.DeepClone())]);

    private static JsonObject Type(string type) => new() { ["type"] = type };

    private static JsonObject Scalar() => new() { ["type"] = new JsonArray("string", "number", "boolean") };

    private static JsonObject Pattern(string pattern) => new() { ["type"] = "string", ["pattern"] = pattern };

    private static JsonObject Choice(params string[] choices) => new() { ["enum"] = new JsonArray([.. choices.Select(choice => (JsonNode)choice)]) };

    private static JsonObject List(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    private static JsonObject OneOf(params JsonObject[] schemas) => new() { ["anyOf"] = new JsonArray([.. schemas]) };
}
