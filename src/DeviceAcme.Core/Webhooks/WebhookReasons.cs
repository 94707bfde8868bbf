using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Webhooks;

/// <summary>Why a webhook keeps a device from its certificate.</summary>
internal static class WebhookReasons
{
    private const string Class = "webhook";

    public static Reason Refused { get; } = Row("webhook-refused", "The organisation's own service refused the device, and says why: ask those who run it.");
    public static Reason Unavailable { get; } = Row("webhook-unavailable", "The organisation's own service gave no answer: try again, or let the profile go on without it (on-failure: allow).");
    public static Reason CircuitOpen { get; } = Row("webhook-circuit-open", "The organisation's own service failed several times in a row and is left alone for a while: see 'deviceacme webhook list', and try again later.");
    public static Reason AnswerInvalid { get; } = Row("webhook-answer-invalid", "The answer is not what docs/webhook.schema.json says, or too large: mend the receiver.");
    public static Reason AnswerSignature { get; } = Row("webhook-answer-signature", "The answer is not signed with the secret that the profile names: compare the secrets of both sides.");
    public static Reason AnswerReplayed { get; } = Row("webhook-answer-replayed", "The answer is signed, but for another delivery: the receiver mixes answers up, or somebody on the way repeats an old one.");

    /// <summary>The reasons, in the order of the table.</summary>
    public static IReadOnlyList<Reason> All { get; } = [Refused, Unavailable, CircuitOpen, AnswerInvalid, AnswerSignature, AnswerReplayed];

    private static Reason Row(string code, string advice) => new(code, Class, advice);
}
