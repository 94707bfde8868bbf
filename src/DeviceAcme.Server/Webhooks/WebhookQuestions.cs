using DeviceAcme.Attestation;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Server.Issuance;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Webhooks;

/// <summary>Puts together what webhooks are told.</summary>
internal static class WebhookQuestions
{
    /// <summary>A device of the ledger has few names; a body is bounded all the same.</summary>
    private const int MostNames = 64;

    /// <param name="verdict">With every fact that is known by now.</param>
    public static WebhookQuestion QuestionOfChallenge(
        this AcmeContext context, CertificateProfile profile, Account account, Authorization authorization, Verdict verdict, LedgerMatch match) => new()
        {
            Profile = profile,
            Event = WebhookEvent.Challenge,
            Identifiers = [authorization.Identifier],
            Verdict = verdict,
            Device = match.Device,
            DeviceNames = context.NamesOf(match.Device),
            Account = account,
            Order = context.OrderAuthorizations.Where(link => link.AuthorizationId == authorization.Id)
                .Join(context.Orders, link => link.OrderId, order => order.Id, (_, order) => order)
                .FirstOrDefault(),
            Authorization = authorization.Id,
        };

    /// <param name="verdict">With every fact that is known by now.</param>
    public static WebhookQuestion QuestionOfFinalize(this AcmeContext context, IssuanceCase subject, Verdict verdict) => new()
    {
        Profile = subject.Profile,
        Event = WebhookEvent.Finalize,
        Identifiers = subject.Order.Identifiers,
        Verdict = verdict,
        Device = subject.OneDevice,
        DeviceNames = context.NamesOf(subject.OneDevice),
        Account = context.Accounts.Single(account => account.Id == subject.Order.AccountId),
        Order = subject.Order,
        Csr = subject.Csr,
    };

    private static List<DeviceKey> NamesOf(this AcmeContext context, Device? device) => device is null
        ? []
        : [.. context.DeviceIdentifiers.Where(name => name.Device == device.Id).OrderBy(name => name.Kind).Take(MostNames).AsEnumerable().Select(name => new DeviceKey(name.Kind, name.Value))];
}
