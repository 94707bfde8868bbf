using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Connectors;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.4: the CSR against the order and the evidence, then the certificate and the order's end in one commit.</summary>
internal static class FinalizeOrder
{
    private const string CertificateCheck = "certificate";
    private const string CertificateRule = "the profile's template can be filled from the order and the evidence";

    public static async Task<IResult> Handle(AcmeRequest request, string id, AcmeDb db, ProfileCatalog profiles, Issuers issuers, CancellationToken cancellation)
    {
        var wanted = FinalizeRequest.Parse(request.Payload());
        OrderWithAuthorizations found;
        CertificateProfile profile;
        IReadOnlyList<LedgerMatch> devices;
        await using (var context = db.Read())
        {
            found = GetOrder.Require(context, request, id);
            found.Order.RequireReady(found.Authorizations, request.Now);
            profile = profiles.OfOrder(context, found.Order);
            devices = [.. found.Authorizations.Where(IsDevice).Select(authorization => context.MatchOf(profile, authorization))];
        }

        var checks = new FinalizeChecks();
        if (Plan(request, found, profile, devices, wanted.Csr, checks) is not { } plan || await Sign(issuers.Require(plan.Issuer!), plan, checks, cancellation) is not { } issued)
        {
            await db.Commit(context => SaveRefused(context, request, id, profile, wanted.Csr, checks), CancellationToken.None);
            throw checks.Refusal!;
        }

        // not cancelled with the request: what was signed must be known to the store
        var saved = await db.Commit(context => Save(context, request, id, profile, wanted.Csr, checks, issued), CancellationToken.None);
        return Reply.Order(request, saved);
    }

    /// <summary>The plan of the certificate; null where a check failed.</summary>
    private static CertificatePlan? Plan(
        AcmeRequest request, OrderWithAuthorizations found, CertificateProfile profile, IReadOnlyList<LedgerMatch> devices, ReadOnlyMemory<byte> csr, FinalizeChecks checks)
    {
        var (order, authorizations) = found;
        foreach (var device in devices)
        {
            // whoever only observes has let the identifier through without proof: then nothing says that the device must be known
            var unknown = profile.Attestation.Mode == AttestationMode.Observe ? UnknownDevices.Register : profile.Devices.Unknown;
            checks.Run(Admission.Check, Admission.Rule, () => Admission.Require(device, unknown));
        }

        var checkedCsr = CsrRules.Check(
            csr,
            new CsrExpectation
            {
                Identifiers = order.Identifiers,
                Profile = profile,
                AccountKey = request.Key.Spki,
                AttestedKeys = authorizations.Where(authorization => authorization.AttestedKey is not null)
                    .ToDictionary(authorization => authorization.Identifier, authorization => new ReadOnlyMemory<byte>(authorization.AttestedKey)),
            },
            checks);
        if (checks.AnyFailed)
        {
            checks.NotReached(CertificateCheck, CertificateRule);
            return null;
        }

        CertificatePlan? plan = null;
        checks.Run(CertificateCheck, CertificateRule, () =>
        {
            plan = CertificatePlanner.Plan(new CertificateInputs
            {
                Profile = profile,
                Identifiers = order.Identifiers,
                Facts = Facts(authorizations).With(OneDevice(devices)),
                Unproven = authorizations.Any(authorization => authorization is { EvidenceId: not null, AttestedKey: null }),
                ResidencyUnproven = authorizations.Any(authorization => authorization is { AttestedKey: not null, Facts: { } facts } && !KeyProtection.IsProven(VerdictJson.ReadFacts(facts))),
                Request = checkedCsr!,
                NotBefore = order.NotBefore,
                NotAfter = order.NotAfter,
                Now = request.Now,
            });
            return $"valid from {Rfc3339.Format(plan.NotBefore)} to {Rfc3339.Format(plan.NotAfter)}";
        });
        return plan;
    }

    /// <summary>The certificate; null where the CA refuses it.</summary>
    private static async Task<IssuedCertificate?> Sign(ICertificateAuthority issuer, CertificatePlan plan, FinalizeChecks checks, CancellationToken cancellation)
    {
        try
        {
            return await issuer.Issue(plan, cancellation);
        }
        catch (ProblemException refusal)
        {
            // it is stored with the other checks before it is thrown again
            checks.Fail("issuance", "the issuing CA can sign it", refusal);
            return null;
        }
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

    private static void SaveRefused(AcmeContext context, AcmeRequest request, string id, CertificateProfile profile, ReadOnlyMemory<byte> csr, FinalizeChecks checks)
    {
        var (order, _) = GetOrder.Require(context, request, id);
        context.KeepRefused(profile, Evidence(request, order, profile, csr, checks, null));
    }

    private static StoredEvidence Evidence(AcmeRequest request, Order order, CertificateProfile profile, ReadOnlyMemory<byte> csr, FinalizeChecks checks, DeviceId? device)
    {
        var verdict = checks.Verdict;
        return new StoredEvidence
        {
            Id = new EvidenceId(Secrets.Id()),
            Kind = EvidenceKinds.Finalize,
            At = request.Now,
            Accepted = !checks.AnyFailed,
            Reason = verdict.Reason?.Code,
            Format = verdict.Format,
            Profile = profile.Name,
            ProfileHash = profile.Hash,
            IdentifierType = order.Identifiers is [var only] ? only.Type : null,
            IdentifierValue = order.Identifiers is [var same] ? same.Value : null,
            Account = order.AccountId,
            Order = order.Id,
            Device = device,
            Thumbprint = request.Key.Thumbprint,
            Verdict = Encoding.UTF8.GetString(VerdictJson.Write(verdict)),
            Statement = csr.ToArray(),
        };
    }

    private static OrderWithAuthorizations Save(
        AcmeContext context, AcmeRequest request, string id, CertificateProfile profile, ReadOnlyMemory<byte> csr, FinalizeChecks checks, IssuedCertificate issued)
    {
        var (order, authorizations) = GetOrder.Require(context, request, id);
        var certificate = new CertificateId(Secrets.Id());
        context.Record(order.Complete(certificate, authorizations, request.Now));
        var device = DeviceOf(authorizations);
        context.Keep(profile, Evidence(request, order, profile, csr, checks, device));
        context.Certificates.Add(new StoredCertificate
        {
            Id = certificate,
            Order = order.Id,
            Account = order.AccountId,
            Device = device,
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
    private static DeviceId? DeviceOf(IReadOnlyList<Authorization> authorizations) =>
        authorizations.FirstOrDefault(authorization => authorization.AttestedKey is not null)?.Device;

    // what the ledger says of one device must not get into a certificate that names another one too
    private static Device? OneDevice(IReadOnlyList<LedgerMatch> devices) =>
        devices.Select(match => match.Device?.Id).Distinct().Count() == 1 ? devices[0].Device : null;

    private static bool IsDevice(Authorization authorization) => authorization.IdentifierType is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule;

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
