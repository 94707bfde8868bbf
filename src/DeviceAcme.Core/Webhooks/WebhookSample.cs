using DeviceAcme.Attestation;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Core.Webhooks;

/// <summary>A made-up device for trying a webhook; the body says so (<see cref="WebhookPurposes.Test"/>).</summary>
internal static class WebhookSample
{
    private const string Check = "sample";

    public static WebhookQuestion Of(CertificateProfile profile, WebhookEvent happening, DateTimeOffset now)
    {
        var identifiers = SampleCertificate.Identifiers(profile);
        var (account, _) = Account.Create(profile.Name, SampleCertificate.Value, "{}", [], null, null, now);
        var (order, _) = Order.Create(
            new NewOrder { Account = account.Id, Profile = profile.Name, ProfileHash = profile.Hash, Identifiers = identifiers, Lifetime = TimeSpan.FromHours(1) }, now);
        var proven = identifiers.Select(identifier => profile.Identifiers[identifier.Type].Proves).OfType<string>().Distinct()
            .Select(fact => new Fact(fact, new FactValue.Text(SampleCertificate.Value), Proven: true));
        return new WebhookQuestion
        {
            Profile = profile,
            Event = happening,
            Identifiers = happening == WebhookEvent.Challenge ? [identifiers[0]] : identifiers,
            Verdict = new Verdict
            {
                Format = happening == WebhookEvent.Challenge ? profile.Attestation.Formats.FirstOrDefault() ?? "" : "csr",
                Outcome = VerdictOutcome.Accepted,
                Checks = [new Check(Check, "an administrator tries the webhook", CheckOutcome.Passed, "a made-up device")],
                Facts = new FactSet(SampleCertificate.Facts(profile, proven).All.Where(fact => !WebhookFacts.IsWebhook(fact.Name))),
            },
            Account = account,
            Order = order,
            Authorization = happening == WebhookEvent.Challenge ? new AuthorizationId(Secrets.Id(now)) : null,
        };
    }
}
