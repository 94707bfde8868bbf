namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Profiles beside the shipped ones.</summary>
internal static class TestProfiles
{
    public const string EabRequired = "eab-required";
    public const string EabOptional = "eab-optional";
    public const string EabOther = "eab-other";
    public const string TicketRequired = "ticket-required";
    public const string TicketNone = "ticket-none";
    public const string Names = "names";
    public const string PreValidated = "pre-validated";
    public const string Open = "open";
    public const string Narrow = "narrow";
    public const string Mixed = "mixed";
    public const string Patterns = "patterns";
    public const string AppleProblem = "apple-problem";
    public const string AppleObserve = "apple-observe";
    public const string AppleElsewhere = "apple-elsewhere";
    public const string ApplePrivate = "apple-private";
    public const string AppleUdid = "apple-udid";
    public const string AppleFacts = "apple-facts";

    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        [EabRequired] = Classic(EabRequired, "required"),
        [EabOptional] = Classic(EabOptional, "optional"),
        [EabOther] = Classic(EabOther, "required"),
        [TicketRequired] = Classic(TicketRequired, "none\n  ticket-url: required"),
        [TicketNone] = Classic(TicketNone, "none\n  ticket-url: none"),
        [Names] = WithAddresses(Names, ""),
        [PreValidated] = WithAddresses(PreValidated, ", pre-validated: by-ticket"),
        [Open] = Classic(Open, "none"),
        [Narrow] = Classic(Narrow, "none", allow: "[.example.org, \"/host[0-9]+/\"]", challenges: "[dns-01]"),
        [Mixed] = Apple(Mixed, more: "  dns: { challenges: [http-01] }\n  hardware-module: { challenges: [device-attest-01], proves: device.serial }"),
        [Patterns] = Apple(Patterns, allow: "/C02SIM[0-9]{6}/", more: "  hardware-module: { challenges: [device-attest-01], proves: device.serial, allow: [\"TPM-*/1.2.3\"] }"),
        [AppleProblem] = Apple(AppleProblem, onFailure: "problem"),
        [AppleObserve] = Apple(AppleObserve, mode: "observe"),
        [ApplePrivate] = Apple(ApplePrivate, inCertificate: false),
        [AppleElsewhere] = Apple(AppleElsewhere, anchors: "elsewhere"),
        [AppleUdid] = Apple(AppleUdid, proves: "device.udid"),
        [AppleFacts] = Apple(AppleFacts, rules: "facts: { any: [{ device.family: mac, os.version: '>= 15.0', apple.secure-boot: Full Security }, { device.family: mobile, os.version: '>= 17.2' }] }"),
    };

    private static string Classic(string name, string binding, string allow = "[\"*\"]", string challenges = "[http-01, dns-01, tls-alpn-01]") => $"""
        name: {name}
        description: Profile {name} of the tests
        accounts:
          external-account-binding: {binding}
        identifiers:
          dns:
            challenges: {challenges}
            allow: {allow}
        certificate:
          subject-alternative-names: [identifiers]
          keys: [ec-p256]
          key-usage: [digital-signature]
          extended-key-usage: [server-auth]
          validity: 90d
        issuer: default
        """;

    private static string WithAddresses(string name, string more) => Classic(name, "none").Replace(
        "  dns:\n    challenges: [http-01, dns-01, tls-alpn-01]\n    allow: [\"*\"]\n",
        $"  dns: {{ challenges: [http-01, dns-01]{more} }}\n  ip: {{ challenges: [http-01]{more} }}\n",
        StringComparison.Ordinal);

    private static string Apple(string name, string mode = "required", string onFailure = "challenge", string proves = "device.serial", bool inCertificate = true, string allow = "*", string anchors = "apple", string more = "", string rules = "") => $"""
        name: {name}
        description: Profile {name} of the tests
        accounts:
          external-account-binding: none
        identifiers:
          permanent-identifier:
            challenges: [device-attest-01]
            allow: ["{allow}"]
            proves: {proves}
        {more}
        attestation:
          mode: {mode}
          formats: [apple]
          anchors: [{anchors}]
          on-failure: {onFailure}
          {rules}
        certificate:
          subject: CN=a device
          {(inCertificate ? "subject-alternative-names: [identifiers]" : "subject-alternative-names: []")}
          identifier-in-certificate: {(inCertificate ? "true" : "false")}
          keys: [ec-p256, ec-p384]
          key-usage: [digital-signature]
          extended-key-usage: [client-auth]
          validity: 90d
        issuer: default
        """;
}
