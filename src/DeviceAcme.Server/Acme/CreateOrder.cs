using DeviceAcme.Core;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.4: a new order with an authorization for each identifier.</summary>
internal static class CreateOrder
{
    /// <summary>More than any client works on at a time.</summary>
    public const int MaxOpenOrders = 300;

    public static async Task<IResult> Handle(AcmeRequest request, AcmeDb db, ProfileCatalog profiles, ServerOptions options, CancellationToken cancellation)
    {
        TermsOfService.Require(options, request.Account);
        var wanted = NewOrderRequest.Parse(request.Payload());
        request.IsAbout(request.Profile, wanted.Identifiers);
        var profile = ProfileOf(request, wanted, profiles);
        request.IsAbout(profile, wanted.Identifiers);
        IReadOnlyList<AcmeIdentifier> identifiers;
        Ticket? ticket;
        await using (var context = db.Read())
        {
            var rules = TicketRules.Of(context, request);
            identifiers = OrderRules.Read(profile, wanted.Identifiers, rules);
            ticket = rules.Ticket;
        }

        RequestedValidity.Check(profile.Certificate, wanted.NotBefore, wanted.NotAfter, request.Now);

        var saved = await db.Commit(context => Save(context, request, wanted, profile, identifiers, ticket, options.ReuseAuthorizations), cancellation);

        return Reply.Order(request, saved, StatusCodes.Status201Created);
    }

    private static CertificateProfile ProfileOf(AcmeRequest request, NewOrderRequest wanted, ProfileCatalog profiles)
    {
        if (wanted.Profile is not { } name)
        {
            return request.Profile;
        }

        var profile = profiles.OpenFrom(request.Profile, request.Account).FirstOrDefault(profile => profile.Name == name)
            ?? throw Problems.InvalidProfile("profile-not-open", "profile: expected one that the directory lists in meta.profiles and whose account rules this account meets");

        // draft-ietf-acme-profiles §4: a named profile that does not fit the rest of the request
        return wanted.Identifiers.FirstOrDefault(identifier => IdentifierTypes.Find(identifier.Type) is not null && !profile.Identifiers.ContainsKey(identifier.Type)) is { Type: { } type }
            ? throw Problems.InvalidProfile("profile-lacks-identifier-type", $"profile: {name} is for {string.Join(", ", profile.Identifiers.Keys)} and cannot certify the ordered {type}")
            : profile;
    }

    private static OrderWithAuthorizations Save(
        AcmeContext context, AcmeRequest request, NewOrderRequest wanted, CertificateProfile profile, IReadOnlyList<AcmeIdentifier> identifiers, Ticket? ticket, bool reuse)
    {
        RequireRoom(context, request);
        context.RequireNothingAgainst(profile, identifiers);
        context.RequireRoomForOrder(profile, request.Account.Id, identifiers, request.Now);
        context.Remember(profile);
        var (order, happened) = Order.Create(
            new NewOrder
            {
                Account = request.Account.Id,
                Profile = profile.Name,
                ProfileHash = profile.Hash,
                Identifiers = identifiers,
                NotBefore = wanted.NotBefore,
                NotAfter = wanted.NotAfter,
                Lifetime = Lifetimes.Order,
            },
            request.Now);
        context.Insert(order);
        context.Record(happened);

        var authorizations = identifiers.Select(identifier => Authorize(context, request, profile, identifier, ticket, reuse)).ToList();
        for (var position = 0; position < authorizations.Count; position++)
        {
            context.Insert(new OrderAuthorization { OrderId = order.Id, AuthorizationId = authorizations[position].Id, Position = position });
        }

        // all of them may be valid already, by pre-authorization
        context.Record(order.Follow(authorizations, request.Now));
        return new OrderWithAuthorizations(order, authorizations);
    }

    /// <summary>One account cannot fill the store with orders that it never finishes (RFC 8555 §6.6).</summary>
    private static void RequireRoom(AcmeContext context, AcmeRequest request)
    {
        var (account, now) = (request.Account.Id, request.Now);
        var open = context.Hot.OpenOrders(context, account, now);
        if (open >= MaxOpenOrders)
        {
            throw Problems.RateLimited("too-many-open-orders", $"this account has {open} orders that are neither finished nor expired; finish them, or wait until they expire", 3600);
        }
    }

    /// <summary>A pre-authorization of this account that is still good (RFC 8555 §7.4.1), one of an earlier order where they are reused, or a new one.</summary>
    private static Authorization Authorize(AcmeContext context, AcmeRequest request, CertificateProfile profile, AcmeIdentifier identifier, Ticket? ticket, bool reuse)
    {
        var (value, wildcard) = IdentifierTypes.Find(identifier.Type)!.Authorize(identifier.Value);
        var now = request.Now;
        var account = request.Account.Id;
        // what was authorized while the profile merely observed has no attested key, and serves no order that requires one
        var keyless = profile.Attestation.Mode != AttestationMode.Required || identifier.Type is AcmeIdentifier.Dns or AcmeIdentifier.Ip;
        // evidence is for one challenge: what a device proved is not taken for granted later, unless it asked for that itself (§7.4.1)
        var reusable = reuse && identifier.Type is (AcmeIdentifier.Dns or AcmeIdentifier.Ip);
        if (context.Hot.UsableAgain(context, account, identifier.Type, value, profile.Name, wildcard, reusable, keyless, now) is { } known)
        {
            return known;
        }

        if (profile.Identifiers[identifier.Type].PreValidatedByTicket && !wildcard && ticket?.NamesFor(profile.Name, identifier) == true)
        {
            var (validated, happened) = Authorization.PreValidated(account, profile.Name, identifier, ticket.Id, now, Lifetimes.Order);
            context.InsertWithChallenges(validated);
            context.Record(happened);
            return validated;
        }

        var authorization = Authorization.Create(
            account, profile.Name, new AcmeIdentifier(identifier.Type, value), wildcard, false,
            OrderRules.Challenges(profile, new AcmeIdentifier(identifier.Type, value), wildcard), now, Lifetimes.Order);
        context.InsertWithChallenges(authorization);
        return authorization;
    }
}
