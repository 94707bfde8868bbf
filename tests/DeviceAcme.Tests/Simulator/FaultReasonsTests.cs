using System.Text.RegularExpressions;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Architecture;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

/// <summary>The simulator's faults and the server's reason codes, both ways: no code that a client can meet is without a fault or a reason why not.</summary>
public sealed partial class FaultReasonsTests
{
    /// <summary>Codes that no client meets by doing something wrong, and why.</summary>
    private static readonly (string Why, string[] Codes)[] Exceptions =
    [
        ("the request's own bounds come first", ["attestation-too-large", "json-too-large", "json-number-out-of-range", "csr-too-large"]),
        ("only a verification without a server meets it", ["pem-malformed", "authdata-malformed", "key-mismatch", "key-unreadable"]),
        ("an administrator decided so, of this device or this anchor", ["anchor-distrusted", "ak-revoked", "device-quarantined", "device-blocked", "device-retired", "device-ambiguous"]),
        ("the ledger decides, about evidence that is right", ["device-not-proven", "device-unknown", "uri-not-vouched"]),
        ("the profile says so, of evidence that is right",
            ["identifier-fact-unknown", "ek-identifier-missing", "android-security-level-too-low", "fact-absent", "fact-blank", "fact-unproven", "fact-different", "fact-not-comparable", "identifier-unprovable"]),
        ("the server's own lists are missing or old", ["android-status-list-missing", "android-status-list-stale"]),
        ("the profile's template or the CA's own certificate is at fault",
            ["template-value-missing", "template-value-not-encodable", "certificate-without-name", "validity-beyond-issuer", "csr-device-name-not-wanted", "facts-contradict"]),
        ("the profile changed while an order was open", ["authorization-not-attested", "profile-changed", "profile-withdrawn"]),
        ("it stands in an object that its account cannot read any more, or only in a race", ["account-deactivated", "authorization-not-pending", "authorization-not-valid"]),
        ("tickets are the administrator's, and so is what they are good for",
            ["external-account-at-ticket", "identifier-not-of-ticket", "registration-expired", "ticket-device-different", "ticket-device-unproven", "ticket-expired", "ticket-of-other-account", "ticket-of-other-profile", "ticket-revoked", "ticket-unknown"]),
        ("the organisation's own service says so", ["webhook-answer-invalid", "webhook-answer-replayed", "webhook-answer-signature", "webhook-circuit-open", "webhook-refused", "webhook-unavailable"]),
        ("the profile limits what is right", ["account-limit-certificates", "account-limit-orders", "device-limit-accounts", "device-limit-certificates", "device-limit-orders"]),
        ("an officer decides", ["approval-expired", "approval-refused", "approval-superseded", "device-unapproved"]),
        ("no profile that ships takes URIs", ["csr-uri-not-ordered", "uri-invalid"]),
        ("the server itself failed", ["server-internal", "store-away", "server-busy"]),
        ("the terms of service changed while an account was there", ["terms-changed"]),
        ("time must pass, or thousands of exchanges", ["activation-expired", "too-many-activations"]),
        ("the form of another product's attestation CA, which the simulator does not speak", ["activation-secret-unknown", "base64-invalid"]),
        ("HTTP itself, which the simulator's platform does not break", ["http-malformed"]),
        ("what the network says of a name: Server.Tests/Network plays it",
        [
            "caa-account", "caa-critical-unknown", "caa-forbids", "caa-identities-missing", "caa-lookup-failed", "caa-method", "connection-broken", "dns-txt-mismatch", "http-body-too-long", "http-header-too-long",
            "http-key-authorization", "http-redirect-invalid", "http-redirect-loop", "http-redirect-port", "http-redirect-scheme", "http-status", "http-too-many-redirects", "identifier-not-fetchable",
            "tls-alpn-missing", "tls-certificate-missing", "tls-handshake", "validation-timeout",
        ]),
    ];

    /// <summary>What clients of ACME and of the attestation CA talk to; what is elsewhere is told to administrators.</summary>
    private static readonly string[] Folders =
    [
        "src/DeviceAcme.Protocol/Acme/", "src/DeviceAcme.Protocol/Jose/", "src/DeviceAcme.Protocol/Tpm/", "src/DeviceAcme.Core/Accounts/", "src/DeviceAcme.Core/Challenges/", "src/DeviceAcme.Core/Identifiers/",
        "src/DeviceAcme.Core/Issuance/", "src/DeviceAcme.Core/Orders/", "src/DeviceAcme.Core/Revocation/", "src/DeviceAcme.Server/Acme/", "src/DeviceAcme.Server/Issuance/", "src/DeviceAcme.Server/Network/", "src/DeviceAcme.Server/Tpm/",
    ];

    private static readonly string[] Files = ["src/DeviceAcme.Protocol/StrictJson.cs", "src/DeviceAcme.Protocol/JsonFields.cs", "src/DeviceAcme.Core/Devices/Activation.cs", "src/DeviceAcme.Server/Hosting/RequestBody.cs", "src/DeviceAcme.Core/Profiles/TextTemplate.cs"];

    // told to administrators alone, though they stand beside what clients meet
    private static readonly string[] OfAdministrators =
        ["approval-decided", "approval-not-needed", "attestation-key-already-revoked", "attestation-key-unknown", "limited-to-profiles", "order-unknown", "order-without-device"];

    // the server makes their problems in a place of their own
    private static readonly string[] OfTerms = ["terms-not-agreed", "terms-changed"];

    private static HashSet<string> Codes =>
    [
        .. Reasons.All.Select(reason => reason.Code),
        .. FinalizeReasons.All.Select(reason => reason.Code),
        .. TicketReasons.All.Select(reason => reason.Code),
        .. WebhookReasons.All.Select(reason => reason.Code),
        .. Sources.All.Where(file => Files.Contains(file.Path) || Array.Exists(Folders, folder => file.Path.StartsWith(folder, StringComparison.Ordinal)))
            .SelectMany(file => Refusal().Matches(file.Text).Select(match => match.Groups["code"].Value))
            .Except(OfAdministrators),
        .. OfTerms,
    ];

    [Fact]
    public void Each_code_that_a_client_can_meet_has_a_fault_or_a_reason_why_not()
    {
        var played = FaultTable.All.Select(fault => fault.Expected.Reason);

        Codes.Except(played).Except(Exceptions.SelectMany(exception => exception.Codes)).Should().BeEmpty(
            "a new reason code needs a fault in tools/device-sim (a row in Trials, or a line in Makers/…Fault.cs), or a line in this test's list of exceptions");
    }

    [Fact]
    public void No_fault_expects_a_code_that_the_server_does_not_have() =>
        FaultTable.All.Select(fault => fault.Expected.Reason).OfType<string>().Distinct().Except(Codes).Should().BeEmpty();

    [Fact]
    public void No_exception_is_made_for_nothing()
    {
        var excepted = Exceptions.SelectMany(exception => exception.Codes).ToList();

        excepted.Should().OnlyHaveUniqueItems();
        excepted.Except(Codes).Should().BeEmpty("the server has no such code");
        excepted.Intersect(FaultTable.All.Select(fault => fault.Expected.Reason)).Should().BeEmpty("a fault produces it");
    }

    [Fact]
    public void Classes_are_those_of_the_reason()
    {
        foreach (var fault in FaultTable.All.Where(fault => fault.Expected.Classes.Count > 0 && fault.Expected.Problems[0] == "badAttestationStatement"))
        {
            fault.Expected.Classes.Should().Contain(Reasons.Find(fault.Expected.Reason!)!.Class, $"{fault.Name} expects {fault.Expected.Reason}");
        }
    }

    [Fact]
    public void A_kind_of_device_has_each_name_once()
    {
        foreach (var kind in Devices.Kinds)
        {
            FaultTable.All.Where(fault => fault.Kinds.Contains(kind)).Select(fault => fault.Name).Should().OnlyHaveUniqueItems($"they are faults of {kind}");
        }

        FaultTable.All.SelectMany(fault => fault.Kinds).Distinct().Should().BeEquivalentTo(Devices.Kinds);
        FaultTable.All.Should().OnlyContain(fault => Regex.IsMatch(fault.Name, "^[a-z0-9]+(-[a-z0-9]+)*$") && fault.Section.Length > 0 && fault.Description.Length > 0);
    }

    [Fact]
    public void Problems_are_types_that_ACME_knows()
    {
        var known = Sources.All.Single(file => file.Path == "src/DeviceAcme.Protocol/Acme/Problems.cs");

        FaultTable.All.SelectMany(fault => fault.Expected.Problems).Distinct().Should().OnlyContain(problem => known.Text.Contains($"\"{problem}\"", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"(Problems\.\w+|Document)\(\s*(""\w+"", \d+, )?""(?<code>[a-z0-9]+(-[a-z0-9]+)+)""")]
    private static partial Regex Refusal();
}
