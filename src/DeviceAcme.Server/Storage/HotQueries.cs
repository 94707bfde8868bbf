using System.Runtime.CompilerServices;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Tickets;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// The queries of an enrollment, compiled once: to build the expression of one and find what was compiled for it costs more than the database takes.
/// What is asked less often stands where it is asked.
/// </summary>
internal sealed class HotQueries
{
    /// <summary>A compiled query belongs to a model and to a way of tracking: readers and the writer have their own.</summary>
    private static readonly ConditionalWeakTable<IModel, Pair> _pairs = [];

    private HotQueries()
    {
    }

    public Func<AcmeContext, AccountId, Account?> Account { get; } = EF.CompileQuery((AcmeContext context, AccountId id) => context.Accounts.FirstOrDefault(account => account.Id == id));

    public Func<AcmeContext, AccountId, TicketId?> TicketOfAccount { get; } = EF.CompileQuery((AcmeContext context, AccountId id) =>
        context.Accounts.Where(account => account.Id == id).Select(account => account.Ticket).FirstOrDefault());

    public Func<AcmeContext, AccountId, DateTimeOffset, int> OpenOrders { get; } = EF.CompileQuery((AcmeContext context, AccountId account, DateTimeOffset now) =>
        context.Orders.Count(order => order.AccountId == account
            && (order.Status == OrderStatus.Pending || order.Status == OrderStatus.Ready || order.Status == OrderStatus.Processing) && order.Expires > now));

    public Func<AcmeContext, OrderId, Order?> Order { get; } = EF.CompileQuery((AcmeContext context, OrderId id) => context.Orders.FirstOrDefault(order => order.Id == id));

    public Func<AcmeContext, OrderId, IEnumerable<Authorization>> AuthorizationsOf { get; } = EF.CompileQuery((AcmeContext context, OrderId id) =>
        context.OrderAuthorizations.Where(link => link.OrderId == id)
            .OrderBy(link => link.Position)
            .Join(context.Authorizations.Include(authorization => authorization.Challenges), link => link.AuthorizationId, authorization => authorization.Id, (_, authorization) => authorization));

    public Func<AcmeContext, AuthorizationId, IEnumerable<Order>> OrdersOf { get; } = EF.CompileQuery((AcmeContext context, AuthorizationId id) =>
        context.OrderAuthorizations.Where(link => link.AuthorizationId == id)
            .Join(context.Orders, link => link.OrderId, order => order.Id, (_, order) => order));

    public Func<AcmeContext, AuthorizationId, Authorization?> Authorization { get; } = EF.CompileQuery((AcmeContext context, AuthorizationId id) =>
        context.Authorizations.Include(authorization => authorization.Challenges).FirstOrDefault(authorization => authorization.Id == id));

    // from the challenge to its authorization: asked the other way round, SQLite would try every authorization there is
    public Func<AcmeContext, ChallengeId, Authorization?> AuthorizationOf { get; } = EF.CompileQuery((AcmeContext context, ChallengeId id) =>
        context.Challenges.Where(challenge => challenge.Id == id)
            .Join(context.Authorizations.Include(authorization => authorization.Challenges), challenge => challenge.AuthorizationId, authorization => authorization.Id, (_, authorization) => authorization)
            .FirstOrDefault());

    /// <summary>The validation queue, from its beginning.</summary>
    public Func<AcmeContext, int, IEnumerable<ChallengeId>> Processing { get; } = EF.CompileQuery((AcmeContext context, int count) =>
        context.Challenges.Where(challenge => challenge.Status == ChallengeStatus.Processing).OrderBy(challenge => challenge.AnsweredAt).Select(challenge => challenge.Id).Take(count));

    /// <summary>What an order can use again: account, type, value, profile, wildcard, whether valid ones of earlier orders serve, whether one without an attested key does, now.</summary>
    public Func<AcmeContext, AccountId, string, string, string, bool, bool, bool, DateTimeOffset, Authorization?> UsableAgain { get; } = EF.CompileQuery(
        (AcmeContext context, AccountId account, string type, string value, string profile, bool wildcard, bool reusable, bool keyless, DateTimeOffset now) =>
            context.Authorizations.Include(authorization => authorization.Challenges)
                .Where(authorization => authorization.AccountId == account && authorization.IdentifierType == type && authorization.IdentifierValue == value
                    && authorization.Profile == profile && (authorization.PreAuthorization || (reusable && authorization.Status == AuthorizationStatus.Valid)) && authorization.Wildcard == wildcard && authorization.Expires > now
                    && (authorization.Status == AuthorizationStatus.Pending || (authorization.Status == AuthorizationStatus.Valid && (keyless || authorization.AttestedKey != null))))
                .OrderByDescending(authorization => authorization.Status == AuthorizationStatus.Valid)
                .ThenByDescending(authorization => authorization.CreatedAt)
                .FirstOrDefault());

    public Func<AcmeContext, string, string, DeviceId?> DeviceNamed { get; } = EF.CompileQuery((AcmeContext context, string kind, string value) =>
        context.DeviceIdentifiers.Where(name => name.Kind == kind && name.Value == value).Select(name => (DeviceId?)name.Device).FirstOrDefault());

    public Func<AcmeContext, DeviceId, Device?> Device { get; } = EF.CompileQuery((AcmeContext context, DeviceId id) => context.Devices.FirstOrDefault(device => device.Id == id));

    public Func<AcmeContext, byte[], IEnumerable<Sighting>> Sightings { get; } = EF.CompileQuery((AcmeContext context, byte[] subject) => context.Sightings.Where(row => row.Subject == subject));

    public Func<AcmeContext, string, bool> HasProfile { get; } = EF.CompileQuery((AcmeContext context, string hash) => context.Profiles.Any(profile => profile.Hash == hash));

    public Func<AcmeContext, string, bool> HasChain { get; } = EF.CompileQuery((AcmeContext context, string hash) => context.Chains.Any(chain => chain.Hash == hash));

    public Func<AcmeContext, CertificateId, StoredCertificate?> Certificate { get; } = EF.CompileQuery((AcmeContext context, CertificateId id) =>
        context.Certificates.FirstOrDefault(certificate => certificate.Id == id));

    public Func<AcmeContext, string, byte[]?> Chain { get; } = EF.CompileQuery((AcmeContext context, string hash) =>
        context.Chains.Where(chain => chain.Hash == hash).Select(chain => chain.Certificates).FirstOrDefault());

    /// <summary>Those of a context's model and of its way of tracking.</summary>
    public static HotQueries Of(AcmeContext context)
    {
        var pair = _pairs.GetOrCreateValue(context.Model);
        return context.ChangeTracker.QueryTrackingBehavior == QueryTrackingBehavior.TrackAll ? pair.Tracking : pair.Reading;
    }

    private sealed class Pair
    {
        public HotQueries Tracking { get; } = new();
        public HotQueries Reading { get; } = new();
    }
}
