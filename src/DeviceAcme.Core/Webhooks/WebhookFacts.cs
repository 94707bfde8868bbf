using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Webhooks;

/// <summary>What webhooks answered, as facts <c>webhook.NAME.key</c> for rules and templates; they are the organisation's word.</summary>
internal static class WebhookFacts
{
    public const string Prefix = "webhook.";

    public static bool IsWebhook(string fact) => fact.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The name of the webhook that a fact is of; null for facts of others.</summary>
    public static string? WebhookOf(string fact) => IsWebhook(fact) ? fact.Split('.')[1] : null;

    public static IEnumerable<Fact> Of(string webhook, IReadOnlyDictionary<string, FactValue> attributes) =>
        attributes.Select(attribute => new Fact($"{Prefix}{webhook}.{attribute.Key}", attribute.Value, Proven: true));

    /// <summary>These facts with newer answers: what a webhook says now takes the place of all that it said before.</summary>
    public static FactSet WithAnswers(this FactSet facts, IReadOnlyCollection<string> answered, IEnumerable<Fact> answers) =>
        new(facts.All.Where(fact => WebhookOf(fact.Name) is not { } webhook || !answered.Contains(webhook)).Concat(answers));
}
