using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.3.2 update, §7.3.6 deactivation, and reading one's own account.</summary>
internal static class UpdateAccount
{
    public static async Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db, ServerOptions options, CancellationToken cancellation)
    {
        RequireOwn(request, id);
        if (request.IsPostAsGet)
        {
            return Reply.Account(request, request.Account, false);
        }

        var update = AccountUpdate.Parse(request.Payload());
        if (update.Contact is { } contact)
        {
            ContactRules.Check(contact);
        }

        var account = await db.Commit(context => Apply(context, request, update, options), cancellation);
        return Reply.Account(request, account, false);
    }

    public static void RequireOwn(AcmeRequest request, string id)
    {
        if (request.Account.Id != new AccountId(id))
        {
            throw Problems.Unauthorized("not-your-account", "path: this is not the account that signed the request");
        }
    }

    private static Account Apply(AcmeContext context, AcmeRequest request, AccountUpdate update, ServerOptions options)
    {
        var account = context.Accounts.Single(account => account.Id == request.Account.Id);
        if (update.Deactivate)
        {
            context.Record(account.Deactivate(request.Now));
            context.CancelOrders(account.Id, Problems.Unauthorized("account-deactivated", "the account was deactivated").Problem, request.Now);
            return account;
        }

        if (update.Contact is { } contact && !contact.SequenceEqual(account.Contact))
        {
            context.Record(account.Update(contact, request.Now));
        }

        if (update.TermsOfServiceAgreed && options.TermsOfService is { } terms && account.AgreedTerms != terms.AbsoluteUri)
        {
            context.Record(account.AgreeTo(terms.AbsoluteUri, request.Now));
        }

        return account;
    }
}
