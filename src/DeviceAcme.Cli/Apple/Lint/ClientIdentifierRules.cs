using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>ClientIdentifier becomes the ordered permanent-identifier, which the evidence must equal octet for octet.</summary>
internal static class ClientIdentifierRules
{
    private const string Profile = "profile";
    private const string Draft = "device-attest §3";

    public static IReadOnlyList<LintRule> All { get; } =
    [
        LintRule.OfPayload("client-identifier-empty", Severity.Error, Draft, (payload, _) =>
            payload.Text(AppleKey.ClientIdentifier) is "" ? new(At(payload), "a value that names the device", "an empty string") : null),
        LintRule.OfPayload("client-identifier-has-space", Severity.Error, Draft, (payload, _) =>
            payload.Text(AppleKey.ClientIdentifier) is { Length: > 0 } text && (text.Trim() != text || text.Any(char.IsControl))
                ? new(At(payload), "no space around the value and no control characters in it", $"'{Visible(text)}'") : null),
        LintRule.OfPayload("client-identifier-not-allowed", Severity.Error, Profile, (payload, subject) =>
            payload.Text(AppleKey.ClientIdentifier) is { Length: > 0 } text && MdmVariables.In(text) is null && Rule(subject) is { } rule && !rule.Allows(text)
                ? new(At(payload), "a value that the profile allows: " + string.Join(", ", rule.Allow), $"'{Visible(text)}'") : null),
        LintRule.OfPayload("client-identifier-not-ticket", Severity.Error, Profile, (payload, subject) =>
            payload.Text(AppleKey.ClientIdentifier) is { Length: > 0 } text && Rule(subject)?.ByTicket == true && !TicketCode.Is(text)
            && (MdmVariables.In(text) is null || MdmVariables.Meanings(text).Any())
                ? new(At(payload), "the code of a ticket, or the variable that becomes one: the profile says proves: ticket", $"'{Visible(text)}'") : null),
        LintRule.OfPayload("client-identifier-other-fact", Severity.Error, Profile, (payload, subject) =>
            payload.Text(AppleKey.ClientIdentifier) is { } text && Rule(subject) is { ByTicket: false, Proves: { } fact }
            && MdmVariables.Meanings(text).Select(meaning => meaning.Fact).Distinct().ToArray() is { Length: > 0 } facts && !facts.Contains(fact)
                ? new(At(payload), $"a variable for {fact}, which the profile proves", $"{text}, which is {facts[0]}") : null),
        LintRule.OfPayload("client-identifier-other-management", Severity.Error, LintRules.Apple, (payload, subject) =>
            payload.Text(AppleKey.ClientIdentifier) is { } text && Rule(subject)?.ByTicket != true && subject.Mdm is { } mdm && MdmVariables.In(text) is { } variable
            && variable != mdm.Serial && variable != mdm.Udid
                ? new(At(payload), $"a variable of {mdm.Title}: {mdm.Serial}{(mdm.Udid is null ? "" : " or " + mdm.Udid)}", variable) : null),
        LintRule.OfPayload("client-identifier-unknown-variable", Severity.Warning, Profile, (payload, subject) =>
            payload.Text(AppleKey.ClientIdentifier) is { } text && Rule(subject)?.ByTicket != true && subject.Mdm is null && MdmVariables.In(text) is { } variable && !MdmVariables.Meanings(text).Any()
                ? new(At(payload), "the variable of a management for the serial number or the UDID, and nothing beside it", text == variable ? variable : $"{variable} in '{Visible(text)}'") : null),
    ];

    private static IdentifierRule? Rule(LintSubject subject) => subject.Profile?.Identifiers.GetValueOrDefault(AcmeIdentifier.PermanentIdentifier);

    private static string At(FoundPayload payload) => payload.At(AppleKey.ClientIdentifier);

    private static string Visible(string text) => string.Concat(text.Take(80).Select(character => char.IsControl(character) ? '\uFFFD' : character));
}
