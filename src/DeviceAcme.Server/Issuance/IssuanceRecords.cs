using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Issuance;

/// <summary>What an issuance leaves in the store, each in one commit: the verdict, the certificate, the order's end.</summary>
internal static class IssuanceRecords
{
    /// <summary>The outcome as it counts now that it is stored: what was said of the devices while it was signed, and what they got meanwhile, decides.</summary>
    public static IssuanceOutcome Confirm(this AcmeContext context, IssuanceCase subject, IssuanceOutcome outcome)
    {
        if (outcome is not IssuanceOutcome.Issued issued)
        {
            return outcome;
        }

        var confirmed = CertificateIssuance.Confirm(subject.Again(context), issued);
        if (confirmed is IssuanceOutcome.Refused { Checks.Refusal.Problem: var problem })
        {
            context.Record(new AuditEvent
            {
                At = subject.Now,
                Kind = "certificate.discarded",
                Profile = subject.Profile.Name,
                Account = subject.Order.AccountId,
                Order = subject.Order.Id,
                Device = DeviceOf(subject.Authorizations),
                Reason = problem.Reason,
                Detail = $"signed with serial {issued.Certificate.Serial}, and not stored: {problem.Detail}",
            });
        }

        return confirmed;
    }

    /// <summary>A refused finalize leaves the order as it is; its checks are kept. A processing order ends by it (RFC 8555 §7.1.6).</summary>
    /// <returns>Whether an event says it, too.</returns>
    public static bool SaveRefused(this AcmeContext context, IssuanceCase subject, IssuanceOutcome.Refused refused)
    {
        if (subject.Pending is null)
        {
            return context.KeepRefused(subject.Profile, Evidence(subject, refused.Checks, null));
        }

        var (order, _) = context.FindOrder(subject.Order.Id)!;
        if (order.Status == OrderStatus.Processing)
        {
            context.Keep(subject.Profile, Evidence(subject, refused.Checks, null));
            context.FailOrder(order, refused.Checks.Refusal!.Problem, subject.Now);
        }

        return true;
    }

    /// <summary>The order waits for an officer, with everything that is needed to end it. An earlier order of the same device waits no more.</summary>
    /// <exception cref="ProblemException">The order is no longer ready.</exception>
    public static OrderWithAuthorizations SaveWaiting(this AcmeContext context, IssuanceCase subject, IssuanceOutcome.NeedsApproval needed)
    {
        var found = context.FindOrder(subject.Order.Id)!;
        var patience = subject.Profile.Approval.Expires;
        foreach (var earlier in context.WaitingOf(subject.Profile, subject.Subject))
        {
            context.FailOrder(context.Orders.Single(order => order.Id == earlier.Order), Superseded(found.Order.Id), subject.Now);
        }

        context.Record(found.Order.Process(found.Authorizations, subject.Now + patience, PendingIssuance.Say(needed.Causes), subject.Now));
        context.PendingIssuances.Add(PendingIssuance.Create(found.Order, subject.Subject, subject.OneDevice?.Id, needed.Causes, subject.Csr, patience, subject.Now));
        context.Keep(subject.Profile, Evidence(subject, needed.Checks, DeviceOf(found.Authorizations)));
        return found;
    }

    /// <summary>The certificate and the order's end. The order is read anew: what happened since it was judged counts.</summary>
    /// <exception cref="ProblemException">The order is no longer ready.</exception>
    public static OrderWithAuthorizations SaveIssued(this AcmeContext context, IssuanceCase subject, IssuanceOutcome.Issued issued)
    {
        var found = context.FindOrder(subject.Order.Id)!;
        var (order, authorizations) = found;
        var certificate = new CertificateId(Secrets.Id(subject.Now));
#if PLANTED_DEFECTS
        if (Planted.Overlooks("order-not-ready-valid"))
        {
            // the store itself knows one certificate for an order
            context.RemoveAtOnce(context.Certificates.Where(earlier => earlier.Order == order.Id));
        }
#endif
        context.Record(order.Complete(certificate, authorizations, subject.Now));
        if (subject.Pending is not null)
        {
            context.PendingIssuances.Single(pending => pending.Order == order.Id).Close();
        }

        var device = DeviceOf(authorizations) ?? subject.TicketDevice;
        context.Keep(subject.Profile, Evidence(subject, issued.Checks, device));
        var signed = issued.Certificate;
        context.Insert(new StoredCertificate
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

    private static Problem Superseded(OrderId newer) => Problems.Unauthorized(
        ApprovalReasons.Superseded.Code, $"the order waited for an officer, and then the same device ordered again ({newer}); the officer is asked about its newest order").Problem;

    private static StoredEvidence Evidence(IssuanceCase subject, FinalizeChecks checks, DeviceId? device)
    {
        var verdict = checks.Verdict;
        var order = subject.Order;
        return new StoredEvidence
        {
            Id = new EvidenceId(Secrets.Id(subject.Now)),
            Kind = subject.Pending is null ? EvidenceKinds.Finalize : EvidenceKinds.Issuance,
            At = subject.Now,
            Accepted = !checks.AnyFailed,
            Reason = verdict.Reason?.Code,
            Format = verdict.Format,
            Profile = subject.Profile.Name,
            ProfileHash = subject.Profile.Hash,
            IdentifierType = order.Identifiers is [var only] ? only.Type : null,
            IdentifierValue = order.Identifiers is [var same] ? TicketCode.Redact(same.Value) : null,
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
        if (!context.Chains.Local.Any(stored => stored.Hash == hash) && !context.HasStored(hash, context.Hot.HasChain))
        {
            context.Chains.Add(new StoredChain { Hash = hash, Certificates = bytes });
        }

        return hash;
    }
}
