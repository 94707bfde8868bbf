using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Issuance;

/// <summary>What an issuance leaves in the store, each in one commit: the verdict, the certificate, the order's end.</summary>
internal static class IssuanceRecords
{
    /// <summary>A refused finalize leaves the order as it is; its checks are kept.</summary>
    public static void SaveRefused(this AcmeContext context, IssuanceCase subject, IssuanceOutcome.Refused refused) =>
        context.KeepRefused(subject.Profile, Evidence(subject, refused.Checks, null));

    /// <summary>The certificate and the order's end. The order is read anew: what happened since it was judged counts.</summary>
    /// <exception cref="Protocol.Acme.ProblemException">The order is no longer ready.</exception>
    public static OrderWithAuthorizations SaveIssued(this AcmeContext context, IssuanceCase subject, IssuanceOutcome.Issued issued)
    {
        var found = context.FindOrder(subject.Order.Id)!;
        var (order, authorizations) = found;
        var certificate = new CertificateId(Secrets.Id());
        context.Record(order.Complete(certificate, authorizations, subject.Now));
        var device = DeviceOf(authorizations);
        context.Keep(subject.Profile, Evidence(subject, issued.Checks, device));
        var signed = issued.Certificate;
        context.Certificates.Add(new StoredCertificate
        {
            Id = certificate,
            Order = order.Id,
            Account = order.AccountId,
            Device = device,
            Profile = subject.Profile.Name,
            Serial = signed.Serial,
            IssuerKeyId = signed.IssuerKeyId,
            Certificate = signed.Certificate.ToArray(),
            Chains = signed.Chains.Select(chain => StoreChain(context, chain)).ToList(),
            NotBefore = signed.NotBefore,
            NotAfter = signed.NotAfter,
            CreatedAt = subject.Now,
        });
        return found;
    }

    private static StoredEvidence Evidence(IssuanceCase subject, FinalizeChecks checks, DeviceId? device)
    {
        var verdict = checks.Verdict;
        var order = subject.Order;
        return new StoredEvidence
        {
            Id = new EvidenceId(Secrets.Id()),
            Kind = EvidenceKinds.Finalize,
            At = subject.Now,
            Accepted = !checks.AnyFailed,
            Reason = verdict.Reason?.Code,
            Format = verdict.Format,
            Profile = subject.Profile.Name,
            ProfileHash = subject.Profile.Hash,
            IdentifierType = order.Identifiers is [var only] ? only.Type : null,
            IdentifierValue = order.Identifiers is [var same] ? same.Value : null,
            Account = order.AccountId,
            Order = order.Id,
            Device = device,
            Thumbprint = subject.AccountKey.Thumbprint,
            Verdict = Encoding.UTF8.GetString(VerdictJson.Write(verdict)),
            Statement = subject.Csr.ToArray(),
        };
    }

    /// <summary>The device that the evidence proved; its row is there however long the evidence itself is kept.</summary>
    private static DeviceId? DeviceOf(IReadOnlyList<Authorization> authorizations) =>
        authorizations.FirstOrDefault(authorization => authorization.AttestedKey is not null)?.Device;

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
