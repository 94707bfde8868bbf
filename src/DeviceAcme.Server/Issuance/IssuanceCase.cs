using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
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

    /// <summary>What the ledger has for each device identifier.</summary>
    public required IReadOnlyList<LedgerMatch> Devices { get; init; }

    /// <summary>PKCS#10 as the client sent it.</summary>
    public required ReadOnlyMemory<byte> Csr { get; init; }

    /// <summary>The key of the account that ordered.</summary>
    public required Jwk AccountKey { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>Reads everything that the judgement needs.</summary>
    /// <exception cref="ProblemException">The profile is no longer offered.</exception>
    public static IssuanceCase Read(AcmeContext context, ProfileCatalog profiles, OrderWithAuthorizations found, ReadOnlyMemory<byte> csr, Jwk accountKey, DateTimeOffset now)
    {
        var profile = profiles.OfOrder(context, found.Order);
        return new IssuanceCase
        {
            Order = found.Order,
            Authorizations = found.Authorizations,
            Profile = profile,
            Devices = [.. found.Authorizations.Where(IsDevice).Select(authorization => context.MatchOf(profile, authorization))],
            Csr = csr,
            AccountKey = accountKey,
            Now = now,
        };
    }

    /// <summary>The one device that all of them are; what the ledger says of it must not get into a certificate that names another one too.</summary>
    public Device? OneDevice => Devices.Select(match => match.Device?.Id).Distinct().Count() == 1 ? Devices[0].Device : null;

    private static bool IsDevice(Authorization authorization) => authorization.IdentifierType is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule;
}
