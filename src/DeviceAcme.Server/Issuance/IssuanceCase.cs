using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Issuance;

/// <summary>What one issuance is judged from, as it stood at one moment.</summary>
internal sealed record IssuanceCase
{
    public required Order Order { get; init; }

    /// <summary>In the order of the identifiers.</summary>
    public required IReadOnlyList<Authorization> Authorizations { get; init; }

    /// <summary>The version that the order was made under.</summary>
    public required CertificateProfile Profile { get; init; }

    /// <summary>What the ledger has for each device identifier; without any, the devices that the tickets are for.</summary>
    public required IReadOnlyList<LedgerMatch> Devices { get; init; }

    /// <summary>The tickets that the order stands on: those of its authorizations, and the one that its account came of.</summary>
    public IReadOnlyList<Ticket> Tickets { get; init; } = [];

    /// <summary>PKCS#10 as the client sent it.</summary>
    public required ReadOnlyMemory<byte> Csr { get; init; }

    /// <summary>The key of the account that ordered.</summary>
    public required Jwk AccountKey { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>Why there is no room for another certificate; null where there is.</summary>
    public ProblemException? Full { get; init; }

    /// <summary>Why an officer has to agree first; none where nobody has to, or somebody has.</summary>
    public ApprovalCauses Causes { get; init; }

    /// <summary>What was begun for the order by an earlier request; null where this is the client's own finalize.</summary>
    public PendingIssuance? Pending { get; init; }

    /// <summary>Whom an officer's answer is about: the device, where the order is for nothing else; a yes to one name is none to another, whosesoever the ticket is.</summary>
    public string Subject => Authorizations.All(IsDevice) && OneDevice is { } device ? PendingIssuance.SubjectOf(device.Id) : PendingIssuance.SubjectOf(Order);

    /// <summary>Reads everything that the judgement needs.</summary>
    /// <exception cref="ProblemException">The profile is no longer offered.</exception>
    public static IssuanceCase Read(AcmeContext context, ProfileCatalog profiles, OrderWithAuthorizations found, ReadOnlyMemory<byte> csr, Jwk accountKey, DateTimeOffset now)
    {
        var subject = Read(context, profiles.OfOrder(context, found.Order), found, csr, accountKey, now);
        return subject with { Causes = subject.FindCauses(context) };
    }

    /// <summary>The same as it stands now, in the transaction that would store the certificate.</summary>
    public IssuanceCase Again(AcmeContext context) => Read(context, Profile, context.FindOrder(Order.Id)!, Csr, AccountKey, Now) with { Causes = Causes, Pending = Pending };

    private static IssuanceCase Read(AcmeContext context, CertificateProfile profile, OrderWithAuthorizations found, ReadOnlyMemory<byte> csr, Jwk accountKey, DateTimeOffset now)
    {
        var tickets = context.TicketsOf(found);
        var subject = new IssuanceCase
        {
            Order = found.Order,
            Authorizations = found.Authorizations,
            Profile = profile,
            Tickets = tickets,
            Devices = found.Authorizations.Any(IsDevice)
                ? [.. found.Authorizations.Where(IsDevice).Select(authorization => context.MatchOf(profile, authorization))]
                : [.. tickets.Select(ticket => ticket.Device).OfType<DeviceId>().Distinct().Select(id => new LedgerMatch([context.Devices.Single(device => device.Id == id)]))],
            Csr = csr,
            AccountKey = accountKey,
            Now = now,
        };
        return subject with { Full = subject.FindFull(context) };
    }

    /// <summary>The same for a worker that goes on with what a client began and nobody has to agree to any more.</summary>
    public static IssuanceCase Read(AcmeContext context, ProfileCatalog profiles, PendingIssuance pending, DateTimeOffset now)
    {
        var found = context.FindOrder(pending.Order)!;
        var account = context.Accounts.Single(account => account.Id == pending.Account);
        return Read(context, profiles, found, pending.Csr, Jwk.Restore(account.Key), now) with { Causes = ApprovalCauses.None, Pending = pending };
    }

    /// <summary>The one device that all of them are; what the ledger says of it must not get into a certificate that names another one too.</summary>
    public Device? OneDevice => Devices.Select(match => match.Device?.Id).Distinct().Count() == 1 ? Devices[0].Device : null;

    /// <summary>The device that an order of other names than a device's is for; null where no ticket names one.</summary>
    public DeviceId? TicketDevice => Authorizations.Any(IsDevice) ? null : OneDevice?.Id;

    /// <summary>How the ledger is asked: whoever only observes has let the identifier through without proof, and then nothing says that the device must be known.</summary>
    public UnknownDevices UnknownDevices => Profile.Attestation.Mode == AttestationMode.Observe ? UnknownDevices.Register : Profile.Devices.Unknown;

    /// <summary>The device that evidence proved; its row is there however long the evidence itself is kept.</summary>
    public DeviceId? ProvenDevice => Authorizations.FirstOrDefault(authorization => authorization.AttestedKey is not null)?.Device;

    private ProblemException? FindFull(AcmeContext context)
    {
        try
        {
            context.RequireRoomForCertificate(Profile, Order.AccountId, ProvenDevice ?? TicketDevice, Now);
            return null;
        }
        catch (ProblemException full)
        {
            return full;
        }
    }

    private ApprovalCauses FindCauses(AcmeContext context) =>
        (Profile.Approval.Required && !context.IsApproved(Profile, Subject, Now) ? ApprovalCauses.Profile : ApprovalCauses.None)
        | (Devices.Any(match => Admission.AwaitsApproval(match, UnknownDevices)) ? ApprovalCauses.UnknownDevice : ApprovalCauses.None);

    // a URI is of the device that the ledger vouched for
    private static bool IsDevice(Authorization authorization) =>
        authorization.IdentifierType is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule || authorization is { IdentifierType: AcmeIdentifier.Uri, Device: not null };
}
