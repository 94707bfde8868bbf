using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.3: creates an account, or finds the one that this key already has in this directory.</summary>
internal static class NewAccount
{
    public static async Task<IResult> Handle(AcmeRequest request, AcmeDb db, ServerOptions options, CancellationToken cancellation)
    {
        var wanted = NewAccountRequest.Parse(request.Payload());

        await using (var context = db.Read())
        {
            var known = await context.Accounts.FirstOrDefaultAsync(
                account => account.Profile == request.Profile.Name && account.Directory == request.Directory && account.Thumbprint == request.Key.Thumbprint, cancellation);
            if (known is not null)
            {
                return Found(request, await Agreed(known, wanted, db, options, request, cancellation));
            }
        }

        if (wanted.OnlyReturnExisting)
        {
            throw Problems.AccountDoesNotExist("account-unknown", "onlyReturnExisting: this key has no account in this directory");
        }

        ContactRules.Check(wanted.Contact);
        var terms = TermsOfService.Agree(options, wanted.TermsOfServiceAgreed);
        var binding = wanted.ExternalAccountBinding is { } jws ? ExternalAccountBinding.Open(jws, request) : null;
        if (binding is not null && request.Ticket is not null)
        {
            throw Problems.Malformed("external-account-at-ticket", "externalAccountBinding: this directory is a ticket's own, which vouches for the account; leave the binding away, or use the profile's directory");
        }

        if (binding is null && request.Ticket is null && request.Profile.RequiresTicket)
        {
            throw Problems.ExternalAccountRequired(
                "external-account-required", "externalAccountBinding: this directory wants one (RFC 8555 §7.3.4); ask its administrator for a ticket: a key id and a MAC key, or the URL of a directory of your own");
        }

        var (account, created) = await db.Commit(context => Create(context, request, wanted, terms, binding), cancellation);
        return created ? new CreatedReply(request.Urls.Account(account.Id), Reply.Account(request, account, true)) : Found(request, account);
    }

    private static (Account Account, bool Created) Create(
        AcmeContext context, AcmeRequest request, NewAccountRequest wanted, string? terms, ExternalAccountBinding? binding)
    {
        // the same key may have been registered by a request beside this one
        if (context.Accounts.FirstOrDefault(account => account.Profile == request.Profile.Name && account.Directory == request.Directory && account.Thumbprint == request.Key.Thumbprint) is { } known)
        {
            return (known, false);
        }

        var shown = binding is null ? OfDirectory(context, request) : binding.Verify(context, request);
        var (account, happened) = Account.Create(
            request.Profile.Name, request.Key.Thumbprint, request.Key.ToJson(), wanted.Contact, terms, shown?.Origin, request.Now);
        context.Insert(account);
        context.Record(happened);
        if (shown is { } ticket)
        {
            // in this commit: of two accounts that are made with the last use at once, one finds it used
            var how = binding is null ? TicketPresentation.Directory : TicketPresentation.ExternalAccount;
            context.Record(ticket.Ticket.Use(account.Id, how, request.Profile.Name, request.Now));
        }

        return (account, true);
    }

    private static (Ticket Ticket, AccountOrigin Origin)? OfDirectory(AcmeContext context, AcmeRequest request)
    {
        if (request.Ticket is not { } found)
        {
            return null;
        }

        var ticket = context.Tickets.Single(ticket => ticket.Id == found.Id);
        ticket.RequireUsable("directory", request.Profile.Name, request.Now);
        return (ticket, new AccountOrigin(ticket.Id, ticket.Profile, InItsDirectory: true));
    }

    // an account that was registered for its key could not agree to anything yet: its first newAccount is where it does
    private static async Task<Account> Agreed(Account known, NewAccountRequest wanted, AcmeDb db, ServerOptions options, AcmeRequest request, CancellationToken cancellation) =>
        known is { Ticket: not null, AgreedTerms: null, Status: AccountStatus.Valid } && wanted.TermsOfServiceAgreed && options.TermsOfService is { } terms
            ? await db.Commit(
                context =>
                {
                    var account = context.Accounts.Single(account => account.Id == known.Id);
                    context.Record(account.AgreeTo(terms.AbsoluteUri, request.Now));
                    return account;
                },
                cancellation)
            : known;

    // RFC 8555 §7.3.1: the existing account as it is, whatever the request says; §7.3.6: 401 for one that was given up
    private static CreatedReply Found(AcmeRequest request, Account account)
    {
        account.RequireValid();
        return new CreatedReply(request.Urls.Account(account.Id), Reply.Account(request, account, false));
    }

    // RFC 8555 §7.3: Location on newAccount always, but not on an update, where a client takes it for an error
    private sealed class CreatedReply(string location, IResult inner) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.Location = location;
            return inner.ExecuteAsync(httpContext);
        }
    }
}
