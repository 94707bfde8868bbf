using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Connectors;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.4: the CSR against the order and the evidence, then the certificate and the order's end in one commit.</summary>
internal static class FinalizeOrder
{
    public static async Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db, ProfileCatalog profiles, Issuers issuers, CancellationToken cancellation)
    {
        var wanted = FinalizeRequest.Parse(request.Payload());
        OrderWithAuthorizations found;
        CertificateProfile profile;
        await using (var context = db.Read())
        {
            found = GetOrder.Require(context, request, id);
            found.Order.RequireReady(found.Authorizations, request.Now);
            profile = profiles.OfOrder(context, found.Order);
        }

        var plan = Plan(request, found, profile, wanted.Csr);
        var issued = await issuers.Require(profile.Issuer).Issue(plan, cancellation);

        // not cancelled with the request: what was signed must be known to the store
        var saved = await db.Commit(context => Save(context, request, id, profile, issued), CancellationToken.None);
        return Reply.Order(request, saved);
    }

    private static CertificatePlan Plan(AcmeRequest request, OrderWithAuthorizations found, CertificateProfile profile, ReadOnlyMemory<byte> csr)
    {
        var (order, authorizations) = found;
        var checkedCsr = CsrRules.Check(csr, new CsrExpectation
        {
            Identifiers = order.Identifiers,
            Profile = profile,
            AccountKey = request.Key.Spki,
            AttestedKeys = authorizations.Where(authorization => authorization.AttestedKey is not null)
                .ToDictionary(authorization => authorization.Identifier, authorization => new ReadOnlyMemory<byte>(authorization.AttestedKey)),
        });
        return CertificatePlanner.Plan(new CertificateInputs
        {
            Profile = profile,
            Identifiers = order.Identifiers,
            Facts = Facts(authorizations),
            Unproven = authorizations.Any(authorization => authorization is { EvidenceId: not null, AttestedKey: null }),
            ResidencyUnproven = authorizations.Any(authorization => authorization is { AttestedKey: not null, Facts: { } facts } && !KeyProtection.IsProven(VerdictJson.ReadFacts(facts))),
            Request = checkedCsr,
            NotBefore = order.NotBefore,
            NotAfter = order.NotAfter,
            Now = request.Now,
        });
    }

    /// <summary>What the evidence of all authorizations proves together; two that contradict each other prove nothing.</summary>
    private static FactSet Facts(IReadOnlyList<Authorization> authorizations)
    {
        var facts = new Dictionary<string, Fact>(StringComparer.Ordinal);
        foreach (var fact in authorizations.Where(authorization => authorization.Facts is not null).SelectMany(authorization => VerdictJson.ReadFacts(authorization.Facts!).All))
        {
            if (!facts.TryAdd(fact.Name, fact) && facts[fact.Name].Value.ToString() != fact.Value.ToString())
            {
                throw Problems.Unauthorized("facts-contradict", $"identifiers: the evidence of two of them disagrees on {fact.Name}; order them separately");
            }
        }

        return new FactSet(facts.Values);
    }

    private static OrderWithAuthorizations Save(AcmeContext context, AcmeRequest request, string id, CertificateProfile profile, IssuedCertificate issued)
    {
        var (order, authorizations) = GetOrder.Require(context, request, id);
        var certificate = new CertificateId(Secrets.Id());
        context.Record(order.Complete(certificate, authorizations, request.Now));
        context.Certificates.Add(new StoredCertificate
        {
            Id = certificate,
            Order = order.Id,
            Account = order.AccountId,
            Device = DeviceOf(context, authorizations),
            Profile = profile.Name,
            Serial = issued.Serial,
            IssuerKeyId = issued.IssuerKeyId,
            Certificate = issued.Certificate.ToArray(),
            Chains = issued.Chains.Select(chain => StoreChain(context, chain)).ToList(),
            NotBefore = issued.NotBefore,
            NotAfter = issued.NotAfter,
            CreatedAt = request.Now,
        });
        return new OrderWithAuthorizations(order, authorizations);
    }

    /// <summary>The device that the evidence proved; its row is there however long the evidence itself is kept.</summary>
    private static DeviceId? DeviceOf(AcmeContext context, IReadOnlyList<Authorization> authorizations) =>
        authorizations.FirstOrDefault(authorization => authorization.AttestedKey is not null) is { } proven
            ? context.Devices.FirstOrDefault(device => device.IdentifierType == proven.IdentifierType && device.IdentifierValue == proven.IdentifierValue)?.Id
            : null;

    private static string StoreChain(AcmeContext context, IReadOnlyList<ReadOnlyMemory<byte>> chain)
    {
        var bytes = chain.SelectMany(certificate => certificate.ToArray()).ToArray();
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (context.Chains.Find(hash) is null)
        {
            context.Chains.Add(new StoredChain { Hash = hash, Certificates = bytes });
        }

        return hash;
    }
}
